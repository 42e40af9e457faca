#!/bin/bash
# SPDX-License-Identifier: MIT
# A capture shows requests that the instance answers in place, and its replies, its own pings, and
# packets that wait for a session.
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "no tshark"
tunnel_prepare "" "" "Echo = both" "Name = far"
start left
shows() { # shows FILE FILTER
	[ -n "$(tshark -n -r "$1" -Y "$2" 2>/dev/null)" ] ||
		fail "$1: none of '$2': $(tshark -n -r "$1" -T fields -e frame.interface_id -e frame.packet_flags_direction -e _ws.col.Info -e frame.comment 2>/dev/null)"
}
out='frame.interface_id == 0 && frame.packet_flags_direction == 2'
in='frame.interface_id == 0 && frame.packet_flags_direction == 1'

capture_begin staged.pcapng --segments
at left ping -c1 -W1 -q 10.7.0.55 >/dev/null || fail "no answer of the interface"
at left "$PYTHON" -c '
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"first", ("10.7.0.2", 9))'
await 5 "a staged packet" eval '[ "$(verdict left left staged)" -ge 1 ]'
capture_end staged.pcapng
shows staged.pcapng "$out && udp.dstport == 9 && frame.comment contains \"staged: waits for a session\""
shows staged.pcapng "$out && icmp.type == 8 && ip.dst == 10.7.0.55 && frame.comment contains \"taken_echo\""
shows staged.pcapng "$in && icmp.type == 0 && ip.src == 10.7.0.55"
ok "a packet that waits for a session, and one that the interface answers itself"

start right
for form in --outer --segments; do
	capture_begin echo$form.pcapng $form
	at right "$XT_BIN" ping right 10.7.0.1 -c 1 >/dev/null || fail "ping from right"
	at right "$XT_BIN" ping right fd07::1 -c 1 >/dev/null || fail "ping from right"
	at left "$XT_BIN" ping left far -c 1 >/dev/null || fail "ping from left"
	capture_end echo$form.pcapng
	for both in "$in && icmp.type == 8 && ip.src == 10.7.0.2 && frame.comment contains \"taken_echo: echo request answered\"" \
		"$out && icmp.type == 0 && ip.dst == 10.7.0.2" \
		"$in && icmpv6.type == 128 && ipv6.src == fd07::2 && frame.comment contains \"taken_echo\"" \
		"$out && icmpv6.type == 129 && ipv6.dst == fd07::2" \
		"$out && icmp.type == 8 && ip.dst == 10.7.0.2" \
		"$in && icmp.type == 0 && ip.src == 10.7.0.2 && frame.comment contains \"taken_ping: echo reply\""; do
		shows echo$form.pcapng "$both"
	done
done
ok "requests and replies of both sides' instances, of both families"
instances_stop
