#!/bin/bash
# SPDX-License-Identifier: MIT
# Every datagram size from 0 to 65,507.
# labels: long
# timeout: 900
. "$(dirname "$0")/lib.sh"
tunnel_start
serve right udp-serve 5002
step=1
[ -z "$XT_SANITIZE" ] || step=7
for to in 10.7.0.2 fd07::2; do
	flow left udp-sizes $to 5002 0-65507:$step,65507 \
		>sizes.log 2>&1 || fail "UDP to $to: $(cat sizes.log)"
	ok "UDP to $to: $(cat sizes.log)"
done
