#!/bin/bash
# SPDX-License-Identifier: MIT
# An upgrade that fails leaves the instance as it was: the new process is killed at any time, may
# not open what it needs, or cannot read the snapshots of the running program.
# timeout: 200
. "$(dirname "$0")/lib.sh"
tunnel_start
X=$XT_BIN

upgrade_in() { # upgrade_in MS: the upgrade begins, and all that it has started is killed after MS
	local before=${PID[left]} pid
	setsid ip netns exec left "$X" upgrade left >out 2>&1 &
	upgrade=$!
	sleep "$(awk "BEGIN { print $1 / 1000 }")"
	kill -KILL $upgrade 2>/dev/null
	for pid in $(pgrep -f "upgrade left"); do
		kill -KILL "$pid" 2>/dev/null
	done
	wait $upgrade 2>/dev/null
	sleep 0.1
	# Told that the tunnel went with the process that was killed, this one needs a while to end.
	if tail -n 1 left.log | grep -q "took the tunnel over has ended"; then
		await 10 "the process before ends" gone "$before"
	fi
	gone "$before"
}

begin_again() {
	lost=$((lost + 1))
	await 5 "the interface goes" eval '! ip -n left link show left'
	at left "$X" down left >/dev/null 2>&1
	start left
}

# --- killed
at left ping -n -i 0.01 10.7.0.2 >stream.log 2>&1 &
stream=$!
kept=0 lost=0
for ms in 0 0 0 1 2 3 4 6 8 10 15 20 25 30 40 50 60 80; do
	if upgrade_in $ms; then # it was killed when it had the tunnel: as any crash
		begin_again
		continue
	fi
	if ! gone "${PID[left]}"; then
		kept=$((kept + 1))
		pings left 10.7.0.2 || fail "killed after $ms ms: $(cat ping.log)"
		at left "$X" show left >/dev/null || fail "killed after $ms ms: show"
		continue
	fi
	begin_again
done
kill -TERM $stream
wait $stream 2>/dev/null
[ $kept -ge 3 ] || fail "the new process was never killed before it had the tunnel"
ok "killed at $((kept + lost)) times: $kept times the instance goes on, else it was a crash of the new one"

# --- it cannot start
pings left 10.7.0.2 || fail "no session: $(cat ping.log)"
first=$(at left wg show left latest-handshakes)
limited() { at left prlimit "$1" "$X" upgrade left; }
for limit in --nofile=14 --as=20000000 --memlock=0:0; do
	before=${PID[left]}
	limited $limit >out 2>&1 && { # some limits are none for a program of root
		await 10 "the process before ends" gone "$before"
		PID[left]=$(json left left .pid)
	}
	pings left 10.7.0.2 || fail "$limit: $(cat out ping.log)"
done
ok "a process without descriptors or memory leaves the instance as it was"
at left env XT_SANDBOX=wrong "$X" upgrade left >out 2>&1 && fail "a wrong XT_SANDBOX is taken"
at left env XT_OFFLOAD=wrong "$X" upgrade left >out 2>&1 && fail "a wrong XT_OFFLOAD is taken"
at left "$X" show left >/dev/null || fail "show after it: $(cat out)"
pings left 10.7.0.2 || fail "no answer after it: $(cat ping.log)"
ok "a wrong environment leaves the instance as it was: $(tail -n 1 out)"
[ "$(at left wg show left latest-handshakes)" = "$first" ] || fail "a handshake took place"

# --- who may, and when
refuses 3 "not running" at left "$X" upgrade nothing
refuses 2 "" at left "$X" upgrade
refuses 2 "" at left "$X" upgrade left right
mkdir /run/xtunnel/left.next 2>/dev/null
at left "$X" upgrade left >out 2>&1 && fail "a directory in the place of the socket"
pings left 10.7.0.2 || fail "no answer after it: $(cat ping.log)"
rmdir /run/xtunnel/left.next
ok "bad words, and a directory in the place of the socket: $(cat out)"
for request in '{"do":"upgrade"}' '{"do":"upgrade","probe":1}'; do
	printf '%s\n' "$request" | at left nc -U -w 2 /run/xtunnel/left.sock >answer
	jq -e '.error and .code < 0' answer >/dev/null || fail "$request is answered by $(cat answer)"
done
printf '{"do":"upgrade","probe":true}\n' | at left nc -U -w 2 /run/xtunnel/left.sock >answer
jq -e '.handover > 0 and .snapshot > 0 and .pid > 0' answer >/dev/null || fail "probe: $(cat answer)"
pings left 10.7.0.2 || fail "no answer after requests without a process: $(cat ping.log)"
ok "a request without a process that waits is an error"

# --- a process that waits, and says nothing, too much, or nonsense
cat >waits.py <<-'EOF2'
	import os, socket, struct, sys, time, json
	at = "/run/xtunnel/left.next"
	if os.path.exists(at):
	    os.unlink(at)
	s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	s.bind(at)
	s.listen(1)
	control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	control.connect("/run/xtunnel/left.sock")
	control.sendall(b'{"do":"upgrade"}\n')
	answer = control.recv(65536)
	monitor, _ = s.accept()
	os.unlink(at)
	hello, fds, _, _ = socket.recv_fds(monitor, 4096, 8)
	magic = hello[:4]
	def packet(kind, values=(), fds=()):
	    values = (list(values) + [0] * 8)[:8]
	    return magic + struct.pack("<IiI8Q", kind, 0, len(fds), *values)
	tunnel = socket.socket(fileno=fds[1])
	got, given, _, _ = socket.recv_fds(tunnel, 4096, 8)
	print(sys.argv[1], len(fds), len(given), flush=True)
	file = os.memfd_create("x", os.MFD_ALLOW_SEALING)
	if sys.argv[1] == "nonsense":
	    tunnel.sendall(b"nonsense")
	elif sys.argv[1] == "confirm":
	    tunnel.sendall(packet(8))
	elif sys.argv[1] == "small": # a file without room
	    socket.send_fds(tunnel, [packet(5, (1 << 30,), (file,))], [file])
	elif sys.argv[1] == "pipe":
	    r, w = os.pipe()
	    socket.send_fds(tunnel, [packet(5, (1 << 30,), (r,))], [r])
	elif sys.argv[1] == "taken": # to the monitor, and the tunnel process still has it
	    monitor.sendall(packet(2))
	elif sys.argv[1] == "silent":
	    os.ftruncate(file, 1 << 20)
	    socket.send_fds(tunnel, [packet(5, (1 << 20,), (file,))], [file])
	    time.sleep(1)
	elif sys.argv[1] == "shrinks": # while it is being written
	    os.ftruncate(file, 1 << 20)
	    socket.send_fds(tunnel, [packet(5, (1 << 20,), (file,))], [file])
	    try:
	        os.ftruncate(file, 0)
	    except OSError:
	        pass
	try:
	    tunnel.settimeout(3)
	    tunnel.recv(4096)
	except OSError:
	    pass
EOF2
for what in nonsense confirm small pipe silent; do
	at left timeout 20 $PYTHON waits.py $what >out 2>&1 || fail "$what: $(cat out)"
	await 5 "$what: the instance goes on" pings left 10.7.0.2
	gone "${PID[left]}" && fail "$what ends the instance"
	[ "$(at left wg show left latest-handshakes)" = "$first" ] || fail "$what: a handshake"
done
at left "$X" show left >/dev/null || fail "show after it"
before=${PID[left]}
at left "$X" upgrade left >out 2>&1 || fail "an upgrade after it: $(cat out)"
await 10 "the process before ends" gone "$before"
PID[left]=$(json left left .pid)
pings left 10.7.0.2 || fail "no answer after it: $(cat ping.log)"
[ "$(at left wg show left latest-handshakes)" = "$first" ] || fail "a handshake took place"
ok "processes that wait and break the protocol leave the instance as it was"
instances_stop

# --- a program of another version: it is restarted
cat >old.py <<-'EOF2'
	import json, os, socket, sys
	at = "/run/xtunnel/left.sock"
	s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	s.bind(at)
	s.listen(4)
	print("listens", flush=True)
	while True:
	    c, _ = s.accept()
	    line = c.makefile().readline()
	    verb = json.loads(line)
	    if verb["do"] == "upgrade":
	        c.sendall(json.dumps(json.loads(sys.argv[1])).encode() + b"\n")
	    elif verb["do"] == "down":
	        c.sendall(b'{"protocol":1,"pid":%d}\n{"end":true}\n' % os.getpid())
	        os.unlink(at)
	        break
	    c.close()
EOF2
for answer in "{\"protocol\":1,\"handover\":1,\"snapshot\":0,\"uid\":0,\"file\":\"$T/left.conf\"}" \
	"{\"protocol\":1,\"handover\":0,\"snapshot\":1,\"uid\":0,\"file\":\"$T/left.conf\"}" \
	"{\"protocol\":1,\"error\":\"not supported\",\"code\":-5012}"; do
	: >old.out
	$PYTHON old.py "$answer" >old.out 2>&1 &
	old=$!
	await 5 "the program of another version" has listens old.out
	at left "$X" upgrade --no-restart left >out 2>&1
	[ $? = 1 ] || fail "$answer, --no-restart: not exit 1: $(cat out)"
	has "goes on as it is" out || fail "$answer, --no-restart: $(cat out)"
	[ -S /run/xtunnel/left.sock ] || fail "$answer: --no-restart ends the instance"
	at left "$X" upgrade ./left.conf >out 2>&1 || fail "$answer: $(cat out old.out)"
	has "restarted" out || fail "nothing says that it was restarted: $(cat out)"
	wait $old
	PID[left]=$(json left left .pid)
	stop left
	ok "$(head -n 1 out)"
done
