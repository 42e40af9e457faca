#!/bin/bash
# SPDX-License-Identifier: MIT
# The MTU of the interface changes while it runs: messages are padded up to it and not beyond, also
# when the notification of the kernel was lost.
# labels: datapath
. "$(dirname "$0")/lib.sh"
export LOG_LEVEL=verbose
tunnel_start

# leaves BYTES: the length of the datagram that carries a packet as long as the MTU
leaves() {
	local mtu
	mtu=$(ip -n left -j link show left | jq '.[0].mtu')
	capture left wire wire.pcap udp src port 51801 and greater 1000
	pings left 10.7.0.2 -s $((mtu - 28)) -M do || fail "ping at the MTU: $(cat ping.log)"
	capture_stop
	tcpdump -n -r wire.pcap 2>/dev/null | grep -q "length $1\$" ||
		fail "MTU $mtu, not $1 bytes: $(tcpdump -n -r wire.pcap 2>/dev/null)"
}
# These MTUs are not multiples of 16, so the datagram has 32 bytes more and no padding.
noticed() { has "MTU is $1 now" left.log; }
leaves 1452
ip -n left link set left mtu 1283
await 5 "the MTU is noticed" noticed 1283
leaves 1315
ok "a changed MTU"

# More events of other links than the kernel queues for a netlink listener.
kill -STOP $(processes left)
for i in $(seq 2000); do
	echo "link set lo mtu $((65000 + i % 2))"
done | ip -n left -batch - || { kill -CONT $(processes left); fail "links"; }
ip -n left link set left mtu 1299
kill -CONT $(processes left)
await 5 "the MTU is queried" noticed 1299
leaves 1331
ok "an MTU whose notification was lost"
instances_stop
