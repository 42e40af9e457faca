#!/bin/bash
# SPDX-License-Identifier: MIT
# Data passes where large datagrams vanish and no ICMP error comes back, IMPLEMENTATION-FAMILY: the
# peer, and IPv4 or IPv6 outside. 10 MB of TCP each way, IPv4 and IPv6 inside, on paths of every
# size; and a stream under which the path shrinks.
# labels: long datapath
# timeout: 300
# cases: xtunnel-4 xtunnel-6 go-4 go-6 boringtun-4 boringtun-6 gotatun-4 gotatun-6 debian-4 debian-6
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/path_mtu.sh"

begin right "$peer"
for size in 1500 1492 1400 1300 1280; do
	path_new $size
	for to in 10.7.0.2 fd07::2; do
		start_ms=$(now_ms)
		tcp left right $to 10000000
		tcp right left ${to%2}1 10000000
		ok "path $size: 10 MB each way, $to, $(($(now_ms) - start_ms)) ms"
	done
	path_is "$(passes $size)" || fail "path $size: $(path)"
done

# The speed with the MTU that was found, and with the same one set by hand: printed, not judged.
cp left.conf found.conf
for how in found set; do
	[ $how = found ] || sed -i "/^ListenPort/a MTU = $(passes 1400)" left.conf
	path_new 1400
	[ $how = set ] || await 10 "the path's MTU" path_is "$(passes 1400)"
	for way in "left right 10.7.0.2" "right left 10.7.0.1"; do
		start_ms=$(now_ms)
		# shellcheck disable=SC2086
		tcp $way 100000000
		ok "path 1400, MTU $how: 100 MB from ${way%% *}, $(($(now_ms) - start_ms)) ms"
	done
done
mv found.conf left.conf

# A stream whose path shrinks: how long nothing arrives at the peer.
hole 1500
restart
await 10 "an open path" path_is 1420
serve right tcp-serve 20001
ip netns exec left "$PYTHON" "$SOURCE/scripts/flow.py" tcp-send 10.7.0.2 20001 4000000000 >stream.log 2>&1 &
STREAM=$!
arrived() { at left ss -tinH dst 10.7.0.2 | sed -n 's/.*bytes_acked:\([0-9]*\).*/\1/p'; }
far() { [ "$(arrived)" -gt 4000000 ]; }
await 20 "a stream" far
hole 1400
longest=0 last=$(arrived) since=$(now_ms) end=$(($(now_ms) + 8000))
while [ "$(now_ms)" -lt $end ]; do
	now=$(arrived)
	gap=$(($(now_ms) - since))
	[ $gap -le $longest ] || longest=$gap
	[ "$now" = "$last" ] || { last=$now since=$(now_ms); }
done
kill $STREAM $SERVER
wait $STREAM $SERVER 2>/dev/null
path_is "$(passes 1400)" || fail "a path that shrinks: $(path)"
[ $longest -lt 6000 ] || fail "a stall of $longest ms"
ok "a path that shrinks: nothing arrived for $longest ms"
