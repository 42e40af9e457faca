#!/bin/bash
# SPDX-License-Identifier: MIT
# What a service manager hears (sd_notify): READY=1 of the process that it has started, RELOADING=1
# and READY=1 around each reload, WATCHDOG=1 as long as the loop runs, STOPPING=1.
. "$(dirname "$0")/lib.sh"

cat >manager.py <<-'EOF2'
	import os, socket, struct, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
	s.bind(sys.argv[1])
	print("listens", flush=True)
	while True:
	    data, control, _, _ = s.recvmsg(4096, socket.CMSG_SPACE(12))
	    pid = struct.unpack("3i", control[0][2])[0]
	    print(pid, data.decode().replace("\n", " "), flush=True)
EOF2
count() { grep -c -- "$1" heard; }
more() { [ "$(count "$1")" -gt "$2" ]; }
service() { # service VARIABLE…: the instance, as a service manager starts it; $pid
	NOTIFY_SOCKET=$T/notify ip netns exec left env "$@" "$XT_BIN" run left.conf </dev/null >left.log 2>&1 &
	PID[left]=$!
	pid=$!
	await 10 "READY=1" has "^[0-9]* READY=1 MAINPID=$pid " heard
}

tunnel_prepare
"$PYTHON" manager.py "$T/notify" >heard &
manager=$!
await 5 "the service manager" has listens heard

# --- ready, reloads, stop: all of the one process
service WATCHDOG_USEC=
at left "$XT_BIN" show left >/dev/null || fail "READY=1 before show is answered"
reload() { at left "$XT_BIN" reload left "$@" >out 2>&1; }
reload || fail "reload: $(cat out)"
await 5 "READY=1 after a reload" more 'READY=1 MAINPID' 1
has '^[0-9]* RELOADING=1 MONOTONIC_USEC=[0-9]' heard || fail "no RELOADING=1"
uptime=$(sed 's/\([0-9]*\)\.\([0-9]*\) .*/\1\2/' /proc/uptime) # in 10 ms
us=$(sed -n 's/.*MONOTONIC_USEC=\([0-9]*\).*/\1/p' heard)
[ "$((us / 10000))" -le "$uptime" ] && [ "$((us / 10000))" -gt $((uptime - 6000)) ] ||
	fail "MONOTONIC_USEC=$us at $uptime"
ok "a reload is between RELOADING=1 and READY=1"
cp left.conf good.conf
echo "nonsense" >>left.conf
reload && fail "a bad file is taken"
await 5 "READY=1 after a reload that failed" more 'READY=1 MAINPID' 2
kill -HUP "$pid"
await 5 "READY=1 after SIGHUP" more 'READY=1 MAINPID' 3
cp good.conf left.conf
ok "so is one that fails"
reload --dry-run || fail "dry run"
sed -i 's/^ListenPort.*/ListenPort = 51811/' left.conf
reload || fail "reload: $(cat out)"
await 5 "READY=1 after a change" more 'READY=1 MAINPID' 4
[ "$(count RELOADING=1)" = 4 ] || fail "a dry run is a reload: $(cat heard)"
ok "a dry run is none"
stop left
await 5 "STOPPING=1" has 'STOPPING=1' heard
grep -v listens heard | grep -v "^$pid " && fail "another process than $pid speaks"
has WATCHDOG heard && fail "a watchdog that nobody has asked for"
ok "one process speaks: $(cut -d' ' -f2 <(grep -v listens heard) | sort | uniq -c | xargs)"

# --- watchdog
# shellcheck disable=SC2016 # the shell becomes the program, so that its number is the right one
service sh -c 'WATCHDOG_USEC=200000 WATCHDOG_PID=$$ exec "$@"' sh
await 5 "WATCHDOG=1" more 'WATCHDOG=1' 3
ok "WATCHDOG=1, several times"
tunnel=$(tunnel_process "$pid")
kill -STOP "$tunnel"
await 5 "the end of what was on its way" sh -c "
	n=\$(grep -c WATCHDOG=1 '$T/heard'); sleep 0.5; [ \$n = \$(grep -c WATCHDOG=1 '$T/heard') ]"
kill -CONT "$tunnel"
seen=$(count WATCHDOG=1)
await 5 "WATCHDOG=1 again" more 'WATCHDOG=1' "$seen"
ok "none while the process that moves packets is stopped"
stop left
grep -v listens heard | tail -n 1 | grep -q STOPPING=1 || fail "STOPPING=1 is not the last"

# --- an upgrade: the process before names the new main one, which speaks from then on
stopped=$(count STOPPING=1)
# shellcheck disable=SC2016
service sh -c 'WATCHDOG_USEC=200000 WATCHDOG_PID=$$ exec "$@"' sh
await 5 "WATCHDOG=1" has "^$pid WATCHDOG=1" heard
at left env -u NOTIFY_SOCKET "$XT_BIN" upgrade left >out 2>&1 || fail "upgrade: $(cat out)"
await 10 "the process before ends" gone "$pid"
new=$(json left left .pid)
await 5 "READY=1 of the new one" has "^$new READY=1 MAINPID=$new " heard
await 5 "WATCHDOG=1 of the new one" has "^$new WATCHDOG=1" heard
grep -v listens heard | grep -n "^$pid MAINPID=$new" | cut -d: -f1 >named
grep -v listens heard | grep -n "^$new " | head -n 1 | cut -d: -f1 >first
[ -s named ] && [ "$(cat named)" -lt "$(cat first)" ] || fail "MAINPID comes late: $(cat heard)"
more STOPPING=1 "$stopped" && fail "an upgrade is an end: $(cat heard)"
ok "an upgrade: MAINPID of the process before, then READY=1 and WATCHDOG=1 of the new one"
wait "$pid"
PID[left]=$new
stop left
await 5 "STOPPING=1 of the new one" has "^$new STOPPING=1" heard

true >heard
service sh -c 'WATCHDOG_USEC=100000 WATCHDOG_PID=1 exec "$@"' sh
sleep 0.5 # the time in which five would come
has WATCHDOG heard && fail "the watchdog of another process"
stop left
ok "a watchdog of another process is not answered"
kill $manager
