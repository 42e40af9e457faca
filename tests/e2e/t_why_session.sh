#!/bin/bash
# SPDX-License-Identifier: MIT
# `why` where a session exists and packets are lost all the same, with IMPLEMENTATION on the other
# side: AllowedIPs of either side, no peer for a destination, no answers, a path that is too small,
# a host that is too slow; then a healthy tunnel.
# labels: implementations
# cases: xtunnel debian go boringtun gotatun
# timeout: 150
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/why.sh"
command -v nft >/dev/null || skip "no nft"
hosts_link
configs_write
both_begin
answered left 10.7.0.2 10
says left up 3
says right up 3
quiet_of left
quiet_of right

# AllowedIPs of left do not have what right answers from; right sees no fault but in its counters.
at left wg set left peer "$PUB_right" allowed-ips 10.7.0.2/32,fd07::2/128
ip -n right addr add 10.7.0.9/32 dev lo
ip -n right route replace 10.7.0.1/32 dev right src 10.7.0.9
traffic right 10.7.0.1
says left allowed-ips
sentence left 10.7.0.9
says right one-way 20
at left wg set left peer "$PUB_right" allowed-ips 10.7.0.2/32,10.7.0.9/32,fd07::2/128
answered right 10.7.0.1 10
says left up 15
says right up 15
ok "AllowedIPs on this side"
quiet

# AllowedIPs of right do not have what left sends from.
ip -n left addr add 10.7.0.8/32 dev lo
ip -n left route replace 10.7.0.2/32 dev left src 10.7.0.8
traffic left 10.7.0.2
says left one-way 20
says right allowed-ips
sentence right 10.7.0.8
quiet
ip -n left route replace 10.7.0.2/32 dev left src 10.7.0.1
answered left 10.7.0.2 10
says left up 5
ok "AllowedIPs on the peer's side"

# A destination without a peer.
ip -n left route add 10.9.0.0/16 dev left
at left ping -n -q -c 3 -i 0.2 -W1 10.9.9.9 >/dev/null 2>&1
says_of left device no-route
why left '.device[] | select(.code == "no-route") | .sentence' | grep -q 10.9.9.9 ||
	fail "no destination: $(why left .device)"
says left up 5
ip -n left route del 10.9.0.0/16 dev left
ok "no peer for a destination"

# The peer's host drops requests.
filter right input 'iifname "right" drop'
traffic left 10.7.0.2
says left one-way 20
quiet
unfilter right
answered left 10.7.0.2 10
says left up 5
ok "requests without answers"

# Large datagrams vanish.
for side in left right; do ip -n $side link set wire gso_max_segs 1; done
for side in left right; do
	at $side nft -f - <<-EOT || skip "no nft ingress"
		table netdev hole {
			chain in {
				type filter hook ingress device "wire" priority 0;
				ether type ip meta length > 1300 drop
			}
		}
	EOT
done
quiet
stop left
start left
answered left 10.7.0.2 15
small() { [ "$(json left left '.peers[0].path_mtu // 0')" -gt 0 ]; }
await 15 "the path's MTU" small
# The route has that MTU; a program that probes sends more, and hears of it.
at left "$PYTHON" - <<-'EOT' || fail "datagrams"
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.IPPROTO_IP, 10, 3) # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE
	for _ in range(5):
	    s.sendto(bytes(1380), ("10.7.0.2", 9))
EOT
says left mtu
sentence left "$(json left left '.peers[0].path_mtu')"
both_end
