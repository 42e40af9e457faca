#!/bin/bash
# SPDX-License-Identifier: MIT
# The first process of a machine that scripts/kernels boots: /xt/xtunnel and /xt/tests are of this
# build, the serial console takes the results. The unit programs tried are those whose answers are a
# kernel's: sockets, TUN, netlink, io_uring, locks, processes.
# programs: test_channel test_command test_firewall test_gro_kernel test_handover test_hooks
# programs: test_key_command test_link_change test_link_linux test_log_sink test_loop_park
# programs: test_nl_linux test_no_alloc test_notify test_request_remote test_resolver_process
# programs: test_ring test_rule_linux test_rundir test_runner test_sandbox test_sandbox_user
# programs: test_secbuf test_server test_stderr test_tun_linux test_tun_offload test_udp_errors
# programs: test_udp_linux test_wake test_wake_uv test_worker_pool
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm /run/netns
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
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
	for name in left right; do
		tail -n 30 "/tmp/$name.log" 2>/dev/null | shown
	done
	end
}
await() { # await SECONDS WHAT COMMAND…
	local limit=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $limit ] || return 1
		sleep 0.2
	done
}

depmod # not every system that makes the image has it
for module in tun veth wireguard nf_tables nft_ct nft_fib_inet; do
	modprobe -q $module
done
release=$(uname -r)
ip link set lo up
xt=/xt/xtunnel
ok "$release boots"

# --- the unit programs
# What a kernel lacks is skipped by the program with its reason.
cd /tmp || exit 1
passed=0 skipped=0
for program in /xt/tests/*; do
	name=${program##*/}
	began=$SECONDS
	timeout -k 5 900 "$program" >/tmp/out 2>&1
	code=$?
	[ $((SECONDS - began)) -lt 20 ] || echo "    $name: $((SECONDS - began)) s"
	case $code in
	0) passed=$((passed + 1)) ;;
	77)
		skipped=$((skipped + 1))
		echo "skip: $name: $(tail -n 1 /tmp/out)"
		;;
	*)
		fail "$name: exit code $code"
		{ grep -E 'FAILED|ERROR|error:|\.c:[0-9]+' /tmp/out; tail -n 2 /tmp/out; } |
			head -n 30 | shown
		;;
	esac
done
[ $passed = 0 ] || ok "$passed unit programs pass, $skipped are skipped"

# --- a link between two hosts
ip netns add left
ip netns add right
ip link add wire0 netns left type veth peer name wire1 netns right
ip -n left addr add 198.18.0.1/24 dev wire0
ip -n right addr add 198.18.0.2/24 dev wire1
for pair in left:wire0 right:wire1 left:lo right:lo; do
	ip -n "${pair%:*}" link set "${pair#*:}" up
done
umask 077
wg genkey >/tmp/left.key
wg genkey >/tmp/right.key
config_write() { # config_write NAME THIS OTHER OTHER-NAME
	cat >"/tmp/$1.conf" <<-EOF2
		[Interface]
		PrivateKey = $(cat "/tmp/$1.key")
		ListenPort = 51820
		Address = 10.7.0.$2/24, fd07::$2/64
		[Peer]
		PublicKey = $(wg pubkey <"/tmp/$4.key")
		Endpoint = 198.18.0.$3:51820
		AllowedIPs = 10.7.0.$3/32, fd07::$3/128
	EOF2
}
config_write left 1 2 right
config_write right 2 1 left
start() { # start NAME: returns when it is up
	ip netns exec "$1" "$xt" up "/tmp/$1.conf" >>"/tmp/$1.log" 2>&1
}
stop() { ip netns exec "$1" "$xt" down "$1" >>"/tmp/$1.log" 2>&1; }
at() { # at NAME COMMAND…
	local where=$1
	shift
	ip netns exec "$where" "$@"
}
pings() { at left ping -q -c 1 -W 2 "$1"; }
tcp() { # tcp FROM TO ADDRESS: 20 MB, which must arrive as they were
	at "$2" nc -l -N "$3" 5000 </dev/null >/tmp/got &
	local server=$!
	await 10 listening at "$2" sh -c 'ss -ltn | grep -q :5000' || return 1
	timeout 120 ip netns exec "$1" nc -N "$3" 5000 </tmp/sent >/dev/null || return 1
	wait $server
	cmp -s /tmp/sent /tmp/got
}
head -c 20000000 /dev/urandom >/tmp/sent
for offload in all off udp tun; do
	export XT_OFFLOAD=$offload
	{ start left && start right; } || die "XT_OFFLOAD=$offload: up fails"
	{ await 20 ping pings 10.7.0.2 && await 20 ping pings fd07::2; } ||
		die "XT_OFFLOAD=$offload: no ping"
	tcp left right 10.7.0.2 || fail "XT_OFFLOAD=$offload: TCP to the right"
	tcp right left fd07::1 || fail "XT_OFFLOAD=$offload: TCP to the left"
	[ $offload != all ] || at left "$xt" show left --json |
		jq -c '[.. | objects | to_entries[] | select(.key | test("offload"))] | from_entries' | shown
	{ stop left && stop right; } || fail "XT_OFFLOAD=$offload: down fails"
	ok "link with XT_OFFLOAD=$offload: ping, 20 MB of TCP each way"
done
unset XT_OFFLOAD

# --- wg(8), reload, upgrade
{ start left && start right; } || die "up fails"
await 20 ping pings 10.7.0.2 || die "no ping"
key=$(wg pubkey </tmp/right.key)
at left wg show left dump | grep -q "^$key" || fail "wg show"
at left wg set left peer "$key" persistent-keepalive 7 &&
	at left wg show left persistent-keepalive | grep -q '7$' || fail "wg set"
at left wg set left fwmark 0x77 || fail "wg set fwmark"
ok "wg(8) shows and sets"
sed -i 's/^ListenPort.*/ListenPort = 51999/' /tmp/left.conf
at left "$xt" reload left >>/tmp/left.log 2>&1 || fail "reload: exit code $?"
at left wg show left listen-port | grep -qx 51999 || fail "reload: the port"
await 20 ping pings 10.7.0.2 || fail "no ping after a reload"
ok "reload"
at left "$xt" upgrade left >>/tmp/left.log 2>&1 || fail "upgrade: exit code $?"
await 20 ping pings 10.7.0.2 || fail "no ping after an upgrade"
ok "upgrade"
at left "$xt" show left | grep -i -E 'sandbox|confine' | shown
stop left || fail "down"

# --- the kernel's own WireGuard as the peer
if at left ip link add wg0 type wireguard 2>/tmp/out; then
	at left wg set wg0 private-key /tmp/left.key listen-port 51820 peer "$key" \
		endpoint 198.18.0.2:51820 allowed-ips 10.7.0.2/32,fd07::2/128 || fail "wg set wg0"
	at left ip addr add 10.7.0.1/24 dev wg0
	at left ip addr add fd07::1/64 dev wg0 nodad
	at left ip link set wg0 mtu 1420 up
	await 30 ping pings 10.7.0.2 || die "no ping from the kernel's WireGuard"
	tcp left right 10.7.0.2 || fail "TCP from the kernel's WireGuard"
	tcp right left fd07::1 || fail "TCP to the kernel's WireGuard"
	ok "the kernel's WireGuard is the peer: ping, 20 MB of TCP each way"
else
	fail "no WireGuard in this kernel: $(cat /tmp/out)"
fi
stop right || fail "down"
end
