#!/bin/bash
# SPDX-License-Identifier: MIT
# `why` where the network is at fault, with IMPLEMENTATION on the other side: wrong port, peer down,
# firewalls that drop or reject, at the peer, on the way and on this host, no route. Each heals, and
# is not accused any more.
# labels: implementations
# cases: xtunnel debian go boringtun gotatun
# timeout: 150
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/why.sh"
command -v nft >/dev/null || skip "no nft"
hosts_link_routed
ip -n right route add default via 198.18.2.1
configs_write 198.18.1.2 198.18.2.2
sed -i '/^Endpoint/d' right.conf
RIGHT=198.18.2.2 ROUTER=198.18.1.1
# heals: as it is now it works
heals() {
	answered left 10.7.0.2 20
	says left up 3
	says right up 3
	quiet_of left
}
# forget: left without a session
forget() {
	quiet
	stop left
	start left
	traffic left 10.7.0.2
}

start left
says left idle
traffic left 10.7.0.2
says left icmp # nothing listens there
sentence left "$RIGHT"
begin right "$PEER"
heals

sed -i "s/^Endpoint.*/Endpoint = $RIGHT:51899/" left.conf
forget
says left icmp
sentence left "$RIGHT:51899"
sed -i "s/^Endpoint.*/Endpoint = $RIGHT:51802/" left.conf
at left "$XT_BIN" reload left >/dev/null || fail "reload"
heals
ok "a wrong port"

filter right input 'udp dport 51802 drop'
forget
says left silent 15
sentence left "$RIGHT:51802"
at left "$XT_BIN" ping left 10.7.0.2 -c 1 -W 1 >ping.log 2>&1
[ $? = 5 ] || fail "ping: $(cat ping.log)"
has "$(why left '.peers[0].sentence' | cut -c1-20 | sed 's/[0-9].*//')" ping.log ||
	fail "ping does not say why: $(cat ping.log)"
at left "$XT_BIN" show left >show.log
has "sent to $RIGHT:51802" show.log || fail "show does not say why: $(cat show.log)"
unfilter right
heals
at left "$XT_BIN" show left >show.log
has "sent to $RIGHT:51802" show.log && fail "show accuses a healthy peer: $(cat show.log)"
ok "a firewall that drops; ping and show say the same"

filter router forward 'udp dport 51802 reject with icmp type admin-prohibited'
forget
says left icmp
sentence left "$ROUTER"
unfilter router
heals
ok "a router that rejects"

filter left output 'udp dport 51802 drop'
forget
says left send-error
sentence left "$RIGHT:51802"
unfilter left
heals
ok "a firewall of this host"

ip -n left route del default
forget
says left send-error
ip -n left route add default via $ROUTER
heals
ok "no route"

at router ip route add unreachable $RIGHT
forget
says left icmp
sentence left "$ROUTER"
at router ip route del unreachable $RIGHT
heals
ok "a host that is not reached"

sed -i "s/^Endpoint.*/Endpoint = 198.18.1.77:51802/" left.conf
forget
says left icmp
sentence left "neither 198.18.1.77 nor a gateway"
ok "no host of that address on the link"
both_end
