#!/bin/bash
# 1 GB of TCP under loss (50 MB under a sanitizer).
# labels: long
# timeout: 900
. "$(dirname "$0")/lib.sh"
world
pair
start left
start right
at left nft -f "$SOURCE/tests/e2e/loss.nft" || fail "nft"
at right nft -f "$SOURCE/tests/e2e/loss.nft" || fail "nft"
await 20 "a session" pings left 10.7.0.2 -W1
size=1000000000
[ -z "$XT_SANITIZE" ] || size=50000000
tcp left right 10.7.0.2 $size
ok "$size bytes over a lossy wire: $(cat tcp.log), lost: $(lost left) and $(lost right)"
