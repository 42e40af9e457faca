#!/bin/bash
# SPDX-License-Identifier: MIT
# TCP arrives complete although the wire loses datagrams: 2 % at each of four places, by nftables.
# XT_LOSS_BYTES: how much goes from left to right.
# labels: datapath
. "$(dirname "$0")/lib.sh"
tunnel_prepare
instances_start
for side in left right; do
	at $side nft -f "$SOURCE/tests/e2e/loss.nft" || fail "nft"
done
await 20 "a session" pings left 10.7.0.2 -W1
bytes=${XT_LOSS_BYTES:-20000000}
[ -z "$XT_SANITIZE" ] || [ "$bytes" -lt 50000000 ] || bytes=50000000
tcp left right 10.7.0.2 "$bytes"
ok "$bytes bytes over a lossy wire: $(cat tcp.log)"
tcp right left fd07::1 20000000
ok "20 MB back, IPv6 inside: $(cat tcp.log)"
[ "$(lost left)" -gt 0 ] && [ "$(lost right)" -gt 0 ] || fail "nothing was lost"
ok "lost on the way: $(lost left) and $(lost right)"
