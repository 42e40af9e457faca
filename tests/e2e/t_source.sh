#!/bin/bash
# SPDX-License-Identifier: MIT
# A packet whose inner source is outside of AllowedIPs is dropped, counted and never delivered.
# labels: datapath
. "$(dirname "$0")/lib.sh"
tunnel_start
ip -n left addr add 10.9.9.9/32 dev left
ip -n left addr add fd07:9::9/128 dev left nodad
capture right right inner.pcap
for spoof in "10.9.9.9 10.7.0.2" "fd07:9::9 fd07::2"; do
	# shellcheck disable=SC2086
	set -- $spoof
	before=$(verdict right right drop_source)
	pings left "$2" -W1 -I "$1" && fail "$1: answered"
	awaits 3 eval "[ \$(verdict right right drop_source) -gt $before ]" ||
		fail "$1: not counted as drop_source"
	ok "inner source $1 is dropped and counted"
done
both_families left 2
capture_stop
tcpdump -n -r inner.pcap 2>/dev/null | grep -E '10\.9\.9\.9|fd07:9::9' &&
	fail "a spoofed packet reached the interface"
tcpdump -n -r inner.pcap 2>/dev/null | grep -q 10.7.0.1 || fail "the capture saw nothing at all"
ok "none of them reached the interface; the right address still works"
