#!/bin/bash
# SPDX-License-Identifier: MIT
# 50 upgrades in a row, in confined and in single processes, while packets flow: none is lost, and
# no handshake takes place. What was there before is there after it.
# timeout: 240
. "$(dirname "$0")/lib.sh"
tunnel_prepare "" "" "PostUp = echo up >>$T/hooks
PostDown = echo down >>$T/hooks"
: >hooks
start left
start right
both_families left 2

# upgrade NAME [VARIABLE…]: PID of the new monitor
upgrade() {
	local name=$1 before=${PID[$1]}
	at "$name" env "${@:2}" "$XT_BIN" upgrade "$name" >out 2>&1 || fail "upgrade: exit $?: $(cat out)"
	await 10 "the process before ends" gone "$before"
	PID[$name]=$(json "$name" "$name" .pid)
	[ "${PID[$name]}" != "$before" ] || fail "the same process has it"
}
handshakes() { at left wg show left latest-handshakes; }

# --- packets
first=$(handshakes)
since=$(json left left '.uptime_s // .uptime')
at left ping -n -D -i 0.01 -c 500 -W 5 10.7.0.2 >stream.log 2>&1 &
stream=$!
serve right tcp-serve 7000
ip netns exec left "$PYTHON" "$SOURCE/scripts/flow.py" tcp-send 10.7.0.2 7000 $((200 << 20)) >tcp.log 2>&1 &
tcp=$!
for i in $(seq 50); do
	case $((i % 10)) in
	4) upgrade left XT_SANDBOX=off ;;
	*) upgrade left ;;
	esac
done
wait $tcp || fail "TCP: $(tail -n 3 tcp.log)"
wait $SERVER || fail "TCP: $(tail -n 3 serve.log)"
wait $stream
has " 500 received, 0% packet loss" stream.log || fail "pings: $(tail -n 3 stream.log)"
gap=$(awk -F'[][]' '/bytes from/ { if (last && $2 - last > max) max = $2 - last; last = $2 }
	END { printf "%d", max * 1000 }' stream.log)
[ "$(handshakes)" = "$first" ] || fail "a handshake: $first, $(handshakes)"
ok "50 upgrades: 500 of 500 pings, longest gap $gap ms; 200 MiB of TCP; no handshake"
has down hooks && fail "a hook of the way down has run"
[ "$(grep -c up hooks)" = 2 ] || fail "a hook of the way up has run again: $(cat hooks)"
[ "$(json left left '.uptime_s // .uptime')" -ge "$since" ] || fail "the uptime begins again"
ok "no hook runs, and the time since the start goes on"

# --- one after the other, and during a reload
for _ in $(seq 10); do
	at left "$XT_BIN" upgrade left >out 2>&1 || fail "an upgrade after an upgrade: $(cat out)"
done
PID[left]=$(json left left .pid)
for _ in $(seq 10); do
	at left "$XT_BIN" reload left >reload.out 2>&1 &
	reload=$!
	at left "$XT_BIN" upgrade left >out 2>&1 || fail "an upgrade during a reload: $(cat out)"
	wait $reload # it may have met the process before
done
PID[left]=$(json left left .pid)
kill -STOP "${PID[left]}" # the monitor, which both need
at left "$XT_BIN" upgrade left >out 2>&1 &
upgrade=$!
sleep 0.5
at left "$XT_BIN" reload left >reload.out 2>&1 &
reload=$!
sleep 0.5
kill -CONT "${PID[left]}"
wait $upgrade || fail "an upgrade before a reload: $(cat out)"
wait $reload # the process before may end first
PID[left]=$(json left left .pid)
both_families left 2
[ "$(handshakes)" = "$first" ] || fail "a handshake: $first, $(handshakes)"
ok "upgrades wait for a reload, and follow each other"

# --- what the new one does
both_families left 2
wg set left peer "$(wg genkey | wg pubkey)" allowed-ips 10.99.0.0/24 2>/dev/null ||
	at left wg set left peer "$(wg genkey | wg pubkey)" allowed-ips 10.99.0.0/24 || fail "wg set"
await 5 "its route" eval "ip -n left route show dev left | grep -q 10.99.0.0/24"
upgrade left
ip -n left route show dev left | grep -q 10.99.0.0/24 || fail "the route of a peer that wg(8) has set"
[ "$(at left wg show left peers | wc -l)" = 2 ] || fail "a peer that wg(8) has set is lost"
ok "wg set before and after"
at left "$XT_BIN" reload left >out 2>&1 || fail "reload: $(cat out)"
[ "$(at left wg show left peers | wc -l)" = 1 ] || fail "reload"
sed -i 's/^ListenPort.*/ListenPort = 51811/' left.conf
at left "$XT_BIN" reload left >out 2>&1 || fail "reload: $(cat out)"
upgrade left # the port before is still read
at left wg show left listen-port | grep -q 51811 || fail "the port"
both_families right 1
ok "reload before and after, with a port that peers follow to"
ip -n left link set left down
ip -n left link set left up
await 5 "addresses again" eval "ip -n left -6 addr show dev left | grep -q fd07::1/64"
both_families left 2
ok "an interface that was down gets its addresses back"
rm /run/xtunnel/left.sock
await 10 "the control socket again" test -S /run/xtunnel/left.sock
await 5 "an answer" at left "$XT_BIN" show left
ok "a control socket that was removed is made again"
at left "$XT_BIN" log left debug >/dev/null
upgrade left
at left "$XT_BIN" log left | grep -q debug || fail "the level of the log"
at left "$XT_BIN" save left >out 2>&1 || fail "save: $(cat out)"
stop left
for what in "ip -n left link show left" "ls /run/xtunnel/left.sock" "ls /run/wireguard/left.sock" \
	"ls /run/xtunnel/left.next"; do
	$what >/dev/null 2>&1 && fail "down leaves: $what"
done
[ "$(grep -c down hooks)" = 1 ] || fail "PostDown: $(cat hooks)"
ok "the way down takes all back, with hooks"
stop right
