#!/bin/bash
# SPDX-License-Identifier: MIT
# kill -9 of either side while traffic runs, then a new start: traffic flows again within 100 ms,
# whichever side sends and whichever of its processes is killed first.
# alone
. "$(dirname "$0")/lib.sh"
tunnel_start
limit=100
[ -z "$XT_SANITIZE" ] || limit=400

# Milliseconds from the first packet of the sender, which starts when the restarted side is ready.
# The median of three counts, because the machine may be busy; a protocol that waits for a timer
# takes seconds each time.
for form in "crash left" "crash right" "crash_tunnel left" "crash_tunnel right"; do
	killed=${form#* }
	for sender in left right; do
		[ $sender = left ] && to=10.7.0.2 || to=10.7.0.1
		rm -f times.log
		for _ in 1 2 3; do
			pings $sender "$to" || fail "no answer before the kill: $(cat ping.log)"
			$form
			start $killed
			flow $sender pong "$to" 20 >>times.log ||
				fail "$form, $sender sends: no reply in 20 s"
		done
		ms=$(sort -n times.log | sed -n 2p)
		awk -v ms="$ms" -v limit=$limit 'BEGIN { exit !(ms < limit) }' ||
			fail "$form, $sender sends: $(tr '\n' ' ' <times.log)ms"
		ok "$form, $sender sends: $(tr '\n' ' ' <times.log)ms"
	done
done

# The same with continuous traffic: packets are lost between the kill and the first reply only.
ip netns exec left ping -n -i 0.01 -w 30 10.7.0.2 >steady.log 2>&1 &
steady=$!
await 5 "steady traffic" has "icmp_seq=20 " steady.log
crash right
start right
ready=$(now_ms)
last=$(tail -n 1 steady.log | sed 's/.*icmp_seq=\([0-9]*\).*/\1/')
await 5 "steady traffic again" eval \
	"[ \"\$(tail -n 1 steady.log | sed 's/.*icmp_seq=\([0-9]*\).*/\1/')\" -gt $((last + 2)) ]"
took=$(($(now_ms) - ready))
kill $steady
[ $took -lt $((limit + 400)) ] || fail "steady traffic came back after $took ms"
ok "steady traffic to the killed side came back within $took ms"

# A hub whose file has no Endpoint for its peer finds it by the endpoint that it remembers: the peer
# goes on sending, and would notice by itself only after 15 s.
sed -i '/^Endpoint/d' right.conf
crash left
crash right
start right
start left
pings left 10.7.0.2 || fail "no answer from a hub without Endpoint: $(cat ping.log)"
await 5 "the endpoint is on file" eval "grep -qs ':51801\$' $XT_STATE_DIR/*.peers"
for _ in 1 2 3; do
	crash right
	start right
	flow left pong 10.7.0.2 20 || fail "a hub without Endpoint, killed: no reply in 20 s"
done >times
ms=$(sort -n times | sed -n 2p)
awk -v ms="$ms" -v limit=$limit 'BEGIN { exit !(ms < limit) }' ||
	fail "a hub without Endpoint, killed: $(tr '\n' ' ' <times)ms"
ok "a hub without Endpoint, killed: $(tr '\n' ' ' <times)ms"
