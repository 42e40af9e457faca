#!/bin/bash
# SPDX-License-Identifier: MIT
# tshark's WireGuard dissector finds nothing malformed on the wire.
# labels: datapath
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "no tshark"
psk=$(wg genpsk)
tunnel_prepare "" "" "" "PresharedKey = $psk
PersistentKeepalive = 1"
capture left wire all.pcap udp
instances_start
both_families left 2
tcp left right 10.7.0.2 200000
for size in 0 1 15 16 17 1391 1392 9000; do
	pings left 10.7.0.2 -s $size || fail "ping -s $size"
done
# The first keepalive postpones that of the other side, so one direction is enough.
await 5 "a keepalive" eval \
	"[ \$((\$(verdict right right taken_keepalive) + \$(verdict left left taken_keepalive))) -gt 0 ]"
capture_stop
dissect() {
	HOME=$T tshark -r all.pcap -d udp.port==51801,wg -d udp.port==51802,wg "$@" 2>tshark.log
}
n=$(dissect -Y wg | wc -l)
[ "$n" -gt 20 ] || fail "tshark sees $n WireGuard messages: $(cat tshark.log)"
bad=$(dissect -Y "_ws.malformed or not wg")
[ -z "$bad" ] || fail "malformed: $bad"
for type in 1 2 4; do
	dissect -Y "wg.type == $type" | grep -q . || fail "no message of type $type"
done
dissect -Y "wg.reserved != 00:00:00" | grep -q . && fail "reserved bytes are not zero"
[ "$(dissect -Y "udp.checksum.status == 0" -o udp.check_checksum:TRUE | wc -l)" -lt "$n" ] || true
ok "$n messages of types 1, 2 and 4, none malformed"
