#!/bin/bash
# SPDX-License-Identifier: MIT
# Control work over all peers holds no packet back: each request runs while pings go every 2 ms, by
# the tunnel, or, where a request ends its session, to an address that the instance answers itself
# (Echo = host). Prints the table of docs/performance.md, "Control work".
#   XT_PEERS       how many (default 20,000)
#   XT_CONTROL_MS  the limit; on an idle host it is 10. Default: what a busy host allows, 100 ms and
#                  eight times what pings take without a request
#   XT_ROUNDS      how often each request runs at most (default 3)
# timeout: 300
PEERS=${XT_PEERS:-20000} LIMIT=${XT_CONTROL_MS:-1000} ROUNDS=${XT_ROUNDS:-3}
. "$(dirname "$0")/lib.sh"
hub() { "$PYTHON" "$SOURCE/tests/e2e/hub.py" "$@"; }
socket=/run/wireguard/left.sock
tunnel_prepare
keys_make other
sed -i 's/^ListenPort/Echo = host\nEchoRate = off\nListenPort/' left.conf
start right
start left
pings left 10.7.0.2 || fail "no answer"

# request WHAT PINGER CMD…: LONGEST, the longest ping of PINGER (tunnel, host) while CMD runs. The
# best of up to ROUNDS runs counts, since other programs of this host delay pings as well.
request() {
	local what=$1 best= longest round lost from=right to=10.7.0.1
	[ "$2" = tunnel ] || from=left to=10.7.0.77
	shift 2
	for ((round = 1; round <= ROUNDS; round++)); do
		ip netns exec $from ping -n -q -i 0.002 -W 5 $to >ping.log 2>&1 &
		local pinger=$! begun
		sleep 0.3
		begun=$(now_ms)
		"$@" >request.log 2>&1 || fail "$what: $(tail -n 3 request.log)"
		took=$(($(now_ms) - begun))
		sleep 0.1
		kill -INT $pinger
		wait $pinger
		longest=$(sed -n 's|^rtt.*= [0-9.]*/[0-9.]*/\([0-9.]*\)/.*|\1|p' ping.log)
		# As many as go out in the longest time may have been on their way.
		lost=$(awk -v ms="$longest" '/transmitted/ { print ($1 - $4 > ms / 2 + 1) }' ping.log)
		[ "$lost" = 0 ] || fail "$what: pings are lost: $(cat ping.log)"
		best=$(printf '%s\n' $longest $best | sort -g | head -n 1)
		[ "${best%.*}" -ge 10 ] || break
	done
	printf '| %-24s | %8s | %6s |\n' "$what" "$best" "$took"
	LONGEST=$best
	[ "${best%.*}" -lt "$LIMIT" ] || fail "$what holds a packet back for $best ms"
}
log_status() { # until all of it is in the log
	local peers
	peers=$(grep -c '^peer:' left.log)
	kill -USR1 "${PID[left]}"
	await 60 "the status in the log" logged $((peers + PEERS + 1))
}
logged() { [ "$(grep -c '^peer:' left.log)" -ge "$1" ]; }
change_key() {
	printf '%s\n' "$KEY_other" >other.key
	printf '%s\n' "$KEY_left" >left.key
	at left wg set left private-key other.key && at left wg set left private-key left.key
}

printf '| %-24s | %8s | %6s |\n' "$PEERS peers" "ping, ms" "it, ms"
printf '| %-24s | %8s | %6s |\n' --- --: --:
request "nothing" tunnel sleep 1
LIMIT=${XT_CONTROL_MS:-$((100 + 8 * ${LONGEST%.*}))}
ROUNDS=1 request "set, all peers new" tunnel hub add $socket "${PID[left]}" "$PEERS"
request "set, the same again" tunnel hub add $socket "${PID[left]}" "$PEERS"
request "set, replace_peers" host hub replace $socket "${PID[left]}" "$PEERS" "$PUB_right"
pings left 10.7.0.2 || fail "no session after replace_peers"
request "set, refused" tunnel hub refused $socket "${PID[left]}" "$PEERS"
request "get" tunnel hub count $socket "${PID[left]}" $((PEERS + 1))
request "wg show" tunnel at left wg show left dump
request "show" tunnel at left "$XT_BIN" show left
request "show --json" tunnel at left "$XT_BIN" show left --json
request "save" tunnel at left "$XT_BIN" save left
[ "$(grep -c '^PublicKey' left.conf)" = $((PEERS + 1)) ] || fail "save wrote too few peers"
request "ping KEY" tunnel at left "$XT_BIN" ping left "${PUB_right:0:12}" -c 1
request "set, private key" host change_key
pings left 10.7.0.2 || fail "no session under the first key"
request "status to the log" tunnel log_status
ROUNDS=1 request "set, to one peer" host hub one $socket "${PID[left]}" "$PUB_right"
[ "$(at left wg show left peers | wc -l)" = 1 ] || fail "not one peer"
pings left 10.7.0.2 || fail "no answer at the end"
instances_stop
ok "$PEERS peers: no request holds a packet back for $LIMIT ms"
