#!/bin/bash
# The interface's MTU is changed while it runs: messages are padded up to it and not beyond; also when
# the kernel could not tell of the change.
# labels: road
. "$(dirname "$0")/lib.sh"
export LOG_LEVEL=verbose
world
pair
start left
start right
both_families left 2

# leaves BYTES: so long is the datagram in which a packet as long as the MTU leaves
leaves() {
	local mtu
	mtu=$(ip -n left -j link show left | jq '.[0].mtu')
	capture left wire wire.pcap udp src port 51801 and greater 1000
	pings left 10.7.0.2 -s $((mtu - 28)) -M do || fail "ping at the MTU: $(cat ping.log)"
	capture_end
	tcpdump -n -r wire.pcap 2>/dev/null | grep -q "length $1\$" ||
		fail "MTU $mtu, not $1 bytes: $(tcpdump -n -r wire.pcap 2>/dev/null)"
}
# MTUs that are no multiples of 16: 32 bytes more, and no padding
told() { has "MTU is $1 now" left.log; }
leaves 1452
ip -n left link set left mtu 1283
await 5 "the MTU is noticed" told 1283
leaves 1315
ok "an MTU that was changed"

# What happens on other links in the meantime is more than the kernel keeps for a listener.
kill -STOP "${PID[left]}"
for i in $(seq 2000); do
	echo "link set lo mtu $((65000 + i % 2))"
done | ip -n left -batch - || { kill -CONT "${PID[left]}"; fail "links"; }
ip -n left link set left mtu 1299
kill -CONT "${PID[left]}"
await 5 "the MTU is asked for" told 1299
leaves 1331
ok "an MTU whose message was lost"
stop left
stop right
