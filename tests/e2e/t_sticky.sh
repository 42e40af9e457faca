#!/bin/bash
# A host with several addresses answers from the one that was addressed, forgets it when it goes, and
# follows its peer from IPv4 to IPv6 and back; TCP that runs meanwhile arrives whole.
# labels: road
# waits
. "$(dirname "$0")/lib.sh"
world
# right: a second address of each family on the wire, and one of each that is on no wire.
ip -n right addr add 198.18.0.3/24 dev wire
ip -n right addr add fd18::3/64 dev wire nodad
ip -n right addr add 198.18.9.9/32 dev lo
ip -n right addr add fd18:9::9/128 dev lo
ip -n left route add 198.18.9.9 via $R4
ip -n left route add fd18:9::9 via $R6
pair
sed -i '/^Endpoint/d' right.conf # it knows of left only what it hears
start left
start right
key=$(sed -n 's/^PublicKey = //p' left.conf)

# told ADDRESS: left is told that right is there
told() { at left wg set left peer "$key" endpoint "$1:51802" || fail "wg set endpoint $1"; }
# What each side has done with its packets, and whether its kernel still holds some.
account() {
	local side
	for side in left right; do
		printf '\n%s: %s\n' $side "$(json $side $side '"\(.peers[0].endpoint) \(.counters)"')"
		at $side ss -a -n -u
		at $side nstat -a -s | grep -E 'Udp6|NoRoute|Discard'
	done
}
# heard ADDRESS: all that comes from right to left comes from there
heard() {
	local address=$1
	capture left wire wire.pcap udp src port 51802
	pings left 10.7.0.2 || fail "no answer through $address: $(cat ping.log)$(account)"
	pings right 10.7.0.1 || fail "right does not reach left: $(cat ping.log)"
	sleep 0.1
	capture_end
	tcpdump -n -r wire.pcap 2>/dev/null >heard.log
	[ -s heard.log ] || fail "nothing came"
	! grep -v -F " $address.51802 >" heard.log || fail "not from $address"
	[ "$(json left left '.peers[0].endpoint' | tr -d '[]')" = "$address:51802" ] ||
		fail "left has $(json left left '.peers[0].endpoint'), not $address"
}

for address in 198.18.0.3 198.18.9.9 fd18::3 fd18:9::9 $R6 $R4 198.18.0.3; do
	case $address in *:*) told "[$address]" ;; *) told $address ;; esac
	heard $address
	ok "answered from $address, which was addressed"
done

# The address goes; right speaks first, from what is left, and left follows.
ip -n right addr del 198.18.0.3/24 dev wire
pings right 10.7.0.1 || fail "right is stuck to an address that is gone: $(cat ping.log)"
heard $R4
ok "an address that is gone is forgotten at once"
told "[fd18:9::9]"
heard fd18:9::9
ip -n right addr del fd18:9::9/128 dev lo
pings right 10.7.0.1 || fail "right is stuck to an IPv6 address that is gone"
case $(json left left '.peers[0].endpoint') in
\[fd18::[23]\]:*) ;; # the kernel's choice
*) fail "left has not followed: $(json left left '.peers[0].endpoint')" ;;
esac
ok "so is one of IPv6"

# The route over which left came goes, and another is there: a second wire.
ip link add wire2 netns left type veth peer name wire2 netns right
for side in "left 1" "right 2"; do
	# shellcheck disable=SC2086
	set -- $side
	ip -n "$1" addr add 198.18.2.$2/24 dev wire2
	ip -n "$1" link set wire2 up
done
ip -n right addr add 198.18.7.7/32 dev lo
ip -n left addr add 198.18.6.6/32 dev lo
ip -n left route add 198.18.7.7 via 198.18.2.2 dev wire2 src 198.18.6.6
ip -n right route add 198.18.6.6 via 198.18.2.1 dev wire2
told 198.18.7.7
pings left 10.7.0.2 || fail "over the second wire: $(cat ping.log)"
ip -n left route replace 198.18.7.7 via $R4 dev wire src 198.18.6.6
ip -n right route replace 198.18.6.6 via $L4 dev wire
ip -n right link set wire2 down
pings left 10.7.0.2 || fail "the route moved to the first wire: $(cat ping.log)"
heard 198.18.7.7
ok "another route, the same addresses"
told $R4
heard $R4

# TCP, while left addresses right by one family and then the other, for as long as that takes.
long=9
[ -z "$XT_SANITIZE" ] || long=25
at right "$PYTHON" "$SOURCE/scripts/flow.py" tcp-serve 5001 >serve.out 2>&1 &
await 5 "the TCP server" has ready serve.out
ip netns exec left "$PYTHON" "$SOURCE/scripts/flow.py" tcp-send 10.7.0.2 5001 30000000:$long \
	>tcp.log 2>&1 &
sender=$!
# What was on the way when left was told takes it back to where that came from: told again, then.
moves() { # moves ADDRESS PATTERN: right has left at an endpoint like that
	told "$1"
	sleep 0.05
	[[ $(json right right '.peers[0].endpoint') =~ $2 ]]
}
for i in 1 2 3; do
	sleep 0.7
	await 5 "right follows to IPv6" moves '[fd18::3]' "^.$L6.:"
	sleep 0.7
	await 5 "right follows to IPv4" moves 198.18.9.9 '^198[.]18[.]'
done
wait $sender || fail "TCP while the family changed: $(cat tcp.log)"
ok "30 MB of TCP while the family changed six times: $(cut -d' ' -f3 tcp.log) s"
[ "$(json left left '.counters.drop_udp // 0')" -lt 5 ] || fail "refused: $(json left left .counters)"
stop left
stop right
