#!/bin/bash
# SPDX-License-Identifier: MIT
# The way out moves to another link: at most one of the pings, one each 0.2 s, is lost in either
# direction, behind a router that drops what comes by the wrong link. Changes that concern no peer
# cause no datagram.
# WAY_OUT_WITH=wireguard-go runs that as the host whose routes change, and only prints.
# labels: datapath
# waits
. "$(dirname "$0")/lib.sh"

# A router solicits neighbours of a forwarded packet from its link-local address.
# left has two uplinks to the router `net`, which has a strict reverse path filter; right has one.
netns_add left net right
uplink_add() { # uplink_add N
	veth_add left up"$1" "198.18.$1.2/24 fd18:$1::2/64" net to"$1" "198.18.$1.1/24 fd18:$1::1/64 fe80::1/64"
	at net sysctl -q -w net.ipv4.conf.to"$1".rp_filter=1
}
at net sysctl -q -w net.ipv4.conf.all.rp_filter=1 net.ipv4.ip_forward=1 \
	net.ipv6.conf.all.forwarding=1
uplink_add 1
uplink_add 2
veth_add right wire "198.18.3.2/24 fd18:3::2/64" net to3 "198.18.3.1/24 fd18:3::1/64 fe80::1/64"
ip -n right route add default via 198.18.3.1
await 5 "the route" ip -n right -6 route replace default via fd18:3::1
# IPv6 has no rp_filter: the firewall does the same.
at net nft -f - <<-EOF2 || skip "no nft"
	table ip6 strict {
		chain in {
			type filter hook prerouting priority raw
			meta l4proto udp fib saddr . iif oif missing drop
		}
	}
EOF2
routes_reset() {
	ip -n left route flush table main proto static 2>/dev/null
	ip -n left route replace default via 198.18.1.1 metric 100
	# IPv6 has no route before the kernel has seen the carrier.
	await 5 "the route" ip -n left -6 route replace default via fd18:1::1 metric 100
	await 5 "the way to right" at left ping -n -q -c1 -W1 fd18:3::2
}
routes_reset
configs_write 198.18.1.2 198.18.3.2 "MTU = 1420" # no probe is among the datagrams that are counted
sed -i '/^Endpoint/d' right.conf
start right
key=$(sed -n 's/^PublicKey = //p' left.conf)
if [ -n "${WAY_OUT_WITH:-}" ]; then
	at left "$WAY_OUT_WITH" left >/dev/null 2>&1 || fail "$WAY_OUT_WITH"
	wg-quick strip ./left.conf >left.stripped
	at left wg setconf left left.stripped
	link_up left left 10.7.0.1/24 fd07::1/64
else
	start left
fi
pings left 10.7.0.2 || fail "no answer at first"

lost_of() { sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 \2/p' "$1" |
	{ read -r sent got && echo $((sent - got)); }; }
# count: pings in both directions for 3 s, while COMMAND runs after 0.6 s
# changes TEXT COMMAND…
changes() {
	local text=$1 out back
	shift
	sleep 0.3 # what was learned of the last case settles
	ip netns exec left ping -n -q -i 0.2 -c 15 -W 1 10.7.0.2 >out.log 2>&1 &
	local a=$!
	ip netns exec right ping -n -q -i 0.2 -c 15 -W 1 10.7.0.1 >back.log 2>&1 &
	local b=$!
	sleep 0.7
	"$@" || fail "$text: the change itself failed"
	wait $a $b
	out=$(lost_of out.log) back=$(lost_of back.log)
	printf '%-52s %2s of 15 out, %2s of 15 back\n' "$text" "$out" "$back"
	[ -n "${WAY_OUT_WITH:-}" ] || { [ "$out" -le 1 ] && [ "$back" -le 1 ]; } ||
		fail "$text: $out and $back pings of 15 are lost"
	ok "$text"
}
on() { ip -n left "$@"; }
point_at() { at left wg set left peer "$key" endpoint "$1"; }
# A datagram of right in flight moves the endpoint back, so it is set again.
points_at() {
	at left wg show left endpoints | grep -qF "$1" || { point_at "$1" && pings left 10.7.0.2 && false; }
}

for family in 4 6; do
	if [ $family = 4 ]; then
		gate=198.18. end=.1 far=198.18.3.2
		wide=198.18.3.0/24
	else
		gate=fd18: end=::1 far=fd18:3::2
		wide=fd18:3::/64
		changes "IPv4 to IPv6 by wg set endpoint" point_at "[$far]:51802"
		await 3 "IPv6" points_at "[$far]:51802"
	fi
	changes "IPv$family: default route replaced" \
		on -$family route replace default via ${gate}2$end metric 100
	changes "IPv$family: default route back" \
		on -$family route replace default via ${gate}1$end metric 100
	changes "IPv$family: more specific route added" on -$family route add $wide via ${gate}2$end
	changes "IPv$family: more specific route removed" on -$family route del $wide via ${gate}2$end
	on -$family route add default via ${gate}2$end metric 200
	metric_move() {
		on -$family route add default via ${gate}1$end metric 300 &&
			on -$family route del default via ${gate}1$end metric 100
	}
	changes "IPv$family: metric of the first raised" metric_move
	on -$family route add default via ${gate}1$end metric 100
	on -$family route del default via ${gate}1$end metric 300
	at left ping -n -q -c2 -i 0.2 10.7.0.2 >/dev/null
	link_down() { on link set up1 down; }
	changes "IPv$family: link down, its address kept" link_down
	on link set up1 up
	on addr replace fd18:1::2/64 dev up1 nodad
	routes_reset
	at left ping -n -q -c2 -i 0.2 10.7.0.2 >/dev/null
	bits=24
	[ $family = 4 ] || bits=64
	address_remove() { on addr del ${gate}1$end_own/$bits dev up1; }
	end_own=${end%1}2
	# The route of IPv6 stays, so another address has to be there.
	[ $family = 4 ] || on addr add fd18:1::3/64 dev up1 nodad
	changes "IPv$family: address removed" address_remove
	[ $family = 4 ] || on addr del fd18:1::3/64 dev up1
	on addr add ${gate}1$end_own/$bits dev up1 nodad 2>/dev/null || on addr add ${gate}1$end_own/$bits dev up1
	routes_reset
	at left ping -n -q -c2 -i 0.2 10.7.0.2 >/dev/null
	on -$family route del default via ${gate}2$end metric 200
	on -$family route add default via ${gate}2$end table 77
	at left wg set left fwmark 7
	changes "IPv$family: rule for the mark added" on -$family rule add fwmark 7 table 77
	changes "IPv$family: mark taken away" at left wg set left fwmark 0
	on -$family rule del fwmark 7 table 77
	on -$family route flush table 77
	# From when a usable path exists again.
	on link del up1
	uplink_add 1
	routes_reset
	changes "IPv$family: interface deleted and made again" true
done
changes "IPv6 to IPv4 by wg set endpoint" point_at 198.18.3.2:51802
[ -z "${WAY_OUT_WITH:-}" ] || exit 0

# Changes that do not concern the route to the peer.
changes "before the count" true
sleep 0.1
datagrams() { at net nft -j list counter ip count seen | jq '[.nftables[].counter.packets // empty] | add'; }
at net nft -f - <<-EOF2
	table ip count {
		counter seen { }
		chain in {
			type filter hook prerouting priority raw
			udp dport 51801-51802 counter name seen
			udp sport 51801-51802 counter name seen
		}
	}
EOF2
before=$(datagrams)
for i in $(seq 100); do
	on link add x$i type veth peer name y$i
	on addr add 10.200.$i.1/24 dev x$i
	on link set x$i up
	on link del x$i
done
sleep 0.1
[ "$(datagrams)" = "$before" ] || fail "$(($(datagrams) - before)) datagrams for veth pairs"
ok "100 unrelated veth pairs cause no datagram"
instances_stop
