#!/bin/bash
# SPDX-License-Identifier: MIT
# Control work over all peers holds no packet back: each request runs while another peer pings every
# 2 ms. Prints the table of docs/performance.md, "Control work".
#   XT_PEERS  how many (default 20,000)   XT_CONTROL_MS  the limit (default 40: a busy host, a debug
#   build; the goal on an idle one is 10)
# timeout: 300
PEERS=${XT_PEERS:-20000} LIMIT=${XT_CONTROL_MS:-40}
. "$(dirname "$0")/lib.sh"
hub() { "$PYTHON" "$SOURCE/tests/e2e/hub.py" "$@"; }
socket=/run/wireguard/left.sock
tunnel_prepare
start right
start left
pings left 10.7.0.2 || fail "no answer"

# request WHAT CMD…: the longest ping while CMD runs. Of three runs the best counts, since other
# programs of this host delay pings as well.
request() {
	local what=$1 best= longest from run lost
	shift
	for run in 1 2 3; do
		ip netns exec right ping -n -q -i 0.002 -W 5 10.7.0.1 >ping.log 2>&1 &
		local pinger=$!
		sleep 0.3
		from=$(now_ms)
		"$@" >request.log 2>&1 || fail "$what: $(tail -n 3 request.log)"
		took=$(($(now_ms) - from))
		sleep 0.1
		kill -INT $pinger
		wait $pinger
		# The last one may be on its way; a replaced peer has to shake hands again.
		lost=$(awk '/transmitted/ { print $1 - $4 }' ping.log)
		[ "$lost" -le 1 ] || [ "$what" = "set, replace_peers" ] ||
			fail "$what: $lost pings are lost: $(cat ping.log)"
		longest=$(sed -n 's|^rtt.*= [0-9.]*/[0-9.]*/\([0-9.]*\)/.*|\1|p' ping.log)
		best=$(printf '%s\n' $longest $best | sort -g | head -n 1)
		[ "${best%.*}" -ge "$LIMIT" ] || [ "$PEERS" -ge 50000 ] || break
	done
	printf '| %-24s | %8s | %6s |\n' "$what" "$best" "$took"
	[ "${best%.*}" -lt "$LIMIT" ] || fail "$what holds a packet back for $best ms"
}

printf '| %-24s | %8s | %6s |\n' "$PEERS peers" "ping, ms" "it, ms"
printf '| %-24s | %8s | %6s |\n' --- --: --:
request "nothing" sleep 1
request "set, all peers" hub add $socket "${PID[left]}" "$PEERS"
request "set, the same again" hub add $socket "${PID[left]}" "$PEERS"
request "set, replace_peers" hub replace $socket "${PID[left]}" "$PEERS" "$PUB_right"
request "set, refused" hub refused $socket "${PID[left]}" "$PEERS"
request "get" hub count $socket "${PID[left]}" $((PEERS + 1))
request "wg show" at left wg show left dump
request "show" at left "$XT_BIN" show left
request "show --json" at left "$XT_BIN" show left --json
request "save" at left "$XT_BIN" save left
[ "$(grep -c '^PublicKey' left.conf)" = $((PEERS + 1)) ] || fail "save wrote too few peers"
kill -USR1 "${PID[left]}"
pings left 10.7.0.2 || fail "no answer at the end"
instances_stop
ok "$PEERS peers: no request holds a packet back for $LIMIT ms"
