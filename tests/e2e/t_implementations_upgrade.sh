#!/bin/bash
# SPDX-License-Identifier: MIT
# Upgrades in a row with wireguard-go as the peer: 50 during 500 pings at 10 ms, and 50 during a TCP
# stream, which fills its socket buffer: datagrams are lost there without an upgrade too.
# labels: implementations
# timeout: 240
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/implementations.sh"
implementation_find debian
tunnel_prepare
start left
start_other debian right
both_families left 2
first=$(at left wg show left latest-handshakes)
upgrades() {
	local before
	for _ in $(seq 50); do
		before=${PID[left]}
		at left "$XT_BIN" upgrade left >out 2>&1 || fail "upgrade: exit $?: $(cat out)"
		await 10 "the process before ends" gone "$before"
		PID[left]=$(json left left .pid)
	done
	[ "$(at left wg show left latest-handshakes)" = "$first" ] || fail "a handshake took place"
}

at left ping -n -D -i 0.01 -c 500 -W 5 10.7.0.2 >stream.log 2>&1 &
stream=$!
upgrades
wait $stream
has " 500 received, 0% packet loss" stream.log || fail "pings: $(tail -n 3 stream.log)"
gap=$(awk -F'[][]' '/bytes from/ { if (last && $2 - last > max) max = $2 - last; last = $2 }
	END { printf "%d", max * 1000 }' stream.log)
ok "50 upgrades: 500 of 500 pings, longest gap $gap ms, no handshake"
serve right tcp-serve 7000
ip netns exec left "$PYTHON" "$SOURCE/scripts/flow.py" tcp-send 10.7.0.2 7000 $((400 << 20)) >tcp.log 2>&1 &
tcp=$!
upgrades
wait $tcp || fail "TCP: $(tail -n 3 tcp.log)"
wait "$SERVER" || fail "TCP: $(tail -n 3 serve.log)"
ok "50 upgrades: 400 MiB of TCP arrive, no handshake"
stop left
stop_other right
