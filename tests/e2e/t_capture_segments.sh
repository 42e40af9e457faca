#!/bin/bash
# SPDX-License-Identifier: MIT
# Under streams of TCP and UDP, whose super-packets the host leaves with partial checksums,
# `capture` shows packets as the host sees them, and with --segments what is in the datagrams: both
# hold the bytes that were sent, and right checksums.
# labels: datapath offloads
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "no tshark"
tunnel_start
serve right udp-serve 5002

# streams_check NAME BYTES HASH WAY: whole.pcapng and segments.pcapng have the stream of that
# direction; WHOLE_MOST, its largest packet
streams_check() {
	local form most
	for form in whole segments; do
		most=$(awk "\$1 == \"$4\" && \$3 == $2 && \$4 == \"$3\" {print \$2}" $form.streams)
		[ -n "$most" ] || fail "$1: no stream of $2 bytes $4 with $3: $(cat $form.streams)"
		[ $form = whole ] && WHOLE_MOST=$most
	done
	[ "$most" -le 1420 ] || fail "$1: a segment of $most bytes"
}

bytes=1500000
for to in 10.7.0.2 fd07::2; do
	back=$([ $to = fd07::2 ] && echo fd07::1 || echo 10.7.0.1)
	capture_begin whole.pcapng -c 1000000
	WHOLE=$CAPTURING
	capture_begin segments.pcapng --segments
	tcp left right $to $bytes
	read -r _ out_hash _ <tcp.log
	tcp right left "$back" $bytes
	read -r _ in_hash _ <tcp.log
	flow left udp-super $to 5002 20 >udp.log 2>&1 || fail "UDP to $to: $(tail -n 3 udp.log)"
	read -r udp_bytes udp_hash <udp.log
	kill -INT $WHOLE $CAPTURING
	wait $WHOLE || fail "exit $?"
	wait $CAPTURING || fail "exit $?"
	grep -q ", 0 dropped" whole.pcapng.err && grep -q ", 0 dropped" segments.pcapng.err ||
		fail "$(cat ./*.err)"
	for form in whole segments; do
		"$PYTHON" "$SOURCE/tests/e2e/capture_streams.py" $form $form.pcapng >$form.streams 2>&1 ||
			fail "$to, $form: $(cat $form.streams)"
	done
	streams_check "$to TCP" $bytes "$out_hash" out
	[ "$WHOLE_MOST" -gt 3000 ] || fail "$to: no TCP super-packet from the host: $WHOLE_MOST bytes"
	streams_check "$to TCP" $bytes "$in_hash" in
	[ "$WHOLE_MOST" -gt 3000 ] || fail "$to: no TCP super-packet to the host: $WHOLE_MOST bytes"
	tcp_most=$WHOLE_MOST
	streams_check "$to UDP" "$udp_bytes" "$udp_hash" in
	streams_check "$to UDP" "$udp_bytes" "$udp_hash" out
	json left left .offload | grep -qv uso || [ "$WHOLE_MOST" -gt 3000 ] ||
		fail "$to: no UDP super-packet from the host: $WHOLE_MOST bytes"
	for protocol in tcp udp; do
		# 1: right. A segment whose checksum is 0 has 0 in TCP, and 0xffff in UDP.
		states=$(tshark -n -r segments.pcapng -o $protocol.check_checksum:TRUE -Y $protocol \
			-T fields -e $protocol.checksum.status 2>/dev/null | sort -u)
		[ "$states" = 1 ] || fail "$to: checksums of $protocol segments: ${states//$'\n'/ }"
	done
	ok "$to: super-packets of up to $tcp_most (TCP) and $WHOLE_MOST (UDP) bytes, the bytes that were sent"
done
kill $SERVER
wait $SERVER 2>/dev/null
instances_stop
