#!/bin/bash
# SPDX-License-Identifier: MIT
# 10 GB each way, half of it over either inner family: the kernels find no wrong checksum or header,
# no tag is wrong, no packet arrives twice, and the instances drop nothing themselves.
# labels: long
# timeout: 900
# alone
. "$(dirname "$0")/lib.sh"
command -v iperf3 >/dev/null || skip "no iperf3"
tunnel_start

half=5000 # MB, of a direction and family
[ -z "$XT_SANITIZE" ] || half=150

errors() { # errors NAMESPACE: error counters of its kernel
	at "$1" nstat -a -s -z -j | jq -c '.kernel | {TcpInCsumErrors, UdpInCsumErrors,
		Udp6InCsumErrors, IpExtInCsumErrors, IpInHdrErrors, Ip6InHdrErrors, TcpInErrs}'
}
none() { jq -e 'add == 0' <<<"$1" >/dev/null; }
# Multicast that hosts send by themselves has no route through the tunnel and is not a loss.
drops() {
	json "$1" "$1" '.counters | to_entries | map(select((.key | startswith("drop_")) and
		.key != "drop_multicast" and .value != 0)) | from_entries | tostring'
}
bytes() { json "$1" "$1" ".peers[0].$2"; } # bytes NAME tx_bytes|rx_bytes
cpu() { # of all processes of both
	local pid
	for pid in $(processes left) $(processes right); do cat "/proc/$pid/stat"; done |
		awk '{ n += $14 + $15 } END { print n }'
}
# Where kernels drop: queues of the TUN, receive buffers of the sockets.
queue() { ip -n "$1" -s -j link show "$1" | jq '.[0].stats64.tx.dropped'; }
buffer() { at "$1" nstat -a -s -z -j | jq '.kernel | .UdpRcvbufErrors + .Udp6RcvbufErrors'; }

# bulk FROM TO ADDR: prints what iperf3 measured
bulk() {
	local server port=5201 before t result moved

	before=$(cpu)
	t=$(now_ms)
	: >server.out
	ip netns exec "$2" iperf3 -s -1 -p $port --forceflush >server.out 2>&1 &
	server=$!
	await 10 "iperf3" has listening server.out
	at "$1" iperf3 -c "$3" -p $port -n ${half}M -J >client.json 2>client.err ||
		fail "iperf3 from $1 to $3: $(cat client.err) $(jq -r .error client.json)"
	wait $server
	t=$(($(now_ms) - t))
	result=$(jq '.end.sum_sent.bytes' client.json)
	[ "$result" -ge $((half * 1000000)) ] || fail "$result bytes from $1 to $3"
	moved=$(($(cpu) - before))
	ok "$1 to $3: $(awk -v b="$result" -v ms=$t -v ticks=$moved -v hz="$(getconf CLK_TCK)" 'BEGIN {
		printf "%.2f GB in %.1f s, %.2f Gbit/s, %.2f CPU-s/GB", b / 1e9, ms / 1e3,
			b * 8 / ms / 1e6, ticks / hz / (b / 1e9) }'), $(
		jq .end.sum_sent.retransmits client.json) retransmitted"
}
for to in 10.7.0.2 fd07::2; do bulk left right $to; done
for to in 10.7.0.1 fd07::1; do bulk right left $to; done

for side in left right; do
	wrong=$(errors $side)
	none "$wrong" || fail "$side: $wrong"
	dropped=$(drops $side)
	[ "$dropped" = "{}" ] || fail "$side dropped: $dropped"
	ok "$side: $wrong; dropped by the kernel: $(queue $side) before its TUN, $(buffer $side) at its socket"
done
# Unless a kernel dropped datagrams at a socket, each side has received all that the other one sent.
all_received() {
	[ "$(bytes left tx_bytes)" = "$(bytes right rx_bytes)" ] &&
		[ "$(bytes right tx_bytes)" = "$(bytes left rx_bytes)" ]
}
if [ "$(buffer left)" = 0 ] && [ "$(buffer right)" = 0 ]; then
	await 5 "what was sent was received" all_received
	ok "every datagram arrived: $(bytes left tx_bytes) and $(bytes right tx_bytes) bytes"
fi
instances_stop
