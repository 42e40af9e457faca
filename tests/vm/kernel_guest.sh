#!/bin/bash
# SPDX-License-Identifier: MIT
# The first process of a machine that scripts/kernels boots: /xt/xtunnel and /xt/tests are of this
# build, the serial console takes the results. The unit programs tried are those whose answers are a
# kernel's: sockets, TUN, netlink, io_uring, locks, processes; the longest first.
# programs: test_link_change test_link_linux test_rule_linux test_runner test_server test_hooks
# programs: test_firewall test_audit test_background test_channel test_command test_fd
# programs: test_fd_late test_handover test_key_command test_log_sink test_loop_park
# programs: test_nl_linux test_notify test_process_watch test_request_remote
# programs: test_resolver_process test_ring test_rundir test_sandbox test_sandbox_user
# programs: test_secbuf test_secret test_stderr test_tun_linux test_tun_offload test_udp_errors
# programs: test_udp_linux test_wake test_wake_uv
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm /run/netns
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
chmod 1777 /tmp # the build may lie below it
exec >/dev/ttyS0 2>&1 </dev/null

failures=0
ok() { echo "ok: $*"; }
fail() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}
shown() { sed 's/^/    /'; }
end() {
	echo "end: $failures"
	sync
	echo o >/proc/sysrq-trigger
	sleep 60
}
die() { # of what all that follows needs
	fail "$@"
	for name in left right peer; do
		tail -n 30 "/tmp/$name.log" 2>/dev/null | shown
	done
	end
}
await() { # await SECONDS WHAT COMMAND…
	local limit=$((SECONDS + $1))
	shift 2 # what is awaited is for the reader
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $limit ] || return 1
		sleep 0.2
	done
}

[ -e "/lib/modules/$(uname -r)/modules.dep" ] || depmod # the host had none
for module in tun veth wireguard nf_tables nft_ct nft_fib_inet; do
	modprobe -q $module
done
release=$(uname -r)
ip link set lo up
xt=/xt/xtunnel
ok "$release boots"

# --- what the parts below share
umask 077
at() { # at NAME COMMAND…
	local where=$1
	shift
	ip netns exec "$where" "$@"
}
hosts_make() { # hosts_make LEFT RIGHT NETWORK: two hosts, a link between them, their keys
	ip netns add "$1"
	ip netns add "$2"
	ip link add "to_$2" netns "$1" type veth peer name "to_$1" netns "$2"
	ip -n "$1" addr add "$3.1/24" dev "to_$2"
	ip -n "$2" addr add "$3.2/24" dev "to_$1"
	local pair
	for pair in "$1:to_$2" "$2:to_$1" "$1:lo" "$2:lo"; do
		ip -n "${pair%:*}" link set "${pair#*:}" up
	done
	wg genkey >"/tmp/$1.key"
	wg genkey >"/tmp/$2.key"
}
config_write() { # config_write NAME THIS OTHER OTHER-NAME NETWORK
	cat >"/tmp/$1.conf" <<-EOF2
		[Interface]
		PrivateKey = $(cat "/tmp/$1.key")
		ListenPort = 51820
		Address = 10.7.0.$2/24, fd07::$2/64
		[Peer]
		PublicKey = $(wg pubkey <"/tmp/$4.key")
		Endpoint = $5.$3:51820
		AllowedIPs = 10.7.0.$3/32, fd07::$3/128
	EOF2
}
start() { # start NAME: returns when it is up
	at "$1" "$xt" up "/tmp/$1.conf" >>"/tmp/$1.log" 2>&1
}
stop() { at "$1" "$xt" down "$1" >>"/tmp/$1.log" 2>&1; }
pings() { at "$1" ping -q -c 1 -W 2 "$2" >/dev/null; }
head -c 5000000 /dev/urandom >/tmp/sent
tcp() { # tcp FROM TO ADDRESS: 5 MB, which must arrive as they were
	at "$2" nc -l -N "$3" 5000 </dev/null >/tmp/got &
	local server=$!
	await 10 listening at "$2" sh -c 'ss -ltn | grep -q :5000' || return 1
	timeout 120 ip netns exec "$1" nc -N "$3" 5000 </tmp/sent >/dev/null || return 1
	wait $server
	cmp -s /tmp/sent /tmp/got
}

# --- the kernel's own WireGuard as the peer
# It pings while all below is tried: the keys are renewed meanwhile.
handshake_at() { at kernel wg show wg0 latest-handshakes | cut -f 2; }
handshake_after() { [ "$(handshake_at)" -gt "$1" ]; }
pinging=
kernel_peer_set() { # as after a start: without a session
	at kernel wg set wg0 peer "$(wg pubkey </tmp/peer.key)" remove 2>/dev/null
	at kernel wg set wg0 private-key /tmp/kernel.key listen-port 51820 \
		peer "$(wg pubkey </tmp/peer.key)" endpoint 198.18.1.2:51820 \
		allowed-ips 10.7.0.2/32,fd07::2/128
}
hosts_make kernel peer 198.18.1
config_write peer 2 1 kernel 198.18.1
if at kernel ip link add wg0 type wireguard 2>/tmp/out; then
	kernel_peer_set || fail "wg set wg0"
	at kernel ip addr add 10.7.0.1/24 dev wg0
	at kernel ip addr add fd07::1/64 dev wg0 nodad
	at kernel ip link set wg0 mtu 1420 up
	start peer || die "up fails beside the kernel's WireGuard"
	pings peer 10.7.0.1 || fail "xtunnel does not reach the kernel's WireGuard"
	kernel_peer_set || fail "wg set wg0 again"
	{ await 20 ping pings kernel 10.7.0.2 && pings kernel fd07::2 && pings peer fd07::1; } ||
		die "no ping from the kernel's WireGuard"
	tcp kernel peer 10.7.0.2 || fail "TCP from the kernel's WireGuard"
	tcp peer kernel fd07::1 || fail "TCP to the kernel's WireGuard"
	ok "the kernel's WireGuard is the peer: each begins, ping, 5 MB of TCP each way"
	first=$(handshake_at)
	ip netns exec kernel ping 10.7.0.2 >/tmp/pinging 2>&1 &
	pinging=$!
else
	fail "no WireGuard in this kernel: $(cat /tmp/out)"
fi

# --- the unit programs
# What a kernel lacks is skipped by the program with its reason. Two run at a time, for many of them
# wait.
unit_run() {
	local name=${1##*/} began=$SECONDS code
	timeout -k 5 900 "$1" >"/tmp/units/$name.out" 2>&1
	code=$?
	echo "$code" >"/tmp/units/$name.code"
	case $code in
	0) [ $((SECONDS - began)) -lt 20 ] || echo "    $name: $((SECONDS - began)) s" ;;
	77) echo "skip: $name: $(tail -n 1 "/tmp/units/$name.out")" ;;
	*)
		echo "FAIL: $name: exit code $code after $((SECONDS - began)) s"
		{
			grep -E 'FAILED|ERROR|error:|\.c:[0-9]+' "/tmp/units/$name.out"
			tail -n 2 "/tmp/units/$name.out"
		} | head -n 30 | shown
		;;
	esac
}
cd /tmp || exit 1
mkdir units
export -f unit_run shown
# shellcheck disable=SC2016
sed -n 's/^# programs: //p' /xt/kernel_guest.sh |
	xargs -n 1 -P 2 bash -c 'unit_run "/xt/tests/$1"' units
count() { cat units/*.code | grep -c -x "$1"; }
listed=$(find /xt/tests -type f | wc -l) passed=$(count 0) skipped=$(count 77)
failed=$((listed - passed - skipped))
failures=$((failures + failed))
echo "$([ $failed = 0 ] && echo ok || echo FAIL): $passed unit programs pass, $skipped are skipped," \
	"$failed fail"

# --- a link between two hosts
hosts_make left right 198.18.0
config_write left 1 2 right 198.18.0
config_write right 2 1 left 198.18.0
for offload in all off udp tun; do
	export XT_OFFLOAD=$offload
	{ start left && start right; } || die "XT_OFFLOAD=$offload: up fails"
	{ await 20 ping pings left 10.7.0.2 && await 20 ping pings left fd07::2; } ||
		die "XT_OFFLOAD=$offload: no ping"
	tcp left right 10.7.0.2 || fail "XT_OFFLOAD=$offload: TCP to the right"
	tcp right left fd07::1 || fail "XT_OFFLOAD=$offload: TCP to the left"
	[ $offload != all ] || at left "$xt" show left --json |
		jq -c '[.. | objects | to_entries[] | select(.key | test("offload"))] | from_entries' | shown
	{ stop left && stop right; } || fail "XT_OFFLOAD=$offload: down fails"
	ok "link with XT_OFFLOAD=$offload: ping, 5 MB of TCP each way"
done
unset XT_OFFLOAD

# --- wg(8), reload, upgrade
{ start left && start right; } || die "up fails"
await 20 ping pings left 10.7.0.2 || die "no ping"
key=$(wg pubkey </tmp/right.key)
at left wg show left dump | grep -q "^$key" || fail "wg show"
at left wg set left peer "$key" persistent-keepalive 7 &&
	at left wg show left persistent-keepalive | grep -q '7$' || fail "wg set"
at left wg set left fwmark 0x77 || fail "wg set fwmark"
ok "wg(8) shows and sets"
sed -i 's/^ListenPort.*/ListenPort = 51999/' /tmp/left.conf
at left "$xt" reload left >>/tmp/left.log 2>&1 || fail "reload: exit code $?"
at left wg show left listen-port | grep -qx 51999 || fail "reload: the port"
await 20 ping pings left 10.7.0.2 || fail "no ping after a reload"
ok "reload"
at left "$xt" upgrade left >>/tmp/left.log 2>&1 || fail "upgrade: exit code $?"
await 20 ping pings left 10.7.0.2 || fail "no ping after an upgrade"
ok "upgrade"
at left "$xt" show left | grep -i -E 'sandbox|confine' | shown
{ stop left && stop right; } || fail "down"

# --- what became of the kernel's WireGuard meanwhile
if [ -n "$pinging" ]; then
	await 150 rekey handshake_after "$first" || fail "no rekey with the kernel's WireGuard"
	{ pings kernel 10.7.0.2 && pings peer fd07::1; } || fail "no ping after a rekey"
	kill -INT $pinging
	wait $pinging
	grep -q ' 0% packet loss' /tmp/pinging || fail "rekey: $(tail -n 2 /tmp/pinging | head -n 1)"
	ok "rekey with the kernel's WireGuard: $(grep loss /tmp/pinging)"
	stop peer || fail "down"
fi
end
