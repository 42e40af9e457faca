#!/bin/bash
# TCP arrives whole although the wire loses datagrams: 1 % each way on both sides, by nftables.
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
