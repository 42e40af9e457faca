#!/bin/bash
# SPDX-License-Identifier: MIT
# How other programs start and end an instance: closed streams, descriptors, names, renames, moves.
# timeout: 240
. "$(dirname "$0")/lib.sh"
netns_add left right

inside() { at left "$@"; }
sock=/run/wireguard/wg0.sock
pid_of() { inside "$XT_BIN" show "$1" --json | jq .pid; }
streams_closed() { # streams_closed PID: of all processes of that instance
	local pid fd
	for pid in $(instance_processes "$1"); do
		for fd in 0 1 2; do
			[ "$(readlink "/proc/$pid/fd/$fd")" = /dev/null ] ||
				fail "fd $fd of $(cat "/proc/$pid/comm") is $(readlink "/proc/$pid/fd/$fd")"
		done
	done
}
is_down() { [ ! -e "/run/wireguard/$1.sock" ] && ! inside ip link show "$1" >/dev/null 2>&1; }
ends() { await 5 "$1 ends" gone "$2"; await 3 "$1 is gone" is_down "$1"; }

# A controller reads our output until end of file, as command substitution in a shell does.
begin=$(now_ms)
text=$(inside "$XT_BIN" wg0 2>&1) || fail "xtunnel wg0: $? $text"
took=$(($(now_ms) - begin))
[ -z "$text" ] || fail "it said: $text"
[ $took -lt 5000 ] || fail "the caller waited $took ms for the end of its pipe"
[ "$(stat -c %a /run/wireguard)" = 755 ] || fail "directory $(stat -c %a /run/wireguard)"
case $(stat -c %a $sock) in 600 | 700) ;; *) fail "socket mode $(stat -c %a $sock)" ;; esac
inside wg show wg0 >/dev/null || fail "it returned before the socket answered"
pid=$(pid_of wg0)
streams_closed "$pid"
ok "in the background after $took ms, streams closed, the socket answers"

refuses 1 "running already" inside "$XT_BIN" wg0
inside wg show wg0 >/dev/null || fail "the first one is harmed"
ok "twice is refused"
rm $sock
ends wg0 "$pid"
ok "the removal of its socket ends it"

# The caller closed all three streams; none of our descriptors may get their numbers.
inside "$XT_BIN" wg0 <&- >&- 2>&- || fail "closed streams: $?"
pid=$(pid_of wg0)
streams_closed "$pid"
inside ip link del wg0 || fail "ip link del"
ends wg0 "$pid"
ok "started with closed streams; the interface's deletion ends it"

# A pipe that the caller left open on another descriptor is closed.
mkfifo pipe
(exec 7>pipe; inside "$XT_BIN" wg0 >/dev/null 2>&1) &
timeout 10 cat pipe >/dev/null || fail "a descriptor of the caller is held open"
wait $!
pid=$(pid_of wg0)
kill -INT "$pid"
ends wg0 "$pid"
ok "other descriptors of the caller are closed; SIGINT ends it"

LOG_LEVEL=verbose inside "$XT_BIN" wg0 >loud.log 2>&1 </dev/null || fail "LOG_LEVEL=verbose"
pid=$(pid_of wg0)
inside wg set wg0 listen-port 5555
[ "$(readlink "/proc/$pid/fd/2")" = "$T/loud.log" ] || fail "fd 2 is $(readlink "/proc/$pid/fd/2")"
kill -TERM "$pid"
ends wg0 "$pid"
LOG_LEVEL=silent inside "$XT_BIN" wg0 >quiet.log 2>&1 </dev/null || fail "LOG_LEVEL=silent"
pid=$(pid_of wg0)
[ "$(readlink "/proc/$pid/fd/2")" = /dev/null ] || fail "silent: fd 2 is $(readlink "/proc/$pid/fd/2")"
ok "LOG_LEVEL keeps the streams, silent does not"

kill -KILL "$pid"
await 3 "the kill" gone "$pid"
[ -S $sock ] || fail "no stale socket to take over"
inside "$XT_BIN" wg0 >/dev/null 2>&1 || fail "the stale socket is not taken over"
inside wg show wg0 >/dev/null || fail "the socket does not answer"
pid=$(pid_of wg0)
ok "a stale socket is taken over"

inside ip link set wg0 name other || fail "rename"
inside ip link set other up mtu 1310
mtu_is() { [ "$(json left wg0 .mtu)" = "$1" ]; } # so it has seen all events before, too
await 3 "the MTU after the rename" mtu_is 1310
gone "$pid" && fail "it ended at the rename"
inside wg show wg0 >/dev/null || fail "it does not answer after the rename"
inside ip link set other netns right || fail "move"
at right ip link set other up mtu 1300 || fail "up there"
await 3 "the MTU after the move" mtu_is 1300
gone "$pid" && fail "it ended at the move"
inside wg show wg0 >/dev/null || fail "it does not answer after the move"
at right ip link del other
await 5 "its end" gone "$pid"
[ ! -e $sock ] || fail "the socket stays"
ok "renamed and moved it lives on, sees the MTU there, and ends with the interface there"

# Immediately after the return.
for _ in 1 2 3; do
	inside "$XT_BIN" wg0 && inside ip link set wg0 netns right name wg9 || fail "at once"
	at right ip link set wg9 up || fail "up"
	pid=$(pid_of wg0)
	at right ip link del wg9
	await 5 "its end" gone "$pid"
	await 3 "the socket's end" test ! -e $sock
done
ok "moved and renamed at once, three times"

ip netns exec left "$XT_BIN" -f wg0 </dev/null >front.log 2>&1 &
pid=$!
await 5 "the foreground" inside wg show wg0
kill -TERM $pid
wait $pid || fail "-f: ended with $?"
WG_PROCESS_FOREGROUND=1 ip netns exec left "$XT_BIN" wg0 </dev/null >front.log 2>&1 &
pid=$!
await 5 "the foreground" inside wg show wg0
[ "$(pid_of wg0)" = $pid ] || pgrep -P $pid | grep -qx "$(pid_of wg0)" || fail "it forked"
kill -TERM $pid
wait $pid || fail "WG_PROCESS_FOREGROUND: ended with $?"
[ ! -s front.log ] || fail "it said: $(cat front.log)"
ok "-f and WG_PROCESS_FOREGROUND stay in the foreground, quiet, and end with 0"

# The caller passes the TUN device and the listening socket.
cat >give.py <<-'EOF2'
	import fcntl, os, socket, struct, sys
	tun = os.open("/dev/net/tun", os.O_RDWR)
	flags = 0x1001 | (0x4000 if sys.argv[2] == "vnet" else 0)
	fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"given", flags))
	path = "/var/run/wireguard/given.sock"
	os.makedirs(os.path.dirname(path), exist_ok=True)
	s = socket.socket(socket.AF_UNIX)
	s.bind(path)
	s.listen(8)
	for fd in (tun, s.fileno()):
	    os.set_inheritable(fd, True)
	os.environ["WG_TUN_FD"] = str(tun)
	os.environ["WG_UAPI_FD"] = str(s.fileno())
	os.execv(sys.argv[1], sys.argv[1:2] + sys.argv[3:])
EOF2
for kind in vnet plain; do
	for how in "" -f; do
		# shellcheck disable=SC2086
		ip netns exec left "$PYTHON" give.py "$XT_BIN" $kind $how called </dev/null >given.log 2>&1 &
		pid=$!
		await 5 "wg show given ($kind $how)" inside wg show given
		pid=$(pid_of given)
		inside ip link show called >/dev/null 2>&1 && fail "an interface of its own"
		inside wg set given private-key <(wg genkey) || fail "wg set"
		inside ip link del given
		await 5 "its end" gone "$pid"
		await 3 "the socket's end" test ! -e /run/wireguard/given.sock
	done
done
refuses 1 "WG_TUN_FD=77" env WG_TUN_FD=77 ip netns exec left "$XT_BIN" wg0
refuses 1 "WG_UAPI_FD=x" env WG_UAPI_FD=x ip netns exec left "$XT_BIN" wg0
is_down wg0 || fail "something is left"
ok "WG_TUN_FD and WG_UAPI_FD, with and without headers, in front and behind"

WG_TUN_NAME_FILE=$T/name inside "$XT_BIN" wg0 || fail "WG_TUN_NAME_FILE"
[ "$(cat name)" = wg0 ] || fail "the name file has $(cat name)"
kill -TERM "$(pid_of wg0)"
await 3 "its end" is_down wg0
ok "WG_TUN_NAME_FILE"

cat >notify.py <<-'EOF2'
	import os, socket, sys, time
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	print("ready", flush=True)
	while True:
	    print(repr(s.recv(4096).decode()), flush=True)
EOF2
"$PYTHON" notify.py "$T/notify" >notify.out &
notify=$!
await 5 "the listener" has ready notify.out
NOTIFY_SOCKET=$T/notify ip netns exec left "$XT_BIN" -f wg0 </dev/null >front.log 2>&1 &
pid=$!
await 5 "READY=1" has READY=1 notify.out
has "MAINPID=${pid}[^0-9]" notify.out || fail "not of $pid: $(cat notify.out)"
inside wg show wg0 >/dev/null || fail "READY=1 before the socket answers"
inside wg set wg0 private-key <(wg genkey) peer "$(wg genkey | wg pubkey)" allowed-ips 10.9.0.0/16
await 5 "STATUS" has 'STATUS=0 of 1 peer up' notify.out
kill -TERM $pid
wait $pid
await 5 "STOPPING=1" has STOPPING=1 notify.out
kill $notify
ok "NOTIFY_SOCKET: READY, STATUS, STOPPING"

WG_SUDO=1 WG_THREADS=4 WG_LOG_LEVEL=debug WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1 \
	ip netns exec left "$XT_BIN" wg0 >/dev/null 2>&1 || fail "variables of others"
kill -TERM "$(pid_of wg0)"
await 3 "its end" is_down wg0
ok "variables of other implementations have no effect"

refuses 2 'did you mean "up"' inside "$XT_BIN" uo
refuses 2 'did you mean "run"' inside "$XT_BIN" run0
refuses 2 "unknown option" inside "$XT_BIN" -x
refuses 2 "not a name" inside "$XT_BIN" -- -x
refuses 2 "not a name" inside "$XT_BIN" a-name-that-is-too-long
refuses 2 "not a name" inside "$XT_BIN" a/b
refuses 2 "missing" inside "$XT_BIN" -f
inside "$XT_BIN" -- run0 || fail "-- run0"
kill -TERM "$(pid_of run0)"
await 3 "its end" is_down run0
ip netns exec left "$XT_BIN" -f show </dev/null >front.log 2>&1 &
pid=$!
await 5 "-f show" inside wg show show
kill -TERM $pid
wait $pid || fail "-f show"
refuses 1 "no /dev/net/tun\|in use" inside "$XT_BIN" lo
ok "verbs, slips and names"

if at left script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	at left script -qec "$XT_BIN wg7" /dev/null >out 2>&1 </dev/null || fail "on a terminal: $(cat out)"
	grep -q "started an interface named wg7" out || fail "on a terminal: $(cat out)"
	grep -q "xtunnel down wg7" out || fail "on a terminal: $(cat out)"
	inside "$XT_BIN" down wg7 || fail "down wg7"
	ok "on a terminal it says what it did"
else
	echo "skip-part: no terminal can be made here"
fi
refuses 1 "keeps this name" inside "$XT_BIN" all
