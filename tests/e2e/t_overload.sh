#!/bin/bash
# SPDX-License-Identifier: MIT
# Overload: floods of small packets, a TUN and a socket that refuse, a peer and a program that stop
# reading. Every packet is accounted for, a ping still gets through, memory does not grow, and
# normal operation resumes at once.
# timeout: 360
# alone
# cases: flood tun udp peer
# shellcheck disable=SC2154,SC2034
. "$(dirname "$0")/lib.sh"
BLAST=${XT_BUILD:-$SOURCE/build/debug}/e2e_blast
[ -x "$BLAST" ] || skip "no $BLAST: it is built with the tests"
PORT=7000
sized() { # sized SIZE: payload from now on, pings too; LEN is that of the datagram that carries it
	SIZE=$1 LEN=$((($1 + 28 + 15) / 16 * 16 + 32))
}
sized 64
MANY=600000 SOME=20000 DEVICE=16
[ -z "$XT_SANITIZE" ] || MANY=200000

# IPv4 only, so that the hosts send nothing by themselves.
tunnel_prepare
sed -i 's/, fd07::[^ ]*//' left.conf right.conf
for side in left right; do
	at $side sysctl -q -w net.ipv6.conf.default.disable_ipv6=1
done
# ARP waits behind the data in a queue that is full: without an answer the kernel forgets the
# neighbour and drops, uncounted, what it is to get.
neighbour() { # neighbour SIDE OTHER ADDR
	ip -n "$1" neigh replace "$3" dev wire nud permanent lladdr \
		"$(ip -n "$2" -j link show wire | jq -r '.[0].address')" || fail "no neighbour"
}
neighbour left right $R4
neighbour right left $L4

begin() { # begin OFFLOAD_LEFT OFFLOAD_RIGHT
	instances_start "$1" "$2"
	pings left 10.7.0.2 || fail "no answer: $(cat ping.log)"
}
over() {
	pings left 10.7.0.2 || fail "no answer at the end: $(cat ping.log)"
	instances_stop
}
# private NAME: KiB of the process that moves packets: the others never see one
private() {
	awk '/^Private_/ { kb += $2 } END { print kb }' "/proc/$(tunnel_process "${PID[$1]}")/smaps_rollup"
}
lost_by_socket() { # lost_by_socket PORT: what that socket on the right has dropped
	at right awk -v port=":$(printf %04X "$1")\$" '$2 ~ port { n += $NF } END { print n + 0 }' \
		/proc/net/udp /proc/net/udp6
}

# take_counters ARRAY: where packets are and were dropped
#   ring    left's TUN queue was full       given  read by left from its TUN
#   sealed  bytes of left's datagrams       udp    those that the kernel refused
#   early   other drops before sealing      wire   dropped by the veth
#   socket  dropped at right's socket       opened bytes of right's datagrams
#   tun     refused by right's TUN          late   other drops after opening
#   echo    echo requests that reached the host of right
# Handshake messages that are dropped are in none of them: they are no packets.
take_counters() {
	local -n into=$1
	local early='.drop_malformed + .drop_no_route + .drop_multicast + .drop_no_endpoint +
		.drop_loop + .drop_staged_full + .drop_staged_lost + .drop_too_big + .drop_expired'
	read -r "into[given]" "into[ring]" < <(ip -n left -s -j link show left |
		jq -r '.[0].stats64.tx | "\(.packets) \(.dropped)"')
	read -r "into[sealed]" "into[udp]" "into[early]" < <(json left left \
		"\"\\(.peers[0].tx_bytes) \\(.counters.drop_udp) \\(.counters | $early)\"")
	into[wire]=$(ip -n left -s -j link show wire | jq '.[0].stats64.tx.dropped')
	into[socket]=$(lost_by_socket 51802)
	read -r "into[opened]" "into[tun]" "into[late]" < <(json right right \
		"\"\\(.peers[0].rx_bytes) \\(.counters.drop_tun)\" +
		\" \\(.counters | .drop_inner + .drop_source)\"")
	into[echo]=$(at right nstat -a -s -z -j | jq .kernel.IcmpInEchos)
}
declare -A WAS IS N
# N: the differences since `take_counters WAS`.
changes() {
	local key
	take_counters IS
	for key in "${!IS[@]}"; do N[$key]=$((IS[$key] - WAS[$key])); done
	# Datagrams of one length; the few handshake messages and keepalives are less than one.
	N[sealed]=$((N[sealed] / LEN)) N[opened]=$((N[opened] / LEN))
}
differences() { local key; for key in "${!N[@]}"; do echo -n "$key ${N[$key]} "; done; }

counter() { # counter [BUFFER]: from now on datagrams are counted on the right
	: >count.out
	NEXT=0 OFFERED=0
	ip netns exec right "$BLAST" count $PORT "$@" >count.out 2>&1 &
	COUNTER=$!
	await 5 "the counter" has ready count.out
}
counted() { # CAME, AGAIN, BEFORE; SPILT: dropped at its socket
	SPILT=$(lost_by_socket $PORT)
	kill -TERM $COUNTER
	wait $COUNTER || fail "the counter: $(cat count.out)"
	read -r CAME AGAIN BEFORE < <(tail -n 1 count.out)
}
blast() { # blast N: at full speed; OFFERED since the counter began
	at left "$BLAST" send 10.7.0.2 $PORT $SIZE "$1" $NEXT >blast.out 2>&1 || fail "$(cat blast.out)"
	NEXT=$((NEXT + $1)) OFFERED=$((OFFERED + $(cut -d' ' -f1 blast.out)))
}
# idle SIDE PORT: that socket has nothing to send and nothing to read
idle() {
	at "$1" ss -Huanm sport = ":$2" | awk 'match($0, /skmem:\([^)]*/) {
		n = split(substr($0, RSTART + 7, RLENGTH - 7), f, ",")
		for (i = 1; i <= n; i++)
			if (f[i] ~ /^[rt][1-9]/) busy = 1 } END { exit busy }'
}
# No packet is in flight: both sockets are empty, and the counters stay for 0.2 s.
quiet() {
	local once again
	idle left 51801 && idle right 51802 || return 1
	once="$(json right right '.peers[0].rx_bytes') $(json left left '.peers[0].tx_bytes')"
	sleep 0.2
	again="$(json right right '.peers[0].rx_bytes') $(json left left '.peers[0].tx_bytes')"
	[ "$once" = "$again" ]
}

# balance WHAT PINGS: each of OFFERED datagrams and PINGS is found again; the counter has been
# stopped. With XT_OFFLOAD=off the kernel counts datagrams (RUN 1), else runs of up to 64 of them.
balance() {
	local what=$1 pinged=$2 unseen kernel
	[ $((OFFERED + pinged)) = $((N[ring] + N[given])) ] ||
		fail "$what: $OFFERED datagrams and $pinged pings: $(differences)"
	[ "${N[given]}" = $((N[sealed] + N[early])) ] || fail "$what: lost inside left: $(differences)"
	unseen=$((N[sealed] - N[udp] - N[opened])) kernel=$((N[wire] + N[socket]))
	# Some of what the kernel dropped may have been messages of the device.
	[ $((unseen + DEVICE)) -ge $kernel ] && [ $unseen -le $((kernel * RUN)) ] ||
		fail "$what: $unseen datagrams lost on the wire: $(differences)"
	[ $((N[opened] - N[tun] - N[late] - N[echo])) = $((CAME + SPILT)) ] ||
		fail "$what: $CAME came, $SPILT spilt: $(differences)"
	[ "$AGAIN $BEFORE" = "0 0" ] || fail "$what: $AGAIN came twice, $BEFORE not in order"
}
# Buffers have fixed sizes but cost only what was touched, which varies. A leak of a few bytes per
# packet is more than this margin. Never more than 11 MiB.
steady() { # steady WHAT NAME WAS_KIB
	local is more=1024
	is=$(private "$2")
	[ -z "$XT_SANITIZE" ] || more=8192
	[ $((is - $3)) -le $more ] || fail "$1: $2 grew from $3 to $is KiB"
	[ -n "$XT_SANITIZE" ] || [ "$is" -le 11264 ] || fail "$1: $2 has $is KiB"
}

# Touches every buffer once: a stopped instance finds its queue full when it continues.
warm() {
	local side
	for side in right left; do
		kill -STOP $(processes "$side")
		blast $((MANY / 4))
		kill -CONT $(processes "$side")
	done
	blast $((MANY / 4))
	await 10 "all has passed" quiet
}
flood() { # flood XT_OFFLOAD RUN
	local left right pinger sent got
	RUN=$2
	begin "$1" "$1"
	counter
	warm
	left=$(private left) right=$(private right)
	counted
	counter
	take_counters WAS
	ip netns exec left ping -n -q -i 0.02 -s $SIZE 10.7.0.2 >pings.log 2>&1 &
	pinger=$!
	blast $MANY
	kill -INT $pinger
	wait $pinger
	await 10 "all has passed" quiet
	changes
	counted
	sent=$(awk '/transmitted/ { print $1 }' pings.log)
	got=$(awk '/transmitted/ { print $4 }' pings.log)
	balance "a flood, offload $1" "$sent"
	[ "${N[ring]}" -gt 0 ] || fail "that was no flood: $(differences)"
	[ "$CAME" -gt 0 ] && [ "$got" -gt 0 ] || fail "nothing comes through: $(cat pings.log)"
	steady "a flood" left "$left"
	steady "a flood" right "$right"
	ok "a flood of $OFFERED, offload $1: $CAME came, ${N[ring]} found a full queue, $((N[sealed] -
		N[opened])) lost outside, $((N[early] + N[late] + N[tun])) inside; $got of $sent pings" \
		"answered; $(private left) and $(private right) KiB"
	over
}

# The TUN of right refuses packets for a while.
tun() { # tun XT_OFFLOAD RUN
	local memory
	RUN=$2
	begin "$1" "$1"
	counter
	warm
	counted
	memory=$(private right)
	ip -n right link set right down
	counter
	take_counters WAS
	blast $SOME
	await 10 "all has passed" quiet
	changes
	counted
	balance "a TUN that is down, offload $1" 0
	[ "$CAME" = 0 ] && [ "${N[tun]}" = "${N[opened]}" ] && [ "${N[tun]}" -gt 0 ] ||
		fail "not all of it was refused: $(differences)"
	at right "$XT_BIN" show right >show.out
	has "dropped: ${IS[tun]}: the TUN device did not take" show.out || fail "$(cat show.out)"
	steady "a TUN that is down" right "$memory"
	ip -n right link set right up
	pings left 10.7.0.2 || fail "it does not come back: $(cat ping.log)"
	ok "a TUN that is down, offload $1: ${N[tun]} refused"

	counter 0 # a program that does not read
	take_counters WAS
	blast $SOME
	await 10 "all has passed" quiet
	changes
	counted
	balance "a program that does not read, offload $1" 0
	[ "$SPILT" -gt 0 ] && [ "${N[tun]}" = 0 ] || fail "nothing was spilt: $(differences)"
	ok "a program that does not read, offload $1: $CAME in its buffer, $SPILT spilt there"
	over
}

# injected SIDE FAULT [PATH]: every third call fails with FAULT, until uninjected
injected() {
	local tunnel
	tunnel=$(tunnel_process "${PID[$1]}")
	: >strace.out
	# shellcheck disable=SC2086
	strace -q -p "$tunnel" ${3:+-P $3} -e "inject=$2:when=1+3" -o strace.calls \
		-e trace="${2%%:*}" 2>strace.out &
	STRACE=$!
	attached() { [ "$(awk '/^TracerPid/ { print $2 }' "/proc/$1/status")" != 0 ]; }
	awaits 5 attached "$tunnel" || { kill $STRACE; return 1; }
}
uninjected() {
	kill -TERM $STRACE
	wait $STRACE 2>/dev/null
}
faults() { # faults XT_OFFLOAD RUN: errors that no wire of this kernel causes
	local memory
	RUN=$2
	# Writes through io_uring are not calls that strace could make fail. It makes the others
	# fail by the number -1 in their place, which the filter of a confined process does not
	# allow.
	XT_SANDBOX=off XT_URING=off begin "$1" "$1"
	counter
	warm
	counted
	memory=$(private left)
	for fault in EAGAIN ENOBUFS; do
		counter
		take_counters WAS
		injected left sendmmsg:error=$fault || { echo "no strace: $(cat strace.out)"; break; }
		blast $((SOME / 10))
		await 20 "all has passed" quiet
		uninjected
		changes
		counted
		balance "$fault at the socket, offload $1" 0
		has "$fault.*INJECTED" strace.calls || fail "no $fault was injected"
		case $fault in
		EAGAIN) [ "${N[udp]}" = 0 ] || fail "EAGAIN lost datagrams: $(differences)" ;;
		*) [ "${N[udp]}" -gt 0 ] || fail "ENOBUFS was not counted: $(differences)" ;;
		esac
		ok "$fault at the socket, offload $1: $OFFERED offered, ${N[udp]} dropped, $CAME came"
	done
	for fault in EAGAIN ENOBUFS; do
		counter
		take_counters WAS
		injected right write,writev:error=$fault /dev/net/tun || break
		blast $((SOME / 10))
		await 20 "all has passed" quiet
		uninjected
		changes
		counted
		balance "$fault at the TUN, offload $1" 0
		[ "${N[tun]}" -gt 0 ] && [ "$CAME" -gt 0 ] || fail "$fault: not counted: $(differences)"
		ok "$fault at the TUN, offload $1: ${N[tun]} dropped, $CAME came"
	done
	steady "faults" left "$memory"
	over
}

# holds PERCENT: the send buffer of left is that full
holds() {
	at left ss -Huanm sport = :51801 | awk -v part="$1" 'match($0, /skmem:\([^)]*/) {
		n = split(substr($0, RSTART + 7, RLENGTH - 7), f, ",")
		for (i = 1; i <= n; i++) {
			if (f[i] ~ /^t[0-9]/) t = substr(f[i], 2)
			if (f[i] ~ /^tb/) tb = substr(f[i], 3)
		}
		if (t * 100 >= tb * part) yes = 1 } END { exit !yes }'
}
drained() { [ "$(at left tc -s -j qdisc show dev wire | jq '.[0].backlog')" = 0 ] && quiet; }
# shape KIND…: a token bucket on left's wire
shape() { at left tc qdisc "$@" || fail "tc $*"; }
udp() { # udp XT_OFFLOAD RUN
	local memory given
	RUN=$2
	sized 1300
	begin "$1" "$1"
	counter
	warm
	counted

	# The wire is so slow, and its queue so much longer than any real one, that the socket
	# fills; the TUN is not read until there is room again.
	at left tc qdisc add dev wire root tbf rate 2mbit burst 100kb limit 1000000000 ||
		skip "no token bucket in this kernel"
	counter
	take_counters WAS
	changes
	given=-1
	# Linux calls a socket writable again when half of it is free.
	until holds 55 && [ "${N[given]}" = $given ]; do
		[ $NEXT -lt 3000000 ] || fail "the socket is never full: $(at left ss -uanm)"
		given=${N[given]}
		blast 10000
		changes
	done
	memory=$(private left)
	blast $SOME
	changes
	holds 55 || fail "the wire is not slow enough"
	[ "${N[given]}" = "$given" ] || fail "it went on reading: $(differences)"
	shape change dev wire root tbf rate 200mbit burst 100kb limit 1000000000
	await 20 "all has passed" drained # the first packet still waits for the slow bucket
	changes
	counted
	balance "a full socket, offload $1" 0
	[ "${N[udp]}" = 0 ] || fail "EAGAIN lost datagrams: $(differences)"
	[ "${N[ring]}" -ge $((SOME - 1000)) ] || fail "that was not much: $(differences)"
	steady "a full socket" left "$memory"
	ok "a full socket, offload $1: ${N[sealed]} of $OFFERED read, $CAME of them came"

	# What a full queue at the wire drops is refused by the socket, but for a part of a
	# super-packet. A message that is refused in the middle of a system call is offered a second
	# time: the queue counts more than what is lost.
	shape replace dev wire root tbf rate 16mbit burst 20kb limit 20kb
	counter
	take_counters WAS
	blast $SOME
	await 10 "all has passed" quiet
	dropped=$(at left tc -s -j qdisc show dev wire | jq '.[0].drops')
	shape del dev wire root
	pings left 10.7.0.2 -s $SIZE || fail "not at once: $(cat ping.log)"
	changes
	counted
	N[wire]=$((N[sealed] - N[udp] - N[opened]))
	[ "${N[wire]}" -ge -$DEVICE ] && [ $((N[wire] + N[udp])) -le $((dropped * RUN + DEVICE)) ] ||
		fail "the queue dropped $dropped: $(differences)"
	balance "a full queue, offload $1" 1
	[ "$dropped" -gt 0 ] && [ "${N[udp]}" -gt 0 ] && [ "${N[udp]}" -le $((dropped * RUN)) ] ||
		fail "the queue dropped $dropped: $(differences)"
	ok "a full queue at the wire, offload $1: ${N[udp]} dropped there, $CAME came"

	# A datagram that the kernel refuses to send is counted as a drop of the socket.
	at left nft -f - <<-EOF || fail "nft"
		table inet shut {
			chain out { type filter hook output priority 0; udp dport 51802 drop; }
		}
	EOF
	counter
	take_counters WAS
	blast $SOME
	await 10 "all has passed" quiet
	at left nft delete table inet shut
	pings left 10.7.0.2 -s $SIZE || fail "not at once: $(cat ping.log)"
	changes
	counted
	balance "a socket that refuses, offload $1" 1
	[ "$CAME" = 0 ] && [ $((N[udp] + 1)) = "${N[sealed]}" ] || fail "not all refused: $(differences)"
	at left "$XT_BIN" show left >show.out
	has "dropped: ${IS[udp]}: the UDP socket did not take" show.out || fail "$(cat show.out)"
	ok "a socket that refuses, offload $1: ${N[udp]} refused"
	over
}

stream() { # stream BYTES: to the right in the background; STREAM, SERVER
	serve right tcp-serve 7001
	flow left tcp-send 10.7.0.2 7001 "$1" >tcp.log 2>&1 &
	STREAM=$!
}
flows() { [ "$(json right right '.peers[0].rx_bytes')" -gt $((BASE + 2000000)) ]; }
dropping() { [ "$(lost_by_socket 51802)" -gt "$BASE" ]; }
peer() { # peer XT_OFFLOAD RUN: right is stopped for a while
	local memory other=0 dropped bytes=40000000:3 # of that many seconds
	begin "$1" "$1"
	for round in 1 2 3; do # by the third time every buffer has been used
		counter
		BASE=$(json right right '.peers[0].rx_bytes')
		stream $bytes
		await 10 "the stream flows" flows
		BASE=$(lost_by_socket 51802) dropped=$BASE
		kill -STOP $(processes right)
		blast $((MANY / 2))
		memory=$(private left)
		blast $((MANY / 2))
		dropping || fail "a peer that sleeps has room for all: $OFFERED"
		steady "a peer that sleeps" left "$memory"
		kill -0 $STREAM || fail "the stream has ended: $(cat tcp.log)"
		kill -CONT $(processes right)
		wait $STREAM || fail "the stream: $(cat tcp.log)"
		wait $SERVER
		await 10 "all has passed" quiet
		counted
		[ "$AGAIN $BEFORE" = "0 0" ] || fail "$AGAIN came twice, $BEFORE not in order"
		steady "a peer that sleeps" left "$memory"
		[ $round -lt 3 ] || steady "a peer that sleeps" right "$other"
		other=$(private right)
	done
	for side in left right; do
		[ "$(json $side $side '.counters | .drop_auth + .drop_replay + .drop_inner +
			.drop_tun + .drop_udp + .drop_index')" = 0 ] || fail "$(at $side "$XT_BIN" show $side)"
	done
	ok "a peer that sleeps, offload $1: $(($(lost_by_socket 51802) - dropped)) dropped at its" \
		"socket, $CAME of $OFFERED came; the stream is whole: $(cut -d' ' -f1,3 tcp.log);" \
		"$memory and $other KiB"

	# The program behind the peer does not read.
	BASE=$(json right right '.peers[0].rx_bytes')
	stream $bytes
	await 10 "the stream flows" flows
	kill -STOP $SERVER
	memory=$(private left) other=$(private right)
	BASE=0
	asleep() { # no more than 20 kB since the last poll: the TCP window is closed
		local now
		now=$(json right right '.peers[0].rx_bytes')
		[ $((now - BASE)) -lt 20000 ] || { BASE=$now; sleep 0.1; false; }
	}
	await 20 "the window is closed" asleep
	pings left 10.7.0.2 || fail "others suffer: $(cat ping.log)"
	steady "a program that sleeps" left "$memory"
	steady "a program that sleeps" right "$other"
	kill -CONT $SERVER
	wait $STREAM || fail "the stream: $(cat tcp.log)"
	wait $SERVER
	ok "a program that sleeps, offload $1: the stream is whole: $(cut -d' ' -f1,3 tcp.log)"
	over
}

case ${1:-} in
flood) flood off 1; flood all 64 ;;
tun) tun off 1; tun all 64; command -v strace >/dev/null && { faults off 1; faults all 64; } ;;
udp) udp off 1; udp all 64 ;;
peer) peer all 64 ;;
*) fail "which case?" ;;
esac
true
