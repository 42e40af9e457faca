#!/bin/bash
# SPDX-License-Identifier: MIT
# A NAT whose mappings expire after two seconds, with another implementation on either side: a
# persistent keepalive keeps the mapping; without it the path back is lost until the inside sends
# again, through a new port, which the other side follows.
# labels: implementations datapath
# timeout: 120
# cases: debian go boringtun gotatun
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/implementations.sh"
peer=${1:-debian}
implementation_find "$peer"
command -v nft >/dev/null || skip "no nft"

hosts_link_routed
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

# Not every implementation counts keepalives as received bytes, so the packets of the wire count.
received() { ip -n right -s -j link show wire | jq '.[0].stats64.rx.packets'; }
# unmapped: the mapping has expired. Without a list of them in this kernel: 4 s have passed.
unmapped() {
	if [ -e /proc/net/nf_conntrack ]; then
		! at router grep -q dport=51802 /proc/net/nf_conntrack
	else
		[ "$(now_ms)" -gt $((quiet_since + 4000)) ]
	fi
}
mapped() { at right wg show right endpoints | cut -f2; }
for inside in xtunnel "$peer"; do
	if [ "$inside" = xtunnel ]; then outside=$peer; else outside=xtunnel; fi
	configs_write 198.18.1.2 198.18.2.2
	sed -i '/^Endpoint/d' right.conf
	echo "PersistentKeepalive = 1" >>left.conf
	begin right "$outside"
	begin left "$inside"
	both_families left 2
	first=$(mapped)
	case $first in 198.18.2.1:*) ;; *) fail "right sees $first" ;; esac
	# Keepalives, and some ARP, for longer than two mappings last.
	came=$(received)
	await 20 "keepalives" eval "[ \$(received) -ge $((came + 8)) ]"
	pings right 10.7.0.1 || fail "$inside keeps its mapping: no answer ($(mapped))"
	[ "$(mapped)" = "$first" ] || fail "the mapping was $first, now $(mapped)"
	ok "$inside behind the NAT keeps its mapping to $outside"

	# boringtun does not change the keepalive of a peer that exists.
	# shellcheck disable=SC2154
	[ "$inside" != boringtun ] || at left wg set left peer "$PUB_right" remove
	sed '/^Address/d; s/^Persistent.*/PersistentKeepalive = 0/' left.conf >off.wg
	at left wg addconf left off.wg || fail "wg addconf"
	quiet_since=$(now_ms)
	await 15 "the end of the mapping" unmapped
	pings right fd07::1 -W1 && fail "the mapping does not expire: $(mapped)"
	both_families left 2
	pings right 10.7.0.1 || fail "$outside does not follow to $(mapped)"
	[ "$(mapped)" != "$first" ] || fail "the mapping is the same, $first"
	tcp left right 10.7.0.2 2000000
	ok "$inside sends again through another port, $outside follows"
	stop_other left
	stop_other right
done
