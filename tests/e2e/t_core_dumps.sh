#!/bin/bash
# SPDX-License-Identifier: MIT
# A verb that reads or makes a key cannot dump core, and says so to the kernel before the key is in
# its memory; no descriptor of the caller reaches a hook.
. "$(dirname "$0")/lib.sh"
[ "$(awk '{print $3; exit}' /proc/self/uid_map)" -gt 65534 ] || skip "one user only in this namespace"
command -v setpriv >/dev/null || skip "no setpriv"
install -m 755 "$XT_BIN" /run/xtunnel.bin
mkdir -m 755 /run/open
mkfifo -m 666 /run/open/pipe /run/open/left.conf

# hard WHAT CMD...: CMD, as nobody, waits for a pipe and is hardened meanwhile. /proc/PID/fd of a
# process that may be dumped belongs to its user.
hard() {
	local what=$1 pid
	shift
	ulimit -c unlimited 2>/dev/null
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@" <&0 2>/dev/null 8>&- &
	pid=$!
	awaits 3 eval "grep -q '^Max core file size  *0 ' /proc/$pid/limits" ||
		fail "$what: $(grep core /proc/$pid/limits)" >&8
	# One system call later.
	awaits 3 eval "[ \"\$(stat -c %u /proc/$pid/fd)\" = 0 ]" || fail "$what: it may be dumped" >&8
	kill $pid
	wait $pid 2>/dev/null
}

exec 8>&1 7<>/run/open/pipe
hard "pubkey" /run/xtunnel.bin pubkey </run/open/pipe >/dev/null
hard "run" /run/xtunnel.bin run /run/open/left.conf >/dev/null
hard "check" /run/xtunnel.bin check /run/open/left.conf >/dev/null
# genkey and genpsk wait in the end of a full pipe
dd if=/dev/zero of=/run/open/pipe bs=4096 count=16 oflag=nonblock 2>/dev/null
dd if=/dev/zero of=/run/open/pipe bs=1 count=4096 oflag=nonblock 2>/dev/null
hard "genkey" /run/xtunnel.bin genkey >/run/open/pipe
hard "genpsk" /run/xtunnel.bin genpsk >/run/open/pipe
exec 7>&- 8>&-
ok "no core dump of pubkey, run, check, genkey, genpsk"

hosts_link
configs_write "" "" "PostUp = ls -l /proc/self/fd >$T/fds"
ulimit -n 4096
exec 9</dev/null
eval "exec 2000</dev/null 3000</dev/null"
at left "$XT_BIN" up left.conf >up.log 2>&1 || fail "up: $(cat up.log)"
at left "$XT_BIN" down left
[ "$(grep -c -- '->' fds)" = 4 ] || fail "a hook has descriptors: $(cat fds)"
launch left
await 5 "left is ready" has "left is ready" left.log # its hooks have run
for pid in $(processes left); do
	name=$(cat "/proc/$pid/comm")
	grep -q '^Max core file size  *0 ' "/proc/$pid/limits" ||
		fail "$name: $(grep core "/proc/$pid/limits")"
	# Those of another user than root.
	[ "$(stat -c %u "/proc/$pid/fd")" = 0 ] || fail "$name may be dumped"
done
stop left
[ "$(grep -c -- '->' fds)" = 4 ] || fail "a hook of run has descriptors: $(cat fds)"
ok "no core dump of a process of an instance; hooks inherit no descriptor, whatever its number"
