#!/bin/bash
# SPDX-License-Identifier: MIT
# A packet that no AllowedIPs covers, or whose peer has no endpoint, is counted and answered with
# unreachable, at a limited rate.
# labels: datapath
# waits
. "$(dirname "$0")/lib.sh"
tunnel_prepare
sed -i '/^Endpoint/d; s|^AllowedIPs.*|&, 10.7.0.3/32|' left.conf
start left
for to in 10.7.0.50 10.7.0.2 fd07::50 fd07::2; do
	begin=$(now_ms)
	at left ping -n -c1 -W3 $to >ping.log 2>&1 && fail "$to answers"
	grep -qi "unreachable" ping.log || fail "$to: no unreachable: $(cat ping.log)"
	[ $(($(now_ms) - begin)) -lt 2500 ] || fail "$to: the answer came late"
done
ok "no AllowedIPs, no endpoint: unreachable at once, IPv4 and IPv6"
[ "$(verdict left left drop_no_route)" -ge 2 ] || fail "drop_no_route: $(verdict left left drop_no_route)"
[ "$(verdict left left drop_no_endpoint)" -ge 2 ] || fail "drop_no_endpoint: $(verdict left left drop_no_endpoint)"
ok "counted"
capture left left icmp.pcap "icmp[0] = 3"
before=$(verdict left left drop_no_route)
begin=$(now_ms)
at left ping -n -q -i 0.001 -c 500 -W1 10.7.0.50 >ping.log 2>&1
await 3 "the counter" eval "[ \$(verdict left left drop_no_route) -ge $((before + 490)) ]"
most=$((100 + ($(now_ms) - begin) / 10)) # 100 a second and a bucket of 50
capture_stop
n=$(tcpdump -n -r icmp.pcap 2>/dev/null | wc -l)
{ [ "$n" -gt 0 ] && [ "$n" -lt $most ]; } || fail "$n unreachable for 500 packets"
ok "rate-limited: $n answers to 500 packets"
