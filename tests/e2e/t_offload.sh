#!/bin/bash
# SPDX-License-Identifier: MIT
# Every offload and none, also different ones on the two sides: TCP and UDP of both families arrive
# unaltered both ways, the kernel finds no wrong checksum, and super-packets occur exactly where
# they are enabled.
# labels: datapath offloads
# timeout: 240
. "$(dirname "$0")/lib.sh"
tunnel_prepare

tuns() { # tuns NAMESPACE rx|tx: bytes per packet at its TUN, as the kernel counts
	ip -n "$1" -s -j link show "$1" | jq ".[0].stats64.$2 | .bytes / (.packets + 1) | floor"
}

bytes=4000000
[ -z "$XT_SANITIZE" ] || bytes=1500000
# LEFT RIGHT: XT_OFFLOAD of each side
for both in "all all" "off off" "tun udp" "udp tun" "all off"; do
	# shellcheck disable=SC2086
	set -- $both
	instances_start "$1" "$2"
	both_families left 2
	before=$(($(checksum_errors left) + $(checksum_errors right)))
	for to in 10.7.0.2 fd07::2; do tcp left right $to $bytes; done
	for to in 10.7.0.1 fd07::1; do tcp right left $to $bytes; done
	serve right udp-serve 5002
	for to in 10.7.0.2 fd07::2; do
		flow left udp-sizes $to 5002 0-1500:50,1380-1500 \
			>sizes.log 2>&1 || fail "UDP to $to: $(cat sizes.log)"
	done
	kill $SERVER
	wait $SERVER 2>/dev/null
	after=$(($(checksum_errors left) + $(checksum_errors right)))
	[ "$after" = "$before" ] || fail "$both: $((after - before)) checksums or headers wrong"
	given=$(tuns left tx) taken=$(tuns right rx)
	case $1 in
	all | tun) [ "$given" -gt 2000 ] || fail "$both: no super-packets left: $given" ;;
	*) [ "$given" -le 1420 ] || fail "$both: $given bytes a packet" ;;
	esac
	case $2 in
	all | tun) [ "$taken" -gt 1500 ] || fail "$both: nothing was merged: $taken" ;;
	*) [ "$taken" -le 1420 ] || fail "$both: $taken bytes a packet" ;;
	esac
	instances_stop
	ok "XT_OFFLOAD $1 and $2: $given bytes a packet out, $taken in"
done
