#!/bin/bash
# TCP arrives whole although the wire loses datagrams: 2 % at each of four places, by nftables.
# labels: road
. "$(dirname "$0")/lib.sh"
world
pair
start left
start right
at left nft -f "$SOURCE/tests/e2e/loss.nft" || fail "nft"
at right nft -f "$SOURCE/tests/e2e/loss.nft" || fail "nft"
await 20 "a session" pings left 10.7.0.2 -W1
tcp left right 10.7.0.2 20000000
ok "20 MB over a lossy wire: $(cat tcp.log)"
tcp right left fd07::1 20000000
ok "20 MB back, IPv6 inside: $(cat tcp.log)"
[ "$(lost left)" -gt 0 ] && [ "$(lost right)" -gt 0 ] || fail "nothing was lost"
ok "lost on the way: $(lost left) and $(lost right)"
