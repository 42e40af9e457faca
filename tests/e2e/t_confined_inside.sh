#!/bin/bash
# SPDX-License-Identifier: MIT
# What code that runs in the tunnel process can do: every system call that would reach beyond its
# descriptors is refused, or ends the process, whose monitor then ends the instance. Then the same
# of what the resolver and the monitor do not need.
# timeout: 180
. "$(dirname "$0")/lib.sh"
inject=$XT_BUILD/e2e_inject
[ "$(uname -m)" = x86_64 ] || skip "injects on x86_64 only"
[ "$(id -u)" = 0 ] || skip "needs root"

# tunnel_process: the child of the instance that a filter confines, in $tunnel
tunnel_process() {
	local child
	tunnel=
	for child in $(cat "/proc/${PID[left]}/task/${PID[left]}/children"); do
		! grep -q '^Seccomp:[[:space:]]*2' "/proc/$child/status" 2>/dev/null ||
			[ ! -e "/proc/$child/task" ] ||
			! is_tunnel "$child" || tunnel=$child
	done
	[ -n "$tunnel" ]
}

# is_tunnel PID: it has the TUN device
is_tunnel() {
	find "/proc/$1/fd" -lname /dev/net/tun 2>/dev/null | grep -q .
}

hosts_link
configs_write
start left
awaits 3 tunnel_process || skip "no process of this instance is confined by a filter here"

survived=0 killed=0
for try in $("$inject" list); do
	if [ -z "${PID[left]:-}" ]; then
		start left
		await 3 "left has a confined tunnel process" tunnel_process
	fi
	said=$("$inject" "$tunnel" "$try" 2>&1) || fail "$try in the tunnel process: $said"
	case $said in
	refused:*)
		survived=$((survived + 1))
		at left "$XT_BIN" show left >/dev/null || fail "after $try left does not answer"
		;;
	killed:*)
		killed=$((killed + 1))
		instance_ended left 10
		[ "$CODE" != 0 ] || fail "after $try left ended as if nothing had been"
		at left ip link show left >/dev/null 2>&1 && fail "after $try its interface is there"
		;;
	*) fail "$try: $said" ;;
	esac
	echo "# $try: $said"
done
[ -z "${PID[left]:-}" ] || stop left
ok "$((survived + killed)) tries from inside: $survived refused, $killed ended the process"

# forbids NAME TRY…: each is refused in that process of left, or ends it
forbids() {
	local name=$1 try process said
	shift
	for try; do
		[ -n "${PID[left]:-}" ] || start left
		process=$(for process in $(instance_processes "${PID[left]}"); do
			[ "$(cat "/proc/$process/comm")" != "$name" ] || echo "$process"
		done)
		said=$("$inject" "$process" "$try" 2>&1) || fail "$try in $name: $said"
		echo "# $name: $try: $said"
		[[ $said = killed:* ]] || continue
		if [ "$name" = xtunnel ]; then instance_ended left 10; else stop left; fi
	done
	[ -z "${PID[left]:-}" ] || stop left
	ok "$name: $# tries, none was carried out"
}

everywhere="socket_raw execve ptrace read_memory mount unshare chroot capabilities io_uring bpf
	userfaultfd keyring module reboot clock"
# shellcheck disable=SC2086
forbids xtunnel-names write_file write_here unlink mkdir setns kill kill_all setuid $everywhere
# shellcheck disable=SC2086
forbids xtunnel $everywhere
