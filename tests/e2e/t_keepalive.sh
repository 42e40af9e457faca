#!/bin/bash
# SPDX-License-Identifier: MIT
# A persistent keepalive opens the session and is sent every interval; a side that only receives
# sends one after KEEPALIVE_TIMEOUT (10 s).
# waits
. "$(dirname "$0")/lib.sh"
tunnel_prepare
sed -i '/^Endpoint/d' right.conf
echo "PersistentKeepalive = 1" >>left.conf
start right
capture left wire keep.pcap udp
begin=$(now_ms)
start left
await 5 "a session without traffic" eval "[ \$(json right right '.peers[0].latest_handshake') -gt 0 ]"
pings right 10.7.0.1 || fail "right, which has no endpoint in its file, gets no answer"
ok "PersistentKeepalive tells the endpoint to a peer that has none"

await 10 "four keepalives" eval \
	"[ \$(tcpdump -n -r keep.pcap 'src $L4 and udp[4:2] = 40' 2>/dev/null | wc -l) -ge 4 ]"
took=$(($(now_ms) - begin))
capture_stop
{ [ $took -gt 2000 ] && [ $took -lt 9000 ]; } || fail "four keepalives in $took ms"
ok "a keepalive every second ($took ms for four)"
instances_stop

configs_write
instances_start
both_families left 2
at right nft -f - <<-EOF || fail "nft"
	table inet quiet {
		chain in {
			type filter hook input priority 0;
			iifname "right" drop
		}
	}
EOF
before=$(verdict left left taken_keepalive)
begin=$(now_ms)
flow left udp-send 10.7.0.2 9 hello
await 14 "a passive keepalive" eval "[ \$(verdict left left taken_keepalive) -gt $before ]"
took=$(($(now_ms) - begin))
{ [ $took -gt 9500 ] && [ $took -lt 12500 ]; } || fail "the passive keepalive came after $took ms"
ok "a passive keepalive after $took ms"
