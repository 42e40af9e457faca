#!/bin/bash
# Behind a NAT whose mappings expire after two seconds, with another make on either side: a persistent
# keepalive keeps the way open; without it the way back is lost until who is inside talks again, through
# a new port, which the other one follows.
# labels: makes road
# timeout: 120
# cases: debian go boringtun gotatun
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/makes.sh"
make=${1:-debian}
make_program "$make"
command -v nft >/dev/null || skip "no nft"

space left router right
link() { # link A ADDR DEVICE-OF-ROUTER ADDR
	ip link add wire netns "$1" type veth peer name "$3" netns router || fail "no veth"
	ip -n "$1" addr add "$2" dev wire
	ip -n router addr add "$4" dev "$3"
	ip -n "$1" link set wire up
	ip -n router link set "$3" up
}
link left 198.18.1.2/24 inside 198.18.1.1/24
link right 198.18.2.2/24 outside 198.18.2.1/24
ip -n left route add default via 198.18.1.1
at router sysctl -q -w net.ipv4.ip_forward=1
at router nft -f - <<-EOT || skip "no NAT in this kernel"
	table ip nat {
		chain out {
			type nat hook postrouting priority 100;
			oifname "outside" meta l4proto udp masquerade to :20000-60000 random
			oifname "outside" masquerade
		}
	}
EOT
for timeout in udp_timeout udp_timeout_stream; do
	at router sysctl -q -w net.netfilter.nf_conntrack_$timeout=2 || skip "no timeouts of its own"
done
await 5 "the wire" at left ping -c1 -W1 -q 198.18.2.2

mapped() { at right wg show right endpoints | cut -f2; }
for inside in xtunnel "$make"; do
	if [ "$inside" = xtunnel ]; then outside=$make; else outside=xtunnel; fi
	pair 198.18.1.2 198.18.2.2
	sed -i '/^Endpoint/d' right.conf
	echo "PersistentKeepalive = 1" >>left.conf
	begin right "$outside"
	begin left "$inside"
	both_families left 2
	first=$(mapped)
	case $first in 198.18.2.1:*) ;; *) fail "right sees $first" ;; esac
	sleep 5
	pings right 10.7.0.1 || fail "$inside keeps the way open: no answer ($(mapped))"
	[ "$(mapped)" = "$first" ] || fail "the mapping was $first, now $(mapped)"
	ok "$inside behind the NAT keeps the way open to $outside"

	# boringtun changes no peer that it has
	# shellcheck disable=SC2154
	[ "$inside" != boringtun ] || at left wg set left peer "$PUB_right" remove
	sed '/^Address/d; s/^Persistent.*/PersistentKeepalive = 0/' left.conf >off.wg
	at left wg addconf left off.wg || fail "wg addconf"
	sleep 4
	pings right fd07::1 -W1 && fail "the mapping does not expire: $(mapped)"
	both_families left 2
	pings right 10.7.0.1 || fail "$outside does not follow to $(mapped)"
	[ "$(mapped)" != "$first" ] || fail "the mapping is the same, $first"
	tcp left right 10.7.0.2 2000000
	ok "$inside talks again through another port, $outside follows"
	stop_make left
	stop_make right
done
