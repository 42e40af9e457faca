#!/bin/bash
# SPDX-License-Identifier: MIT
# An offload never repairs a damaged packet: it arrives as it was sent, on its own, between intact
# segments of its flow that were merged, and the kernel counts exactly these. Datagrams altered on
# the wire are dropped and counted.
# timeout: 120
. "$(dirname "$0")/lib.sh"
CORRUPT=$SOURCE/tests/e2e/corrupt.py
tunnel_prepare

errors() { # errors COUNTER: of the kernel on the right
	at right nstat -a -s -z -j | jq ".kernel.$1"
}
# damaged_flow SRC DST PROTOCOL COUNTER MODE: the TUN queue is filled while left is stopped, so that
# few passes carry the whole flow
damaged_flow() {
	local before after watcher
	before=$(errors "$4")
	: >watch.out
	ip netns exec right "$PYTHON" "$CORRUPT" watch right "$1" "$2" "$3" "$5" >watch.out 2>&1 &
	watcher=$!
	await 10 "the watcher" has ready watch.out
	kill -STOP $(processes left)
	at left "$PYTHON" "$CORRUPT" inject left "$1" "$2" "$3" >inject.out 2>&1 ||
		{ kill -CONT $(processes left); fail "inject: $(cat inject.out)"; }
	kill -CONT $(processes left)
	wait $watcher || fail "$3 from $1, $5: $(tail -n 3 watch.out)"
	after=$(errors "$4")
	[ $((after - before)) = 60 ] || fail "$4 grew by $((after - before)), not 60"
	ok "$3 from $1: $(tail -n 1 watch.out), $5"
}

for both in "all all merged" "off off single" "all udp single" "udp all merged"; do
	# shellcheck disable=SC2086
	set -- $both
	instances_start "$1" "$2"
	both_families left 2
	damaged_flow 10.7.0.1 10.7.0.2 tcp TcpInCsumErrors "$3"
	damaged_flow fd07::1 fd07::2 tcp TcpInCsumErrors "$3"
	damaged_flow 10.7.0.1 10.7.0.2 udp UdpInCsumErrors "$3"
	damaged_flow fd07::1 fd07::2 udp Udp6InCsumErrors "$3"
	instances_stop
done

# A TCP stream of the kernel with damaged copies of its segments in between.
instances_start
both_families left 2
bytes=30000000 n=200
[ -z "$XT_SANITIZE" ] || bytes=8000000
for to in 10.7.0.2 fd07::2; do
	before=$(errors TcpInCsumErrors)
	serve right tcp-serve 4003
	at left "$PYTHON" "$CORRUPT" amid left $to 4003 $bytes $n >amid.out 2>&1 ||
		fail "amid: $(tail -n 3 amid.out)"
	wait $SERVER
	wrong=$(($(errors TcpInCsumErrors) - before))
	[ $wrong = $n ] || fail "$wrong segments with a wrong checksum arrived, not $n"
	ok "to $to: $(cat amid.out)"
done

# Every region of a data message altered on the wire: each is dropped for its own reason.
: >wire.out
ip netns exec right "$PYTHON" "$CORRUPT" wire wire message.bin >wire.out 2>&1 &
watcher=$!
await 10 "the watcher" has ready wire.out
pings left 10.7.0.2 -s 500 || fail "no answer"
wait $watcher || fail "no data message was seen: $(cat wire.out)"
drops() { json right right '.counters | .drop_message + .drop_index + .drop_auth'; }
taken() { ip -n right -s -j link show right | jq '.[0].stats64.rx.packets'; }
before="$(verdict right right drop_message) $(verdict right right drop_index) $(verdict right right drop_auth)"
all=$(drops) packets=$(taken)
at left "$PYTHON" "$CORRUPT" forge message.bin "$R4" 51802 >forge.out || fail "forge"
sent=$(awk '{ sum += $2 } END { print sum }' forge.out)
arrived() { [ "$(drops)" = $((all + sent)) ]; }
await 5 "every altered message is dropped" arrived
[ "$(taken)" = "$packets" ] || fail "something was delivered"
# shellcheck disable=SC2086
set -- $before
of() { awk -v region="^($1)\$" '$1 ~ region { sum += $2 } END { print sum }' forge.out; }
[ $(($(verdict right right drop_message) - $1)) = "$(of message)" ] || fail "not by their type"
[ $(($(verdict right right drop_index) - $2)) = "$(of index)" ] || fail "not by their index"
[ $(($(verdict right right drop_auth) - $3)) = "$(of 'counter|text|tag')" ] || fail "not by their tag"
[ "$(verdict right right drop_replay)" = 0 ] || fail "a forged counter was believed"
both_families left 2
ok "$sent altered messages: none passes, each is counted, the session stays"
instances_stop
