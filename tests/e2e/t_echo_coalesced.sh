#!/bin/bash
# SPDX-License-Identifier: MIT
# Echo = peer answers requests that the kernel coalesced, also when the replies are padded further
# than the requests were: the MTU of left is 1420, that of right 9000.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
sed -i '/^ListenPort/a MTU = 1420' left.conf
sed -i '/^ListenPort/a MTU = 9000\nEcho = peer' right.conf
instances_start
both_families left 2
flood() { # flood ADDR SIZE: 2,000 requests, up to 60 at once; 1 % may be lost in queues
	local got
	at left ping -n -q -f -l 60 -c 2000 -W3 -s "$2" "$1" >ping.log 2>&1
	got=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' ping.log)
	[ "${got:-0}" -ge 1980 ] || fail "$2 bytes to $1: ${got:-0} of 2000: $(cat ping.log)"
}
for size in 1392 1381 56; do
	flood 10.7.0.2 $size
done
flood fd07::2 1372
ok "floods of requests are answered"
for label in drop_auth drop_message drop_index drop_replay; do
	[ "$(verdict left left $label)" = 0 ] || fail "$label: $(at left "$XT_BIN" show left)"
done
ok "no datagram is damaged"
instances_stop
