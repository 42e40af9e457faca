#!/bin/bash
# SPDX-License-Identifier: MIT
# Inner MTUs from 576 to 65472, set by the file or changed while running, with and without offloads,
# over an Ethernet wire and a jumbo one: full packets and streams pass, both families. An MTU that
# fits no datagram is refused with the reason; one that others set too large gives a warning.
# timeout: 180
. "$(dirname "$0")/lib.sh"
tunnel_prepare
cp left.conf left.whole
cp right.conf right.whole

bytes=1000000
[ -z "$XT_SANITIZE" ] || bytes=400000

outer() { # outer MTU: of the wire
	local side
	for side in left right; do ip -n $side link set wire mtu "$1" || fail "no wire of $1 bytes"; done
}
set_mtu() { # set_mtu MTU: in both files; below 1280 there is no IPv6
	local name
	for name in left right; do
		sed "s/^\[Interface\]/&\nMTU = $1/" $name.whole >$name.conf
		[ "$1" -ge 1280 ] || sed -i 's/, fd07[^ ]*//' $name.conf
	done
}
fragments() { # datagrams that were fragmented when sent, both sides
	local side sum=0
	for side in left right; do
		sum=$((sum + $(at $side nstat -a -s -z -j | jq '.kernel | .IpFragOKs + .Ip6FragOKs')))
	done
	echo $sum
}
is() { [ "$(json "$1" "$1" .mtu)" = "$2" ]; }

# passes MTU: packets as long as the MTU that must not be fragmented, and streams
passes() {
	local mtu=$1 side
	for side in left right; do
		await 5 "$side knows of the MTU $mtu" is $side "$mtu"
		[ "$(ip -n $side -j link show $side | jq '.[0].mtu')" = "$mtu" ] || fail "MTU of $side"
	done
	pings left 10.7.0.2 -s $((mtu - 28)) -M "do" || fail "MTU $mtu: $(cat ping.log)"
	tcp left right 10.7.0.2 $bytes
	if [ "$mtu" -ge 1280 ]; then
		pings right fd07::1 -s $((mtu - 48)) -M "do" || fail "MTU $mtu: $(cat ping.log)"
		tcp right left fd07::1 $bytes
	fi
	for side in left right; do
		[ "$(json $side $side '.counters | .drop_malformed + .drop_too_big + .drop_tun +
			.drop_udp + .drop_auth + .drop_inner')" = 0 ] ||
			fail "MTU $mtu: $side dropped: $(at $side "$XT_BIN" show $side)"
	done
}

# WIRE LEFT RIGHT MTU…: the MTU of the wire, XT_OFFLOAD of each side, the MTUs of the files
while read -r wire left right mtus; do
	outer "$wire"
	for mtu in $mtus; do
		set_mtu "$mtu"
		instances_start "$left" "$right"
		before=$(fragments)
		passes "$mtu"
		cut=$(($(fragments) - before))
		if [ "$wire" -ge $((mtu + 60)) ]; then
			[ $cut = 0 ] || fail "MTU $mtu: $cut datagrams cut on a wire of $wire bytes"
		else
			[ $cut -gt 0 ] || fail "MTU $mtu: no datagram was cut for a wire of $wire bytes"
		fi
		instances_stop
	done
	ok "a wire of $wire, offload $left and $right: $mtus"
done <<-EOF
	1500 all all 576 1280 1420 9000 65472
	1500 off off 576 1420 65472
	1500 all off 1280 65472
	9080 off all 9000 65472
	65535 all all 65472
EOF

# The same with IPv6 outside, changed while running.
outer 1500
configs_write "$L6" "$R6" "MTU = 1420"
instances_start
for mtu in 1420 1280 9000 65472 65455 1420; do
	for side in left right; do ip -n $side link set $side mtu $mtu; done
	passes $mtu
done
ok "changed while running, IPv6 outside"

# One side alone: the other one accepts longer packets than it may send.
ip -n left link set left mtu 9000
await 5 "the MTU is known" is left 9000
pings left 10.7.0.2 -s 8972 -M "do" || fail "only one side has a large MTU: $(cat ping.log)"
ip -n left link set left mtu 1420
ok "one side alone"
instances_stop

# Set too large from outside: a warning, what fits still passes, the rest is counted. IPv4 outside,
# whose datagrams are shorter.
configs_write "$L4" "$R4" "MTU = 1420"
instances_start
warned() { has "warning: .*MTU of 65500 is too large.*65472" left.log; }
ip -n left link set left mtu 65500
await 5 "the warning" warned
ip -n right link set right mtu 65500 # for answers of the same length
for size in 65472 65473 65475; do
	pings left 10.7.0.2 -s $((size - 28)) -M "do" || fail "$size bytes: $(cat ping.log)"
done
[ "$(verdict left left drop_too_big)" = 0 ] || fail "dropped"
pings left 10.7.0.2 -s $((65476 - 28)) -M "do" -W1 && fail "65476 bytes have passed"
[ "$(verdict left left drop_too_big)" = 1 ] || fail "not counted: $(at left "$XT_BIN" show left)"
at left ip route get 10.7.0.2 | grep -q "mtu 65472" || fail "not reported: $(cat ping.log)"
[ "$(verdict left left drop_udp)" = 0 ] || fail "padded beyond a datagram"
for side in left right; do ip -n $side link set $side mtu 1420; done
at left ip route flush cache
passes_again() { is left 1420 && is right 1420 && pings left 10.7.0.2 -s 1392 -M "do"; }
await 5 "all is well again" passes_again
ok "65500 set from outside"
instances_stop

# In the file: refused with place and reason by every verb that reads it; nothing is created.
bad() { # bad MTU TEXT
	sed "s/^MTU = .*/MTU = $1/" left.conf >bad.conf
	refuses 4 "^$T/bad.conf:$2" at left "$XT_BIN" check "$T/bad.conf"
	refuses 4 "^$T/bad.conf:$2" at left "$XT_BIN" run "$T/bad.conf"
	at left ip link show bad >/dev/null 2>&1 && fail "there is an interface"
}
bad 65473 "5:7: error: MTU: expected an MTU from 68 to 65472 (a larger packet fits no datagram)"
bad 65535 "5:7: error: MTU: .* 65472 "
bad 100000 "5:7: error: MTU: .* 65472 "
bad 67 "5:7: error: MTU: expected an MTU from 68 "
bad -1 "5:7: error: MTU: expected an MTU from 68 "
bad 1279 "5:1: error: IPv6 needs an MTU of 1280"
sed "s/^MTU = .*/MTU = 575/; s/, fd07::1[^ ]*//" left.conf >small.conf
at left "$XT_BIN" check "$T/small.conf" >out 2>err || fail "575 is refused: $(cat out err)"
has "small.conf:5:1: warning: an MTU below 576" out || fail "no warning: $(cat err)"
sed "s/^MTU = .*/MTU = 65472/" left.conf >large.conf
at left "$XT_BIN" check "$T/large.conf" >out 2>err || fail "65472 is refused: $(cat out err)"
ok "the file's bounds"

# No MTU in the file: that of the route to the peer less 80, and never more than 65472.
auto() { # auto WIRE MTU
	ip -n left link set "$1" mtu "$2" || fail "no link of $2 bytes"
	start left
	[ "$(ip -n left -j link show left | jq '.[0].mtu')" = "$3" ] ||
		fail "$1 of $2: not $3: $(ip -n left link show left)"
	is left "$3" || fail "show has another MTU"
	stop left
}
sed -i '/^MTU/d' left.conf
auto wire 9000 8920
auto wire 65535 65455
auto wire 1280 1280
ip -n left route add 198.19.0.0/24 dev lo
sed -i 's/^Endpoint.*/Endpoint = 198.19.0.1:51802/' left.conf
auto lo 100000 65472
ok "the MTU that is chosen"
