#!/bin/bash
# kill -9 of either side while traffic runs, then a new start: traffic flows again within 100 ms,
# whichever side talks.
# alone
. "$(dirname "$0")/lib.sh"
world
pair
start left
start right
both_families left 2
limit=100
[ -z "$XT_SANITIZE" ] || limit=400

# From the moment that the restarted side is ready, in milliseconds; the talker's own start-up
# (a Python program's) is not part of it: it measures from its first packet.  The middle one of three
# counts, for a busy machine; a protocol that waits for a timer waits seconds, each time.
for killed in left right; do
	for talker in left right; do
		[ $talker = left ] && to=10.7.0.2 || to=10.7.0.1
		rm -f times
		for _ in 1 2 3; do
			pings $talker "$to" || fail "no answer before the kill: $(cat ping.log)"
			slay $killed
			start $killed
			at $talker "$PYTHON" "$SOURCE/scripts/flow.py" pong "$to" 20 >>times ||
				fail "killed $killed, $talker talks: no reply in 20 s"
		done
		ms=$(sort -n times | sed -n 2p)
		awk -v ms="$ms" -v limit=$limit 'BEGIN { exit !(ms < limit) }' ||
			fail "killed $killed, $talker talks: $(tr '\n' ' ' <times)ms"
		ok "killed $killed, $talker talks: $(tr '\n' ' ' <times)ms"
	done
done

# The same with traffic that never stops: what was lost lies between kill and reply.
ip netns exec left ping -n -i 0.01 -w 30 10.7.0.2 >steady.log 2>&1 &
steady=$!
await 5 "steady traffic" has "icmp_seq=20 " steady.log
slay right
start right
ready=$(now_ms)
last=$(tail -n 1 steady.log | sed 's/.*icmp_seq=\([0-9]*\).*/\1/')
await 5 "steady traffic again" eval \
	"[ \"\$(tail -n 1 steady.log | sed 's/.*icmp_seq=\([0-9]*\).*/\1/')\" -gt $((last + 2)) ]"
took=$(($(now_ms) - ready))
kill $steady
[ $took -lt $((limit + 400)) ] || fail "steady traffic came back after $took ms"
ok "steady traffic to the killed side came back within $took ms"
