# The end-to-end tests' common part; sourced first by every t_*.sh.
#
# A test runs in its own mount, PID and network namespace: what it starts dies with it, /run is its
# own, and nothing of it can reach the host.  In there it makes network namespaces `left`, `right` ….
#
#   XT_BIN    the program (default: build/debug/xtunnel)
#   T         a folder for files and logs of this test, removed at the end
#   ok TEXT   one more thing is proved; fail TEXT, skip TEXT end the test (exit 1, 77)
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
	if [ "$(id -u)" != 0 ]; then
		rights=(-U -r)
		unshare -U -r -n -m true 2>/dev/null || skip "neither root nor user namespaces"
		[ -w /dev/net/tun ] || skip "/dev/net/tun is not open to this user"
	fi
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
	# What a killed test left in its mount namespace is gone with it; only files remain.
	if [ -n "${XT_E2E_KEEP:-}" ]; then echo "files: $T"; else rm -rf "$T"; fi
	exit "$code"
fi

mount -t tmpfs tmpfs /run || exit 1
mkdir -p /run/netns /run/wireguard /run/xtunnel
for folder in /var/lib/xtunnel /etc/wireguard /etc/xtunnel; do
	[ ! -d $folder ] || mount -t tmpfs tmpfs $folder
done
[ -L /var/run ] || { mount -t tmpfs tmpfs /var/run && mkdir -p /var/run/wireguard; }
ip link set lo up
cd "$T" || exit 1
umask 077
export XT_STATE_DIR=$T/state # what an identity remembers across restarts

# A sanitizer's findings go to files: every process's count, also those nobody waits for.
export ASAN_OPTIONS="log_path=$T/sanitizer:detect_leaks=1:abort_on_error=0:exitcode=99"
export LSAN_OPTIONS="log_path=$T/sanitizer:exitcode=99"
export UBSAN_OPTIONS="log_path=$T/sanitizer:print_stacktrace=1"
export TSAN_OPTIONS="log_path=$T/sanitizer:exitcode=99"

declare -A PID # of what start() started, by endpoint name
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
		# wait, but not for ever
		awaits 10 gone "${PID[$name]}" || { echo "FAIL: $name does not end"; code=1; }
	done
	if compgen -G "$T/sanitizer.*" >/dev/null; then
		echo "FAIL: a sanitizer found something"
		logs
		code=1
	fi
	[ $code != 0 ] || [ $OKS -gt 0 ] || { echo "FAIL: nothing was proved"; code=1; }
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/[.,]/} / 1000))
}

# awaits SECONDS CMD…: true as soon as CMD is, false when the time is over.  Looks every 10 ms.
awaits() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.01
	done
}

# await SECONDS WHAT CMD…: the same, or the test fails.
await() {
	local seconds=$1 what=$2
	shift 2
	[ -z "$XT_SANITIZE" ] || seconds=$((seconds * 3))
	awaits "$seconds" "$@" || fail "$what: not within $seconds s ($*)"
}

# A process whose first thread is dead lives as long as the others.
gone() {
	[ ! -d "/proc/$1" ] ||
		{ [ "$(ps -o stat= -p "$1" | cut -c1)" = Z ] && [ "$(ps -o nlwp= -p "$1")" -le 1 ]; }
}
has() { grep -q -- "$1" "$2"; }

# refuses CODE TEXT CMD…: CMD exits with CODE and its standard error has TEXT (a basic regexp).
refuses() {
	local code=$1 text=$2 got
	shift 2
	"$@" >"$T/out" 2>"$T/err" </dev/null
	got=$?
	[ $got = "$code" ] || fail "$*: exit $got, not $code: $(cat "$T/out" "$T/err")"
	grep -qi -- "$text" "$T/err" || fail "$*: its message has no '$text': $(cat "$T/err")"
}

at() { # at NAMESPACE CMD…  (not with &: $! would be a shell's)
	ip netns exec "$@"
}

space() { # space NAME…: network namespaces with loopback
	local name
	for name; do
		ip netns add "$name" || fail "no network namespace"
		ip -n "$name" link set lo up
		# A test that removes the first address of a network means only that one.
		at "$name" sysctl -q -w net.ipv4.conf.all.promote_secondaries=1
	done
}

# wire A ADDR4 ADDR6 B ADDR4 ADDR6: a veth `wire` on both sides
wire() {
	ip link add wire netns "$1" type veth peer name wire netns "$4" || fail "no veth"
	local side
	for side in "$1 $2 $3" "$4 $5 $6"; do
		# shellcheck disable=SC2086
		set -- $side
		ip -n "$1" link set wire addrgenmode none # what nobody gave it comes and goes
		ip -n "$1" addr add "$2" dev wire
		ip -n "$1" addr add "$3" dev wire nodad
		ip -n "$1" link set wire up
	done
}

L4=198.18.0.1 R4=198.18.0.2 L6=fd18::1 R6=fd18::2
# The usual world: left and right with a wire between.
world() {
	space left right
	wire left $L4/24 $L6/64 right $R4/24 $R6/64
	await 5 "the wire" at left ping -c1 -W1 -q $R6
}

keys() { # keys NAME…: KEY_NAME and PUB_NAME
	local name
	for name; do
		printf -v "KEY_$name" %s "$(wg genkey)"
		local key=KEY_$name
		printf -v "PUB_$name" %s "$(wg pubkey <<<"${!key}")"
	done
}

# pair [OUTER_LEFT OUTER_RIGHT] [EXTRA_INTERFACE] [EXTRA_PEER]: both files, left.conf and right.conf.
# Inside: 10.7.0.1, fd07::1 and 10.7.0.2, fd07::2.  Listening on 51801 and 51802.
pair() {
	local l=${1:-$L4} r=${2:-$R4} interface=${3:-} peer=${4:-}
	case $l in *:*) l=[$l] r=[$r] ;; esac
	keys left right
	cat >left.conf <<-EOF
		[Interface]
		PrivateKey = $KEY_left
		ListenPort = 51801
		Address = 10.7.0.1/24, fd07::1/64
		$interface
		[Peer]
		PublicKey = $PUB_right
		AllowedIPs = 10.7.0.2/32, fd07::2/128
		Endpoint = $r:51802
		$peer
	EOF
	cat >right.conf <<-EOF
		[Interface]
		PrivateKey = $KEY_right
		ListenPort = 51802
		Address = 10.7.0.2/24, fd07::2/64
		$interface
		[Peer]
		PublicKey = $PUB_left
		AllowedIPs = 10.7.0.1/32, fd07::1/128
		Endpoint = $l:51801
		$peer
	EOF
}

# start NAME [NAMESPACE]: `xtunnel run NAME.conf` in the background, ready on return
start() {
	local name=$1 where=${2:-$1}
	ip netns exec "$where" "$XT_BIN" run "$T/$name.conf" </dev/null >>"$name.log" 2>&1 &
	PID[$name]=$!
	await 5 "$name is ready" ready "$name" "$where"
}

# Answers `show`: that is ready.  A process that ended is not awaited any longer.
ready() {
	kill -0 "${PID[$1]}" 2>/dev/null || fail "$1 ended: $(tail -n 5 "$T/$1.log")"
	at "${2:-$1}" "$XT_BIN" show "$1"
}

# stop NAME: a clean end, exit code 0
stop() {
	local pid=${PID[$1]}
	kill -TERM "$pid"
	await 5 "$1 ends" gone "$pid"
	wait "$pid"
	local code=$?
	unset "PID[$1]"
	[ $code = 0 ] || fail "$1 ended with $code"
}

# slay NAME: kill -9
slay() {
	kill -KILL "${PID[$1]}"
	wait "${PID[$1]}" 2>/dev/null
	unset "PID[$1]"
}

# pings NAMESPACE ADDR [OPTION…]: one is answered (waits for the handshake)
pings() {
	local where=$1 to=$2
	shift 2
	at "$where" ping -n -q -c1 -W3 "$@" "$to" >ping.log 2>&1
}

both_families() { # both_families NAMESPACE SIDE(1|2)
	pings "$1" "10.7.0.$2" || fail "no answer from 10.7.0.$2: $(cat ping.log)"
	pings "$1" "fd07::$2" || fail "no answer from fd07::$2: $(cat ping.log)"
}

# tcp FROM TO ADDR BYTES: sends and compares hashes
tcp() {
	local port=$((20000 + RANDOM % 10000)) server
	: >serve.out
	ip netns exec "$2" "$PYTHON" "$SOURCE/scripts/flow.py" tcp-serve $port \
		>serve.out 2>serve.log &
	server=$!
	await 10 "the TCP server" has ready serve.out
	at "$1" "$PYTHON" "$SOURCE/scripts/flow.py" tcp-send "$3" $port "$4" >tcp.log 2>&1 ||
		fail "TCP to $3: $(tail -n 3 tcp.log)"
	wait $server
}

# capture NAMESPACE DEVICE FILE [FILTER…]: tcpdump, sees packets from the return on
capture() {
	local where=$1 device=$2 file=$3
	shift 3
	: >"$file.log"
	ip netns exec "$where" tcpdump -Z root -U --immediate-mode -n -i "$device" -w "$file" "$@" \
		2>"$file.log" >/dev/null &
	CAPTURE=$!
	await 5 "tcpdump" has listening "$file.log"
}
capture_end() {
	kill -TERM "$CAPTURE"
	wait "$CAPTURE" 2>/dev/null
}

# json NAMESPACE NAME FILTER: jq over `show NAME --json`
json() {
	at "$1" "$XT_BIN" show "$2" --json | jq -r "$3"
}
lost() { # lost NAMESPACE: datagrams that loss.nft dropped there
	at "$1" nft -j list table inet loss | jq '[.. | .counter? // empty | .packets] | add'
}
# fate NAMESPACE NAME LABEL: how many packets had that verdict
fate() {
	json "$1" "$2" ".counters.$3 // 0"
}
wrong() { # wrong NAMESPACE: TCP, UDP and IP checksums that its kernel found wrong, or headers
	at "$1" nstat -a -s -z -j | jq '[.kernel | .TcpInCsumErrors, .UdpInCsumErrors,
		.Udp6InCsumErrors, .IpExtInCsumErrors, .IpInHdrErrors, .Ip6InHdrErrors] | map(. // 0) | add'
}
fds() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
