#!/bin/bash
# SPDX-License-Identifier: MIT
# A host with several addresses answers from the one that was addressed, forgets it when it is
# removed, and follows its peer from IPv4 to IPv6 and back; TCP that runs meanwhile arrives
# complete.
# labels: datapath
# waits
. "$(dirname "$0")/lib.sh"
hosts_link
# right: a second address of each family on the wire, and one of each on loopback.
ip -n right addr add 198.18.0.3/24 dev wire
ip -n right addr add fd18::3/64 dev wire nodad
ip -n right addr add 198.18.9.9/32 dev lo
ip -n right addr add fd18:9::9/128 dev lo
ip -n left route add 198.18.9.9 via $R4
ip -n left route add fd18:9::9 via $R6
configs_write
sed -i '/^Endpoint/d' right.conf # it learns the endpoint of left from its packets
instances_start
key=$(sed -n 's/^PublicKey = //p' left.conf)

# point_at ADDRESS: the endpoint of right, for left
point_at() { at left wg set left peer "$key" endpoint "$1:51802" || fail "wg set endpoint $1"; }
# Counters and sockets of both sides, for messages.
account() {
	local side
	for side in left right; do
		printf '\n%s: %s\n' $side "$(json $side $side '"\(.peers[0].endpoint) \(.counters)"')"
		at $side ss -a -n -u
		at $side nstat -a -s | grep -E 'Udp6|NoRoute|Discard'
	done
}
# captured N: at least N datagrams of right, which are in heard.log
captured() {
	tcpdump -n -r wire.pcap >heard.log 2>/dev/null
	[ "$(wc -l <heard.log)" -ge "$1" ]
}
# heard ADDRESS: right sends everything to left from that address
heard() {
	local address=$1
	capture left wire wire.pcap udp src port 51802
	pings left 10.7.0.2 || fail "no answer through $address: $(cat ping.log)$(account)"
	pings right 10.7.0.1 || fail "right does not reach left: $(cat ping.log)"
	await 3 "an answer and a request from right" captured 2
	capture_stop
	captured 2
	! grep -v -F " $address.51802 >" heard.log || fail "not from $address"
	[ "$(json left left '.peers[0].endpoint' | tr -d '[]')" = "$address:51802" ] ||
		fail "left has $(json left left '.peers[0].endpoint'), not $address"
}

for address in 198.18.0.3 198.18.9.9 fd18::3 fd18:9::9 $R6 $R4 198.18.0.3; do
	case $address in *:*) point_at "[$address]" ;; *) point_at $address ;; esac
	heard $address
	ok "answered from $address, which was addressed"
done

# The address is removed; right sends first, from one that remains, and left follows.
ip -n right addr del 198.18.0.3/24 dev wire
pings right 10.7.0.1 || fail "right is stuck to an address that is gone: $(cat ping.log)"
heard $R4
ok "an address that is gone is forgotten at once"
point_at "[fd18:9::9]"
heard fd18:9::9
ip -n right addr del fd18:9::9/128 dev lo
pings right 10.7.0.1 || fail "right is stuck to an IPv6 address that is gone"
case $(json left left '.peers[0].endpoint') in
\[fd18::[23]\]:*) ;; # the kernel's choice
*) fail "left has not followed: $(json left left '.peers[0].endpoint')" ;;
esac
ok "so is one of IPv6"

# The route moves from a second wire to the first one.
veth_add left wire2 198.18.2.1/24 right wire2 198.18.2.2/24
ip -n right addr add 198.18.7.7/32 dev lo
ip -n left addr add 198.18.6.6/32 dev lo
ip -n left route add 198.18.7.7 via 198.18.2.2 dev wire2 src 198.18.6.6
ip -n right route add 198.18.6.6 via 198.18.2.1 dev wire2
point_at 198.18.7.7
pings left 10.7.0.2 || fail "over the second wire: $(cat ping.log)"
ip -n left route replace 198.18.7.7 via $R4 dev wire src 198.18.6.6
ip -n right route replace 198.18.6.6 via $L4 dev wire
ip -n right link set wire2 down
pings left 10.7.0.2 || fail "the route moved to the first wire: $(cat ping.log)"
heard 198.18.7.7
ok "another route, the same addresses"
point_at $R4
heard $R4

# TCP while left switches between the outer families.
long=9
[ -z "$XT_SANITIZE" ] || long=25
serve right tcp-serve 5001
flow left tcp-send 10.7.0.2 5001 30000000:$long >tcp.log 2>&1 &
sender=$!
# A datagram in flight at the change can move the endpoint of left back, so it is set again.
moves() { # moves ADDRESS PATTERN: right has left at an endpoint like that
	point_at "$1"
	at_endpoint "$2" || at_endpoint "$2" || at_endpoint "$2" # each look takes some milliseconds
}
at_endpoint() { [[ $(json right right '.peers[0].endpoint') =~ $1 ]]; }
received() { json right right '.peers[0].rx_bytes'; }
# progress: right receives 1 MB more
progress() {
	local before
	before=$(received)
	await 20 "TCP moves on" eval "[ \$(received) -gt $((before + 1000000)) ]"
}
for i in 1 2 3; do
	progress
	await 5 "right follows to IPv6" moves '[fd18::3]' "^.$L6.:"
	progress
	await 5 "right follows to IPv4" moves 198.18.9.9 '^198[.]18[.]'
done
wait $sender || fail "TCP while the family changed: $(cat tcp.log)"
ok "30 MB of TCP while the family changed six times: $(cut -d' ' -f3 tcp.log) s"
[ "$(json left left '.counters.drop_udp // 0')" -lt 5 ] || fail "refused: $(json left left .counters)"
instances_stop
