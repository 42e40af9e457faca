#!/bin/bash
# SPDX-License-Identifier: MIT
# Echo = host, peer, both, off: which addresses answer which side, with the firewall of the host
# closed.
# labels: datapath
# waits
. "$(dirname "$0")/lib.sh"
hosts_link

closed() { # the host of right drops echo requests that come through the tunnel
	at right nft -f - <<-EOF || fail "nft"
		table inet closed {
			chain in {
				type filter hook input priority 0;
				iifname "right" icmp type echo-request drop
				iifname "right" icmpv6 type echo-request drop
			}
		}
	EOF
}
mode() { # mode LINES: right with these [Interface] lines; left routes more addresses to it
	configs_write
	sed -i 's|^AllowedIPs.*|&, 10.7.9.0/24, fd07:9::/64|' left.conf
	printf '%s\n' "$1" >lines
	sed -i '/^ListenPort/r lines' right.conf
	instances_start
}
over() {
	instances_stop
}
yes() {
	local to
	for to in "${@:2}"; do
		pings "$1" "$to" -W2 || fail "$WHAT: no answer from $to to $1: $(cat ping.log)"
	done
}
no() {
	local to
	for to in "${@:2}"; do
		pings "$1" "$to" -W1 && fail "$WHAT: an answer from $to to $1"
	done
}
closed

WHAT="Echo = off"
mode ""
no left 10.7.0.2 10.7.9.1
no right 10.7.0.77
over
ok "$WHAT: no answers"

WHAT="Echo = peer"
mode "Echo = peer"
yes left 10.7.0.2 fd07::2
no left 10.7.9.1 fd07:9::1
no right 10.7.0.77
for size in 0 1392 1393 9000 65507; do
	pings left 10.7.0.2 -s $size || fail "$WHAT: ping -s $size: $(cat ping.log)"
	pings left fd07::2 -s $size || fail "$WHAT: ping -6 -s $size: $(cat ping.log)"
done
[ "$(json right right .echo.answered_peer)" -ge 12 ] || fail "$WHAT: not counted"
over
ok "$WHAT: exactly the local addresses, to the peer, all sizes, with the firewall closed"

WHAT="Echo = peer without an address on the interface"
mode "Echo = peer
EchoAddresses = 10.7.9.1/32, fd07:9::1/128"
sed -n '/^Address/p' right.conf >/dev/null
yes left 10.7.9.1 fd07:9::1
no left 10.7.9.2 fd07:9::2
no left 10.7.0.2
over
configs_write
sed -i 's|^AllowedIPs.*|&, 10.7.9.0/24|' left.conf
sed -i 's|^Address.*|Echo = peer\nEchoAddresses = 10.7.9.0/30|' right.conf
instances_start
yes left 10.7.9.1 10.7.9.3
no left 10.7.9.4
over
ok "$WHAT: exactly EchoAddresses"

WHAT="Echo = host"
mode "Echo = host"
yes right 10.7.0.77 fd07::77
pings right 10.7.0.255 -b -W1 && fail "$WHAT: broadcast answered"
no left 10.7.0.2
before=$(json right right .echo.answered_host)
yes right 10.7.0.1 # an address of the peer: the host of the peer answers
[ "$(json right right .echo.answered_host)" = "$before" ] || fail "$WHAT: answers for its peer"
over
ok "$WHAT: unused addresses of the networks, not those of the peer, and not to peers"

WHAT="Echo = both"
mode "Echo = both"
yes right 10.7.0.77 fd07::77
yes left 10.7.0.2 fd07::2
over
ok "$WHAT"

WHAT="EchoRate"
mode "Echo = peer
EchoRate = 5/s"
at left ping -n -q -i 0.002 -c 100 -W1 10.7.0.2 >ping.log 2>&1
got=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' ping.log)
{ [ "$got" -ge 3 ] && [ "$got" -le 30 ]; } || fail "$WHAT: $got of 100 in 0.2 s at 5/s"
[ "$(verdict right right drop_echo_rate)" -ge 50 ] || fail "$WHAT: not counted"
over
ok "$WHAT: $got of 100 answered"
