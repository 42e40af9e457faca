#!/bin/bash
# SPDX-License-Identifier: MIT
# xtunnel lab: hosts with tunnels between them, for as long as a command runs; nothing is left.
# labels: datapath
# timeout: 200
. "$(dirname "$0")/lib.sh"
# The search for leaks starts a thread, which a process that has left its PID namespace cannot.
[ -z "$XT_SANITIZE" ] || export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
picture() {
	ls /run /run/netns /run/xtunnel /run/wireguard
	ip -br link
	grep " /run" /proc/mounts
	pgrep -a -f "xtunnel (run|capture|lab)"
} 2>&1
picture >before
unchanged() { # unchanged WHEN
	awaits 10 eval 'picture | diff before -' || fail "$1 it leaves: $(picture | diff before -)"
}
lab() { "$XT_BIN" lab "$@" >out 2>err </dev/null; }

lab -- sh -c 'ping -n -c 2 -i 0.2 -W 5 192.168.7.2 && ping -n -c 1 -W 5 fd07::2 && hostname &&
	xtunnel show interfaces && ping -c 1 -W 5 host2; exit 7'
[ $? = 7 ] || fail "the exit status is not that of the command: $(cat out err)"
for text in "bytes from 192.168.7.2" "bytes from fd07::2" "^host1$" "^host1 host2$" "PING host2"; do
	grep -q "$text" out || fail "no '$text': $(cat out err)"
done
grep -q "host2 .*outside 198.18.2.2 .*inside 192.168.7.2, fd07::2" err &&
	grep -q "ip netns exec host2" err || fail "it does not say who is who: $(cat err)"
unchanged "after a command"
ok "two hosts, both families, names, the exit status, who is who"

lab --hosts 3 --host 3 -- sh -c 'ip -br addr show wire; ping -n -c 1 -W 5 192.168.7.2 &&
	xtunnel show host3 --json' || fail "three hosts: $(cat out err)"
grep -q 198.18.3.2/24 out || fail "not in host3: $(cat out)"
[ "$(sed -n '/^{/,$p' out | grep -o '"public_key"' | wc -l)" = 3 ] || fail "no full mesh: $(cat out)"
lab --hosts 3 --hub --host 3 -- sh -c 'ping -n -c 1 -W 5 192.168.7.2 && ip netns exec host1 ping -n -c 1 \
	-W 5 192.168.7.3 && xtunnel show host3 --json' || fail "a hub: $(cat out err)"
[ "$(sed -n '/^{/,$p' out | grep -o '"public_key"' | wc -l)" = 2 ] || fail "peers beside the hub: $(cat out)"
grep -q "ttl=63" out || fail "the hub does not forward: $(cat out)"
ok "three hosts: each with each, and by a hub"

lab --hosts 3 --nat -- sh -c 'ping -n -c 1 -W 5 192.168.7.3 && ip netns exec host2 ping -n -c 1 -W 5 \
	192.168.7.3 && xtunnel show host1; ! ping -n -c 1 -W 1 10.2.0.2' || fail "NAT: $(cat out err)"
grep -q "endpoint: 198.18.3.2:" out && ! grep -q "endpoint: 10\." out || fail "no NAT: $(cat out)"
grep -q "host3 .*10.3.0.2 behind nat3 198.18.3.2" err || fail "it does not name the NAT: $(cat err)"
ok "NAT: host1 sees the routers' addresses, and reaches nothing behind them but by the tunnel"

(umask 0; lab --capture lab.pcapng -- ping -n -c 3 -i 0.2 -W 5 192.168.7.2) || fail "capture: $(cat out err)"
[ "$(stat -c %a lab.pcapng)" = 600 ] || fail "the capture has mode $(stat -c %a lab.pcapng)"
[ "$(od -An -tx1 -N4 lab.pcapng)" = " 0a 0d 0d 0a" ] || fail "no pcapng: $(od -An -tx1 -N16 lab.pcapng)"
grep -q "packets captured, 0 dropped" err || fail "the capture is not complete: $(cat err)"
if command -v tshark >/dev/null; then
	tshark -r lab.pcapng -Y icmp 2>/dev/null | grep -q "192.168.7.2" || fail "no ping in the capture"
fi
ok "--capture"

lab --loss 0.5 --delay 30 -- ping -n -c 5 -i 0.2 -W 5 192.168.7.2
case $? in
0)
	grep -Eq "time=(6|7|8)[0-9]" out || fail "no delay of 60 ms there and back: $(cat out)"
	ok "--loss, --delay"
	;;
*)
	grep -q "need netem" err || fail "netem: $(cat out err)"
	lab --delay 1 -- true
	[ $? = 1 ] || fail "without netem the exit status is not 1"
	ok "a kernel without netem is named"
	;;
esac
unchanged "after all these"

for number in INT TERM HUP KILL; do
	setsid "$XT_BIN" lab --hosts 3 -- sh -c "touch $T/runs; exec sleep 300" >out 2>err </dev/null &
	lab=$!
	await 30 "the command" test -e runs
	kill -"$number" $lab
	await 10 "its end by SIG$number" gone $lab
	wait $lab
	code=$?
	[ $code = $((128 + $(kill -l "$number"))) ] || fail "exit $code after SIG$number"
	unchanged "after SIG$number"
	rm runs
done
setsid "$XT_BIN" lab --hosts 20 -- true >out 2>err </dev/null &
lab=$!
await 20 "a namespace" pgrep -f "xtunnel run"
kill -TERM $lab
await 10 "its end while it starts" gone $lab
unchanged "interrupted while it starts"
ok "SIGINT, SIGTERM, SIGHUP, SIGKILL: nothing left"

# Without nft there is no NAT, and what was made before is gone.
mkdir bin
for tool in ip tc sh; do ln -s "$(command -v $tool)" bin/; done
PATH=$T/bin lab --nat -- true && fail "NAT without nft"
grep -q nft err || fail "nft is not named: $(cat err)"
unchanged "after a failure"
refuses 1 "no-such-program" "$XT_BIN" lab -- "$T/no-such-program"
for wrong in "--hosts 1" "--hosts 65" "--hosts x" "--host 3" "--host 0" "--loss 101" "--loss -1" \
	"--loss 1e1" "--loss ." "--delay 60001" "--delay x"; do
	# shellcheck disable=SC2086 # two words
	refuses 2 "lab --" "$XT_BIN" lab $wrong -- true
done
refuses 1 "lab --capture" "$XT_BIN" lab --capture /nonexistent/file -- true
unchanged "after refusals"
ok "failures and wrong options"

cat >terminal.py <<'EOF'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ["SHELL"] = "/bin/bash"
    os.execv(sys.argv[1], [sys.argv[1], "lab", "--host", "2"])
steps = [(b"from another terminal", b"sh -c 'echo in-$(hostname)-$(ls /run/netns | wc -l); exec sleep 15'\n"),
         (b"in-host2-3", b"\x03"), (b"^C", b"exit 5\n")]
seen, end = b"", time.time() + 60
while time.time() < end:
    if not select.select([fd], [], [], 1)[0]:
        continue
    try:
        seen += os.read(fd, 4096)
    except OSError:
        break
    if steps and steps[0][0] in seen:
        os.write(fd, steps.pop(0)[1])
sys.stdout.write(seen.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF
"$PYTHON" terminal.py "$XT_BIN" >out 2>err </dev/null
code=$?
[ $code = 5 ] || fail "the shell's exit status is $code: $(cat out err)"
grep -q "in-host2-3" out || fail "no shell in host2: $(cat out err)"
unchanged "after a shell"
ok "an interactive shell, and Ctrl-C in it"

if [ "$(stat -c %u /dev/net/tun)" = 0 ] && awk '{ exit $3 == 1 }' /proc/self/uid_map; then
	mount -t tmpfs tmpfs /mnt && mknod -m 666 /mnt/tun c 10 200 &&
		mount --bind /mnt/tun /dev/net/tun || skip "no device for all users"
	chmod 755 "$T"
	if setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urnm true 2>/dev/null &&
		setpriv --reuid 65534 --regid 65534 --clear-groups "$XT_BIN" --version >/dev/null 2>&1; then
		(cd / && setpriv --reuid 65534 --regid 65534 --clear-groups "$XT_BIN" lab --nat -- \
			ping -n -c 1 -W 5 192.168.7.2) >out 2>err </dev/null || fail "a user: $(cat out err)"
		grep -q "nsenter --preserve-credentials -U" err || fail "the way in of a user: $(cat err)"
		unchanged "after a user's"
		ok "without root"
	fi
fi
