# SPDX-License-Identifier: MIT
# Common part of the end-to-end tests; every t_*.sh sources it first.
#
# It runs the script again in a mount, PID and network namespace of its own: what the test starts
# ends with it, /run belongs to it, and nothing reaches the host. So the names of network
# namespaces, devices and instances (`left`, `right`, `wire` ...) are private to a run, and any
# number of tests run at the same time. Addresses outside of the tunnel are from 198.18.0.0/15 and
# fd18::/32.
#
#   XT_BIN    the program (default: build/debug/xtunnel)
#   T         a folder for files and logs of this test; removed at the end, also after a failure
#   ok TEXT   records a result; fail TEXT and skip TEXT end the test (exit 1, 77)
#
# The usual test is
#
#   tunnel_start          two hosts, two configurations, two running instances, traffic both ways
#   ...
#   instances_stop        both end with exit code 0
#
# and tunnel_prepare, hosts_link, hosts_link_routed, configs_write and instances_start are its
# parts. Nothing here waits for time: `await SECONDS WHAT COMMAND...` returns as soon as COMMAND
# succeeds.
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2120
set -u

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
XT_BIN=$(realpath "${XT_BIN:-$SOURCE/build/debug/xtunnel}")
XT_SANITIZE=${XT_SANITIZE:-}
PYTHON=/usr/bin/python3
[ -x $PYTHON ] || PYTHON=python3

skip() {
	echo "skip: $*"
	exit 77
}

if [ -z "${XT_E2E_INSIDE:-}" ]; then
	[ -x "$XT_BIN" ] || { echo "FAIL: no program at $XT_BIN"; exit 1; }
	[ -e /dev/net/tun ] || skip "no /dev/net/tun"
	rights=()
	if [ "$(id -u)" != 0 ] || [ -n "${XT_E2E_ROOTLESS:-}" ]; then
		rights=(-U -r)
		unshare -U -r -n -m true 2>/dev/null || skip "neither root nor user namespaces"
		[ -w /dev/net/tun ] || skip "/dev/net/tun is not open to this user"
	fi
	(: <>/dev/net/tun) 2>/dev/null || skip "/dev/net/tun cannot be opened"
	unshare -n -m -p -f true 2>/dev/null || [ "${#rights[@]}" -gt 0 ] || skip "no namespaces"
	export XT_E2E_INSIDE=1
	T=$(mktemp -d "${TMPDIR:-/tmp}/xt-e2e.XXXXXX") || exit 1
	export T
	unshare "${rights[@]}" -n -m -p -f --mount-proc --kill-child "$0" "$@" </dev/null &
	child=$!
	trap 'kill -TERM $child 2>/dev/null' INT TERM HUP
	while :; do
		wait $child
		code=$?
		kill -0 $child 2>/dev/null || break
	done
	# The namespaces and their processes end with the child; only files remain.
	if [ -n "${XT_E2E_KEEP:-}" ]; then echo "files: $T"; else rm -rf "$T"; fi
	exit "$code"
fi

umask 022 # not the caller's: observers without root list /run/xtunnel
mount -t tmpfs tmpfs /run || exit 1
mkdir -p /run/netns /run/wireguard /run/xtunnel
for folder in /var/lib/xtunnel /etc/wireguard /etc/xtunnel; do
	[ ! -d $folder ] || mount -t tmpfs tmpfs $folder
done
[ -L /var/run ] || { mount -t tmpfs tmpfs /var/run && mkdir -p /var/run/wireguard; }
ip link set lo up
cd "$T" || exit 1
umask 077
# What an identity remembers across restarts. In memory: handshakes wait until it is written, and a
# busy disk takes seconds to sync.
export XT_STATE_DIR=/run/xtunnel-state

# Sanitizers report to files, so that a finding in any process counts, also in one that is never
# waited for.
export ASAN_OPTIONS="log_path=$T/sanitizer:detect_leaks=1:abort_on_error=0:exitcode=99"
export LSAN_OPTIONS="log_path=$T/sanitizer:exitcode=99"
export UBSAN_OPTIONS="log_path=$T/sanitizer:print_stacktrace=1"
export TSAN_OPTIONS="log_path=$T/sanitizer:exitcode=99"

declare -A PID # of running instances, by name
OKS=0

ok() {
	OKS=$((OKS + 1))
	echo "ok: $*"
}

logs() {
	local file
	for file in "$T"/*.log "$T"/sanitizer.*; do
		[ -s "$file" ] || continue
		echo "--- ${file##*/}"
		tail -n 40 "$file"
	done
}

fail() {
	echo "FAIL: $*"
	logs
	exit 1
}

finish() {
	local code=$? name
	trap - EXIT
	for name in "${!PID[@]}"; do
		kill -TERM "${PID[$name]}" 2>/dev/null
	done
	for name in "${!PID[@]}"; do
		awaits 10 gone "${PID[$name]}" || { echo "FAIL: $name does not end"; code=1; }
	done
	if compgen -G "$T/sanitizer.*" >/dev/null; then
		echo "FAIL: a sanitizer found something"
		logs
		code=1
	fi
	[ $code != 0 ] || [ $OKS -gt 0 ] || { echo "FAIL: the test proved nothing"; code=1; }
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/[.,]/} / 1000))
}

# awaits SECONDS CMD…: polls CMD every 10 ms; true as soon as it succeeds, false after SECONDS.
awaits() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.01
	done
}

# tunnel_process PID: the process that moves packets of the instance that PID started: its child, or
# PID itself where it is the whole instance.
tunnel_process() {
	local child
	for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		if [ "$(cat "/proc/$child/comm" 2>/dev/null)" = xtunnel-tunnel ]; then
			echo "$child"
			return
		fi
	done
	echo "$1"
}

# separate NAME: a process of its own moves the packets of the instance
separate() { [ "$(tunnel_process "${PID[$1]}")" != "${PID[$1]}" ]; }

# instance_processes PID: PID and all processes of its instance, the tunnel process among them.
instance_processes() {
	echo "$1"
	cat "/proc/$1/task/$1/children" 2>/dev/null
}

# await SECONDS WHAT CMD…: the same, but the test fails after SECONDS (three times that under a
# sanitizer).
await() {
	local seconds=$1 what=$2
	shift 2
	[ -z "$XT_SANITIZE" ] || seconds=$((seconds * 3))
	awaits "$seconds" "$@" || fail "$what: not within $seconds s ($*)"
}

# gone PID: the process has ended. One whose first thread is a zombie lives as long as its
# other threads.
gone() {
	[ ! -d "/proc/$1" ] ||
		{ [ "$(ps -o stat= -p "$1" | cut -c1)" = Z ] && [ "$(ps -o nlwp= -p "$1")" -le 1 ]; }
}
has() { # has PATTERN FILE
	grep -q -- "$1" "$2"
}

# refuses CODE TEXT CMD…: CMD must exit with CODE and write TEXT (a basic regexp) to standard error.
refuses() {
	local code=$1 text=$2 got
	shift 2
	"$@" >"$T/out" 2>"$T/err" </dev/null
	got=$?
	[ $got = "$code" ] || fail "$*: exit $got, not $code: $(cat "$T/out" "$T/err")"
	cat "$T/out" "$T/err" | grep -qi -- "$text" ||
		fail "$*: its message has no '$text': $(cat "$T/out" "$T/err")"
}

# at NAMESPACE CMD…: not with &, because $! would be the PID of a subshell
at() {
	ip netns exec "$@"
}

# Hosts and links --------------------------------------------------------------------------------

netns_add() { # netns_add NAME…: network namespaces with loopback
	local name
	for name; do
		ip netns add "$name" || fail "cannot add the network namespace $name"
		ip -n "$name" link set lo up
		# Removing the first address of a network must not remove the others.
		at "$name" sysctl -q -w net.ipv4.conf.all.promote_secondaries=1
	done
}

# link_up NAMESPACE DEVICE ADDR…: no address but these, so that the test knows all of them
link_up() {
	local where=$1 device=$2 address
	shift 2
	ip -n "$where" link set "$device" addrgenmode none
	for address; do
		case $address in
		*:*) ip -n "$where" addr add "$address" dev "$device" nodad ;;
		*) ip -n "$where" addr add "$address" dev "$device" ;;
		esac
	done
	ip -n "$where" link set "$device" up
}

# veth_add A DEVICE "ADDR…" B DEVICE "ADDR…": a veth pair between two namespaces, up
veth_add() {
	ip link add "$2" netns "$1" type veth peer name "$5" netns "$4" ||
		fail "cannot add a veth pair between $1 and $4"
	# shellcheck disable=SC2086
	link_up "$1" "$2" $3
	# shellcheck disable=SC2086
	link_up "$4" "$5" $6
}

L4=198.18.0.1 R4=198.18.0.2 L6=fd18::1 R6=fd18::2
# wire_add LEFT RIGHT: joins two hosts by a veth pair that is called `wire` on both sides
wire_add() {
	veth_add "$1" wire "$L4/24 $L6/64" "$2" wire "$R4/24 $R6/64"
}

# hosts_link: the hosts left and right with a wire between them
hosts_link() {
	netns_add left right
	wire_add left right
	await 5 "the wire" at left ping -c1 -W1 -q $R6
}

# hosts_link_routed: left (198.18.1.2) and right (198.18.2.2) with the host `router` between them,
# whose devices are called inside and outside; IPv4 only. Left has a default route, right has none.
hosts_link_routed() {
	netns_add left router right
	veth_add left wire 198.18.1.2/24 router inside 198.18.1.1/24
	veth_add right wire 198.18.2.2/24 router outside 198.18.2.1/24
	ip -n left route add default via 198.18.1.1
	at router sysctl -q -w net.ipv4.ip_forward=1
}

# host_files_cover FILE…: the file of that name here in place of the one in /etc, for this test only
host_files_cover() {
	local file
	chmod 644 "$@"
	for file in "$@"; do
		mount --bind "$T/$file" "/etc/$file" || return
	done
}

# resolvers_absent: resolvectl and resolvconf fail, so that DNS is a block in resolv.conf
resolvers_absent() {
	local name
	mkdir bin
	for name in resolvectl resolvconf; do printf '#!/bin/sh\nexit 1\n' >bin/$name; done
	chmod +x bin/*
	PATH=$T/bin:$PATH
}

# names_serve NAMESPACE ADDRESS: names.py is the only source of names; answers from the file
# `records`, queries in the file `queries`; SERVER
names_serve() {
	echo "nameserver $2" >resolv.conf
	echo "hosts: dns" >nsswitch.conf
	host_files_cover resolv.conf nsswitch.conf || skip "/etc cannot be covered"
	[ ! -S /var/run/nscd/socket ] || skip "nscd answers"
	: >records
	: >queries
	: >server.out
	ip netns exec "$1" "$PYTHON" "$SOURCE/tests/e2e/names.py" serve records queries "$2" \
		>server.out 2>server.log &
	SERVER=$!
	await 5 "the name server" has ready server.out
}

# Configurations ---------------------------------------------------------------------------------

keys_make() { # keys_make NAME…: KEY_NAME and PUB_NAME
	local name
	for name; do
		printf -v "KEY_$name" %s "$(wg genkey)"
		local key=KEY_$name
		printf -v "PUB_$name" %s "$(wg pubkey <<<"${!key}")"
	done
}

# config_write NAME NUMBER PEER PEER_NUMBER PEER_HOST INTERFACE_LINES PEER_LINES: NAME.conf
config_write() {
	local key=KEY_$1 public=PUB_$3
	cat >"$1.conf" <<-EOF
		[Interface]
		PrivateKey = ${!key}
		ListenPort = 5180$2
		Address = 10.7.0.$2/24, fd07::$2/64
		$6
		[Peer]
		PublicKey = ${!public}
		AllowedIPs = 10.7.0.$4/32, fd07::$4/128
		Endpoint = $5:5180$4
		$7
	EOF
}

# configs_write [OUTER_LEFT OUTER_RIGHT] [EXTRA_INTERFACE] [EXTRA_PEER]: left.conf and right.conf
# with new keys. Inside of the tunnel left is 10.7.0.1, fd07::1 and right 10.7.0.2, fd07::2; they
# listen on 51801 and 51802.
configs_write() {
	local l=${1:-$L4} r=${2:-$R4}
	case $l in *:*) l=[$l] r=[$r] ;; esac
	keys_make left right
	config_write left 1 right 2 "$r" "${3:-}" "${4:-}"
	config_write right 2 left 1 "$l" "${3:-}" "${4:-}"
}

# Instances --------------------------------------------------------------------------------------

# launch NAME [NAMESPACE]: `xtunnel run NAME.conf`, which is not ready yet on return
launch() {
	ip netns exec "${2:-$1}" "$XT_BIN" run "$T/$1.conf" </dev/null >>"$1.log" 2>&1 &
	PID[$1]=$!
}

# processes NAME: all of the instance, in one or several
processes() { echo "${PID[$1]}" $(pgrep -P "${PID[$1]}"); }

# start NAME [NAMESPACE]: the same, but ready on return
start() {
	launch "$1" "${2:-$1}"
	await 5 "$1 is ready" ready "$1" "${2:-$1}"
}

# start_bare NAME [NAMESPACE]: `xtunnel NAME`, as wg-quick and controllers start it: in the
# background, without a configuration; on return its socket answers
start_bare() {
	local where=${2:-$1}
	at "$where" "$XT_BIN" "$1" </dev/null >>"$1.log" 2>&1 || fail "xtunnel $1: exit $?"
	[ -S "/run/wireguard/$1.sock" ] || fail "xtunnel $1 returned before its socket was there"
	PID[$1]=$(json "$where" "$1" .pid)
}

# ready NAME [NAMESPACE]: answers `show`. An instance that ended fails the test at once.
ready() {
	kill -0 "${PID[$1]}" 2>/dev/null || fail "$1 ended: $(tail -n 5 "$T/$1.log")"
	at "${2:-$1}" "$XT_BIN" show "$1"
}

# instance_end NAME [SECONDS] [SIGNAL]: ends the instance; CODE is its exit code (127: not our
# child)
instance_end() {
	local pid=${PID[$1]}
	kill "-${3:-TERM}" "$pid"
	instance_ended "$1" "${2:-5}"
}

# instance_ended NAME [SECONDS]: waits for the end of an instance that something else causes
instance_ended() {
	local pid=${PID[$1]}
	await "${2:-5}" "$1 ends" gone "$pid"
	wait "$pid" 2>/dev/null
	CODE=$?
	unset "PID[$1]"
}

# stop NAME: a clean end, exit code 0
stop() {
	instance_end "$1"
	[ $CODE = 0 ] || [ $CODE = 127 ] || fail "$1 ended with $CODE"
}

# crash NAME: kill -9
crash() {
	instance_end "$1" 5 KILL
}

# crash_tunnel NAME: kill -9 of the process that moves packets alone. The monitor takes back what
# the instance has changed, and ends with exit code 1.
crash_tunnel() {
	local tunnel
	tunnel=$(tunnel_process "${PID[$1]}")
	if [ "$tunnel" = "${PID[$1]}" ]; then # one process is all of it
		crash "$1"
		return
	fi
	kill -KILL "$tunnel"
	instance_ended "$1"
	[ $CODE = 1 ] || [ $CODE = 127 ] || fail "$1 ended with $CODE after its tunnel process was killed"
}

# instances_start [OFFLOAD_LEFT OFFLOAD_RIGHT]: left and right, each with that XT_OFFLOAD
instances_start() {
	if [ $# = 2 ]; then
		XT_OFFLOAD=$1 start left
		XT_OFFLOAD=$2 start right
	else
		start left
		start right
	fi
}
instances_stop() {
	stop left
	stop right
}

# tunnel_prepare [ARGUMENTS OF configs_write]: everything but the instances
tunnel_prepare() {
	hosts_link
	configs_write "$@"
}
# tunnel_start [ARGUMENTS OF configs_write]: two instances that exchange packets
tunnel_start() {
	tunnel_prepare "$@"
	instances_start
	both_families left 2
}

# Traffic ----------------------------------------------------------------------------------------

# pings NAMESPACE ADDR [OPTION…]: one request is answered within 3 s, a handshake included
pings() {
	local where=$1 to=$2
	shift 2
	at "$where" ping -n -q -c1 -W3 "$@" "$to" >ping.log 2>&1
}

both_families() { # both_families NAMESPACE SIDE(1|2)
	pings "$1" "10.7.0.$2" || fail "no answer from 10.7.0.$2: $(cat ping.log)"
	pings "$1" "fd07::$2" || fail "no answer from fd07::$2: $(cat ping.log)"
}

# capture_begin FILE WORD...: `capture` of left writes to FILE, and to FILE.err; CAPTURING
capture_begin() {
	local file=$1
	shift
	: >"$file.err"
	ip netns exec left "$XT_BIN" capture left -w "$file" "$@" 2>"$file.err" &
	CAPTURING=$!
	await 5 "the capture" has capturing "$file.err"
}
capture_end() { # capture_end FILE [CODE]: Ctrl-C, exit code
	kill -INT "$CAPTURING"
	wait "$CAPTURING"
	local code=$?
	[ $code = "${2:-0}" ] || fail "capture ended with $code: $(cat "$1.err")"
}

flow() { # flow NAMESPACE VERB…: scripts/flow.py there
	at "$1" "$PYTHON" "$SOURCE/scripts/flow.py" "${@:2}"
}

# serve NAMESPACE tcp-serve|udp-serve PORT [CONNECTIONS]: in the background, ready on return; SERVER
serve() {
	: >serve.out
	ip netns exec "$1" "$PYTHON" "$SOURCE/scripts/flow.py" "${@:2}" >serve.out 2>serve.log &
	SERVER=$!
	await 10 "$2 on port $3" has ready serve.out
}

# tcp FROM TO ADDR BYTES: sends and compares hashes
tcp() {
	local port=$((20000 + RANDOM % 10000)) SERVER
	serve "$2" tcp-serve $port
	flow "$1" tcp-send "$3" $port "$4" >tcp.log 2>&1 || fail "TCP to $3: $(tail -n 3 tcp.log)"
	wait $SERVER
}

# capture NAMESPACE DEVICE FILE [FILTER…]: tcpdump, which sees all packets after the return
capture() {
	local where=$1 device=$2 file=$3
	shift 3
	: >"$file.log"
	ip netns exec "$where" tcpdump -Z root -U --immediate-mode -n -i "$device" -w "$file" "$@" \
		2>"$file.log" >/dev/null &
	CAPTURE=$!
	await 5 "tcpdump" has listening "$file.log"
}
capture_stop() {
	kill -TERM "$CAPTURE"
	wait "$CAPTURE" 2>/dev/null
}

# Clocks -----------------------------------------------------------------------------------------

# clocks_prepare NAME…: their instances will be started with clocks that the test can move
clocks_prepare() {
	local name
	[ -z "$XT_SANITIZE" ] || skip "a sanitizer does not let clocks be replaced"
	CLOCK_SHIM=$(dirname "$XT_BIN")/e2e_clock.so
	[ -f "$CLOCK_SHIM" ] || skip "no $CLOCK_SHIM"
	for name; do clock_move "$name" 0 0 0; done
}
# clock_start NAME: start, with such clocks
clock_start() {
	LD_PRELOAD=$CLOCK_SHIM CLOCK_FILE=$T/$1.clock start "$1"
}
# clock_move NAME MONOTONIC BOOTTIME REALTIME: what is added to them, in seconds, from now on
clock_move() {
	$PYTHON - "$T/$1.clock" "${@:2}" <<-'EOT'
		import os, struct, sys
		at = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)
		os.write(at, struct.pack("3q", *(int(float(s) * 10**9) for s in sys.argv[2:])))
	EOT
}
# clock_jumped NAME: the kernel reports to the instance that its clock has jumped
clock_jumped() {
	printf 12345678 >"$T/$1.clock.wake"
}

# Counters ---------------------------------------------------------------------------------------

# json NAMESPACE NAME FILTER: jq over `show NAME --json`
json() {
	at "$1" "$XT_BIN" show "$2" --json | jq -r "$3"
}
lost() { # lost NAMESPACE: datagrams that loss.nft dropped there
	at "$1" nft -j list table inet loss | jq '[.. | .counter? // empty | .packets] | add'
}
# verdict NAMESPACE NAME LABEL: how many packets had that verdict
verdict() {
	json "$1" "$2" ".counters.$3 // 0"
}
# checksum_errors NAMESPACE: TCP, UDP and IP checksums and IP headers that its kernel found wrong
checksum_errors() {
	at "$1" nstat -a -s -z -j | jq '[.kernel | .TcpInCsumErrors, .UdpInCsumErrors,
		.Udp6InCsumErrors, .IpExtInCsumErrors, .IpInHdrErrors, .Ip6InHdrErrors] | map(. // 0) | add'
}
fds() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
# descriptors NAME: those of all processes of the instance
descriptors() {
	local pid
	for pid in $(processes "$1"); do
		find "/proc/$pid/fd" -mindepth 1
	done | wc -l
}
