#!/bin/bash
# SPDX-License-Identifier: MIT
# Datagrams of 0 to 65,507 bytes through the tunnel come back unaltered, as UDP and as ping.
# labels: datapath
# timeout: 200
. "$(dirname "$0")/lib.sh"
tunnel_start
serve right udp-serve 5002
sizes=0-1500,1501-9000:97,9001-65000:1009,65480-65507
for to in 10.7.0.2 fd07::2; do
	flow left udp-sizes $to 5002 $sizes >sizes.log 2>&1 ||
		fail "UDP to $to: $(cat sizes.log)"
	ok "UDP to $to: $(cat sizes.log)"
	for size in 0 1 1391 1392 1393 1420 9000 65507; do
		pings left $to -s $size || fail "ping -s $size $to: $(cat ping.log)"
	done
	ok "ping to $to up to 65507 bytes"
done
