#!/bin/bash
# SPDX-License-Identifier: MIT
# IPv4 and IPv6 inside, each over IPv4 and IPv6 outside, from either side, and TCP with hashes.
# labels: datapath
. "$(dirname "$0")/lib.sh"
hosts_link
for outer in 4 6; do
	if [ $outer = 4 ]; then configs_write $L4 $R4; else configs_write $L6 $R6; fi
	instances_start
	capture left wire outside.pcap "(ip or ip6) and not icmp6 and not ip6 multicast"
	both_families left 2
	both_families right 1
	tcp left right 10.7.0.2 3000000
	tcp right left fd07::1 3000000
	capture_stop
	[ "$(json left left '.peers[0].endpoint')" = "$(
		[ $outer = 4 ] && echo $R4:51802 || echo "[$R6]:51802")" ] ||
		fail "endpoint: $(json left left '.peers[0].endpoint')"
	other=$(tcpdump -n -r outside.pcap "not udp" 2>/dev/null)
	[ -z "$other" ] || fail "not only UDP on the wire: $other"
	tcpdump -n -r outside.pcap udp 2>/dev/null | grep -q . || fail "nothing on the wire"
	instances_stop
	ok "IPv4 and IPv6 inside, IPv$outer outside; only UDP outside"
done
