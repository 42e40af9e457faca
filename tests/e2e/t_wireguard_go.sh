#!/bin/bash
# wireguard-go as the peer, in both roles, IPv4 and IPv6 outside, with a pre-shared key: ping, TCP
# with hashes, roaming, restart of ours.
# labels: makes
# timeout: 300
. "$(dirname "$0")/lib.sh"
command -v wireguard-go >/dev/null || skip "no wireguard-go"
command -v wg >/dev/null || skip "no wg"
world
psk=$(wg genpsk)
for outer in 4 6; do
	for first in xtunnel wireguard-go; do
		what="IPv$outer outside, $first initiates"
		if [ $outer = 4 ]; then pair $L4 $R4 "" "PresharedKey = $psk"; else pair $L6 $R6 "" "PresharedKey = $psk"; fi
		start left # xtunnel
		start_go right
		if [ $first = xtunnel ]; then both_families left 2; else both_families right 1; fi
		[ "$(json left left '.peers[0].latest_handshake')" -gt 0 ] || fail "$what: no handshake"
		both_families right 1
		tcp left right 10.7.0.2 20000000
		tcp right left fd07::1 20000000
		for size in 0 1391 1392 1393 65507; do
			pings left 10.7.0.2 -s $size || fail "$what: ping -s $size: $(cat ping.log)"
		done
		stop left
		kill -TERM "${PID[right]}"
		await 5 "wireguard-go ends" gone "${PID[right]}"
		unset "PID[right]"
		ok "$what: ping, 20 MB TCP each way, sizes"
	done
done

pair
start left
start_go right
both_families left 2
ip -n left addr add 198.18.0.77/24 dev wire
ip -n left addr del $L4/24 dev wire
await 5 "ping after roaming" pings left 10.7.0.2 -W1
at right wg show right endpoints | grep -q "198.18.0.77:51801" || fail "it does not follow: $(at right wg show right endpoints)"
ok "wireguard-go follows when ours roams"
# It keeps to a source address that is gone, so its port moves instead.
at right wg set right listen-port 51888
await 5 "ping after roaming" pings right 10.7.0.1 -W1
[ "$(json left left '.peers[0].endpoint')" = $R4:51888 ] ||
	fail "ours does not follow: $(json left left '.peers[0].endpoint')"
ok "ours follows when wireguard-go roams"

sed -i "s/^Endpoint.*/Endpoint = $R4:51888/" left.conf
slay left
start left
ms=$(at right "$PYTHON" "$SOURCE/scripts/flow.py" pong 10.7.0.1 20) || fail "no answer after our restart"
awk -v ms="$ms" 'BEGIN { exit !(ms < 400) }' || fail "wireguard-go talks after our kill -9: $ms ms"
ok "ours restarted, wireguard-go talks: $ms ms"
kill -KILL "${PID[right]}"
wait "${PID[right]}" 2>/dev/null
rm -f /run/wireguard/right.sock
sed -i 's/^Endpoint.*/Endpoint = 198.18.0.77:51801/; s/^ListenPort.*/ListenPort = 51888/' right.conf
start_go right
ms=$(at left "$PYTHON" "$SOURCE/scripts/flow.py" pong 10.7.0.2 30) || fail "no answer after its restart"
ok "wireguard-go restarted, ours talks: $ms ms (by our timer: it cannot tell)"

stop left
sed -i "s|^PublicKey.*|&\nPresharedKey = $(wg genpsk)|" left.conf
start left
pings left 10.7.0.2 -W1 && fail "a wrong PSK is answered"
ok "a wrong pre-shared key is refused"
