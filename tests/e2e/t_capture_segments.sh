#!/bin/bash
# SPDX-License-Identifier: MIT
# Under a TCP stream `capture` shows super-packets as the host sees them, and with --segments what
# is in the datagrams; both hold the same bytes.
# labels: datapath offloads
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "no tshark"
tunnel_start

bytes=1500000
for to in 10.7.0.2 fd07::2; do
	back=$([ $to = fd07::2 ] && echo fd07::1 || echo 10.7.0.1)
	capture_begin whole.pcapng -c 1000000
	WHOLE=$CAPTURING
	capture_begin segments.pcapng --segments
	tcp left right $to $bytes
	tcp right left "$back" $bytes
	kill -INT $WHOLE $CAPTURING
	wait $WHOLE || fail "exit $?"
	wait $CAPTURING || fail "exit $?"
	grep -q ", 0 dropped" whole.pcapng.err && grep -q ", 0 dropped" segments.pcapng.err ||
		fail "$(cat ./*.err)"
	for way in 1 2; do
		for file in whole segments; do
			tshark -n -r $file.pcapng -Y "tcp.len > 0 && frame.packet_flags_direction == $way" -T fields \
				-e tcp.len 2>/dev/null >lens
			sort -n lens | tail -1 >$file.most
			awk '{n += $1} END {print n + 0}' lens >$file.sum
		done
		[ "$(cat segments.most)" -le 1420 ] || fail "$to $way: a segment of $(cat segments.most) bytes"
		[ "$(cat whole.most)" -gt 3000 ] || fail "$to $way: no super-packet: $(cat whole.most) bytes"
		[ "$(cat whole.sum)" = "$(cat segments.sum)" ] && [ "$(cat whole.sum)" -ge $bytes ] ||
			fail "$to $way: $(cat whole.sum) and $(cat segments.sum) bytes"
	done
	[ "$(tshark -n -r segments.pcapng -o tcp.check_checksum:TRUE -Y 'tcp.checksum.status == 0' 2>/dev/null | wc -l)" = 0 ] ||
		fail "$to: wrong checksums of segments"
	ok "$to: super-packets of up to $(cat whole.most) bytes, segments of $(cat segments.most), the same bytes"
done
instances_stop
