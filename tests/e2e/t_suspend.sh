#!/bin/bash
# SPDX-License-Identifier: MIT
# The host of left is suspended for a day: the instance notices by itself and calls its peer, so
# that right reaches it before left has sent a packet. Then the clock is set years forth and back,
# also across a restart: handshakes go on.
# labels: datapath
. "$(dirname "$0")/lib.sh"
DAY=86400 YEARS=315360000
tunnel_prepare
sed -i '/^Endpoint/d' right.conf # right knows only where left was heard
clocks_prepare left right
clock_start right
clock_start left
both_families left 2

handshakes() { json "$1" "$1" '.counters.taken_handshake'; }
slept=0 awake=0
clocks_move() {
	clock_move right $((slept + awake)) $((slept + awake)) $((slept + awake))
	clock_move left $awake $((slept + awake)) $((slept + awake))
}
# idle: time passes until no timer of either side is armed but that of the keys
idle() {
	for _ in 1 2 3; do
		awake=$((awake + 12))
		clocks_move
		json left left .pid >pid.log
		json right right .pid >pid.log
	done
}
# asleep SECONDS WHAT: left is suspended, right is not
asleep() {
	local before from
	idle
	before=$(handshakes left)
	kill -STOP $(processes left)
	slept=$((slept + $1))
	clocks_move
	kill -CONT $(processes left)
	from=$(now_ms)
	clock_jumped left
	await 5 "the handshake after the suspend" eval "[ \$(handshakes left) -gt $before ]"
	echo "$(($(now_ms) - from)) ms to the handshake"
	pings right 10.7.0.1 || fail "right does not reach left after a suspend of $2"
}
asleep 60 "a minute"
ok "after a minute left calls by itself, and right reaches it"
asleep $DAY "a day"
ok "after a day as well"

# aged: the sessions of both are too old
at=$((slept + awake)) wall=$((slept + awake))
aged() {
	at=$((at + 200))
	clock_move right $at $at $wall_right
	clock_move left $((at - slept)) $at $wall
}
wall_right=$wall
for years in $YEARS -$YEARS $YEARS; do
	wall=$((wall + years * 2))
	aged
	from=$(now_ms)
	pings left 10.7.0.2 -W1 || fail "no handshake with the clock moved by $wall s: $(verdict right right drop_handshake_old) refused"
	echo "$(($(now_ms) - from)) ms"
done
ok "the clock of left is set years forth and back"
wall_right=$((wall_right - YEARS))
aged
pings left 10.7.0.2 -W1 || fail "no handshake after the clock of right was set back"
ok "the clock of right is set back"

wall=$((DAY - YEARS))
stop left
aged
clock_start left
pings left 10.7.0.2 -W1 || fail "no handshake with the clock set back across a restart"
ok "the clock of left is set back across a restart"
crash left
ip -n left link del left 2>/dev/null
wall=$((DAY - 2 * YEARS))
aged
clock_start left
pings left 10.7.0.2 -W1 || fail "no handshake with the clock set back across a crash"
ok "the clock of left is set back across a crash"
crash_tunnel left
at left ip link show left >/dev/null 2>&1 && fail "a killed tunnel process leaves the interface"
wall=$((DAY - 3 * YEARS))
aged
clock_start left
pings left 10.7.0.2 -W1 || fail "no handshake with the clock set back, once the tunnel process was killed"
ok "the clock of left is set back across a crash of the tunnel process alone"
instances_stop
