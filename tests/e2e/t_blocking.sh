#!/bin/bash
# SPDX-License-Identifier: MIT
# Nothing that another user or program does stops packets, `show` or SIGTERM: a reader of standard
# error that stops (pipe and terminal), a held lock on resolv.conf, a FIFO in place of a file.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
start right

# serves WHAT: packets, show, wg and the end of left, while WHAT
serves() {
	pings left 10.7.0.2 || fail "$1: no answer: $(cat ping.log)"
	at left timeout 3 "$XT_BIN" show left >/dev/null || fail "$1: show"
	at left timeout 3 wg show left >/dev/null || fail "$1: wg show"
}
# A state of 2,000 peers that is printed on a signal is some 240 KB: a few are more than pipe and
# queue hold. One that is being printed stands for those that are asked for meanwhile.
states_print() {
	local i
	for ((i = 0; i < 2000; i++)); do
		printf 'public_key=%064x\n' $((i + 1))
	done | "$PYTHON" -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/wireguard/left.sock")
s.sendall(b"set=1\n" + sys.stdin.buffer.read() + b"\n")
assert s.recv(99) == b"errno=0\n\n"' || fail "2,000 peers"
	for ((i = 0; i < 50; i++)); do
		kill -USR1 "${PID[left]}"
		sleep 0.02
	done
}

mkfifo log.fifo
exec 7<>log.fifo
ip netns exec left "$XT_BIN" run "$T/left.conf" </dev/null >/dev/null 2>log.fifo &
PID[left]=$!
await 5 "left is ready" ready left
states_print
serves "a pipe that is not read"
timeout 1 cat <&7 >read.txt
awaits 3 has "lines were lost: standard error was not read in time" read.txt ||
	{ timeout 2 cat <&7 >>read.txt; has "lines were lost" read.txt ||
		fail "the lost lines are not counted: $(tail -n 3 read.txt)"; }
states_print
stop left
exec 7<&-
ok "a log reader that stops stops neither packets nor show, wg and SIGTERM, and is told"

# A terminal with its output stopped: nobody reads the master.
cat >terminal.py <<'END'
import fcntl, os, pty, sys, time
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
open(sys.argv[1], "w").write(str(pid))
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
END
ip netns exec left "$PYTHON" terminal.py pid "$XT_BIN" run "$T/left.conf" </dev/null >/dev/null 2>&1 &
terminal=$!
await 5 "left on a terminal" test -s pid
PID[left]=$(cat pid)
await 5 "left is ready" ready left
states_print
serves "a terminal that is not read"
kill -TERM "${PID[left]}"
await 5 "left ends on a terminal that is not read" gone "${PID[left]}"
wait $terminal || fail "left on a terminal ends with $?"
unset "PID[left]"
ok "nor does a terminal"

# Every user can lock a file that every user can read.
echo "nameserver 192.0.2.1" >resolv.conf
host_files_cover resolv.conf
[ ! -d /run/systemd/resolve ] || mount -t tmpfs tmpfs /run/systemd/resolve
resolvers_absent
flock /etc/resolv.conf sleep 60 &
locker=$!
sed 's/^ListenPort.*/&\nDNS = 10.7.0.53/' left.conf >locked.conf
cp left.conf plain.conf
mv locked.conf left.conf
launch left
await 5 "left is up while the lock is held" has 10.7.0.53 resolv.conf
await 5 "left is ready" ready left
serves "a lock on resolv.conf"
kill -TERM "${PID[left]}"
pings right 10.7.0.1 || true
instance_ended left
[ $CODE = 0 ] || fail "left ends with $CODE"
[ "$(cat resolv.conf)" = "nameserver 192.0.2.1" ] || fail "resolv.conf: $(cat resolv.conf)"
kill $locker
mv plain.conf left.conf
ok "a lock on resolv.conf delays its change and nothing else"

start left
mv left.conf kept.conf
mkfifo left.conf
at left timeout 3 "$XT_BIN" save left >save.log 2>&1
[ $? = 1 ] || fail "save to a FIFO: $(cat save.log)"
serves "a FIFO in place of the configuration"
rm left.conf
mkfifo key
sed "s~^PrivateKey.*~#: PrivateKeyFile = $T/key~" kept.conf >left.conf
at left timeout 3 "$XT_BIN" save left >save.log 2>&1
[ $? != 0 ] && [ $? != 124 ] || fail "save with a FIFO as key file: $(cat save.log)"
serves "a FIFO in place of a key file"
[ -p key ] || fail "the FIFO was replaced"
instances_stop
ok "a FIFO is refused once the instance runs"

# Before that, what a verb reads may be a pipe; the background has none of its caller's others.
piped() { # piped NAME PATH: the instance that `up PATH` made
	pings left 10.7.0.2 || fail "up $2: no answer: $(cat ping.log)"
	at left "$XT_BIN" down "$1" || fail "down $1"
}
export LOG_LEVEL=verbose # what a lost ping came to
start right
at left "$XT_BIN" up <(cat kept.conf) || fail "up <(...)"
piped "$(at left "$XT_BIN" show interfaces | tr ' ' '\n' | grep -v right)" "<(...)"
cat kept.conf | at left "$XT_BIN" up /dev/stdin || fail "up /dev/stdin"
piped stdin /dev/stdin
at left "$XT_BIN" up /proc/self/fd/7 7<kept.conf || fail "up /proc/self/fd/7"
piped 7 /proc/self/fd/7
refuses 1 "cannot read" at left "$XT_BIN" up /dev/fd/77
stop right
ok "up reads its configuration from a pipe"
