#!/bin/bash
# SPDX-License-Identifier: MIT
# A hub with 10,000 peers, or XT_PEERS: configured by one request, shown by wg, one of them changed;
# little memory, and no wake-ups while nothing happens. Seconds are CPU time of the instance.
# timeout: 300
. "$(dirname "$0")/lib.sh"
command -v wg >/dev/null || skip "no wg"
PEERS=${XT_PEERS:-10000}
SET=$((PEERS / 10000)) SHOW=2 # seconds
[ -z "$XT_SANITIZE" ] || SET=$((SET * 10)) SHOW=40
hub() { "$PYTHON" "$SOURCE/tests/e2e/hub.py" "$@"; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }
SOCK=/run/wireguard/hub.sock

"$XT_BIN" -f hub </dev/null >hub.log 2>&1 &
PID[hub]=$!
await 5 "the socket" test -S $SOCK
empty=$(hub resident "${PID[hub]}")

for what in "configured by one set" "set once more"; do
	read -r wall cpu < <(hub set $SOCK "${PID[hub]}" "$PEERS") || fail "set"
	below "$cpu" "$SET" || fail "$PEERS peers $what: $cpu s"
	ok "$PEERS peers $what: $cpu s of CPU ($wall s)"
done
each=$((($(hub resident "${PID[hub]}") - empty) / PEERS))
[ -n "$XT_SANITIZE" ] || [ $each -lt 2048 ] || fail "$each bytes a peer"
ok "$each bytes a peer without a session"

read -r wall cpu < <(hub get $SOCK "${PID[hub]}" "$PEERS") || fail "get"
ok "get lists all, in their order: $cpu s of CPU ($wall s)"
read -r wall cpu < <(hub cpu "${PID[hub]}" wg show hub) || fail "wg show"
below "$cpu" $SHOW || fail "wg show of $PEERS peers: $cpu s"
ok "wg show: $cpu s of CPU, both programs ($wall s)"
[ "$("$XT_BIN" show hub --json | jq '.peers | length')" = "$PEERS" ] || fail "xtunnel show --json"
[ "$("$XT_BIN" show hub | grep -c ^peer:)" = "$PEERS" ] || fail "xtunnel show"
ok "xtunnel show, as text and as JSON, has all"

# Changing one peer leaves the others as they are.
last=$(wg show hub peers | tail -n 1)
before=$(wg show hub dump | md5sum)
wg set hub peer "$last" allowed-ips 192.168.7.9/32 || fail "wg set"
[ "$(wg show hub allowed-ips | grep -c 192.168.7.9/32)" = 1 ] || fail "the last one's allowed IPs"
wg set hub peer "$last" allowed-ips "10.$(((PEERS - 1) >> 16)).$(((PEERS - 1) >> 8 & 255)).$(((PEERS - 1) & 255))/32"
[ "$(wg show hub dump | md5sum)" = "$before" ] || fail "others changed too"
ok "one changed among many"

idle() { # no switch within 0.5 s
	switches=$(hub switches "${PID[hub]}")
	sleep 0.5
	[ "$(hub switches "${PID[hub]}")" = "$switches" ]
}
await 10 "the instance is idle" idle
switches=$(hub switches "${PID[hub]}")
sleep 5 # the time that is measured
switches=$(($(hub switches "${PID[hub]}") - switches))
[ $switches -le 1 ] || fail "$switches wake-ups in 5 idle seconds"
ok "no wake-ups: $switches"

wg set hub private-key <(wg genkey) || fail "another key"
"$PYTHON" - $SOCK <<-'EOF' || fail "removing all"
	import socket, sys
	s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
	s.sendall(b"set=1\nreplace_peers=true\n\n")
	assert s.recv(100) == b"errno=0\n\n"
EOF
[ -z "$(wg show hub peers)" ] || fail "peers are left"
ok "another key, and all peers removed"
