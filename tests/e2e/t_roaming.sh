#!/bin/bash
# SPDX-License-Identifier: MIT
# Either side changes its outer address; the other one follows, and TCP that runs meanwhile arrives
# complete.
# labels: datapath
. "$(dirname "$0")/lib.sh"
tunnel_start

# follows NAMESPACE ENDPOINT: the endpoint of its peer becomes ENDPOINT
follows() {
	await 5 "$1 follows to $2" eval "[ \"\$(json $1 $1 '.peers[0].endpoint')\" = '$2' ]"
}
follows right $L4:51801

ip -n left addr add 198.18.0.77/24 dev wire
ip -n left addr del $L4/24 dev wire
ip -n left addr show dev wire | grep -q 198.18.0.77 || fail "the new address is gone too"
await 5 "ping after roaming" pings left 10.7.0.2 -W1
follows right 198.18.0.77:51801
both_families right 1
ok "left's address changed, right followed"

ip -n right addr add 198.18.0.88/24 dev wire
ip -n right addr del $R4/24 dev wire
await 5 "ping after roaming" pings right 10.7.0.1 -W1
follows left 198.18.0.88:51802
both_families left 2
ok "right's address changed, left followed"

serve left tcp-serve 5001
flow right tcp-send 10.7.0.1 5001 200000000 >tcp.log 2>&1 &
sender=$!
for last in 89 90 91; do
	before=$(json left left '.peers[0].rx_bytes')
	await 10 "TCP moves on" eval \
		"[ \$(json left left '.peers[0].rx_bytes') -gt $((before + 2000000)) ]"
	ip -n right addr add 198.18.0.$last/24 dev wire
	ip -n right addr del 198.18.0.$((last - 1))/24 dev wire
done
wait $sender || fail "TCP while roaming: $(cat tcp.log)"
follows left 198.18.0.91:51802
ok "200 MB of TCP while the address changed three times"

