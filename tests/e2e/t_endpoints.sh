#!/bin/bash
# SPDX-License-Identifier: MIT
# Names and several endpoints: a dead address beside a good one, a name that is gone, one that has
# moved, a dead first entry, and a hundred names whose servers are slow.
# waits
. "$(dirname "$0")/lib.sh"
hosts_link
keys_make left right
names() { "$PYTHON" "$SOURCE/tests/e2e/names.py" "$@"; }

names_serve left 127.0.0.1

config_write right 2 left 1 unused "" ""
sed -i '/^Endpoint/d' right.conf
left_write() { # left_write ENDPOINT
	config_write left 1 right 2 unused "" ""
	sed -i "s/^Endpoint.*/Endpoint = $1/" left.conf
}
peer() { json left left ".peers[0].$1"; }
reached() { pings left 10.7.0.2; }

# --- a dead IPv6 address beside a good IPv4 one ---
echo "right.test fd18::99,$R4" >records
left_write right.test:51802
start right
start left
# Datagrams to addresses that no host has are on the wire as well.
mac=$(at right cat /sys/class/net/wire/address)
for address in fd18::99 $R4; do
	ip -n left neigh replace "$address" lladdr "$mac" dev wire nud permanent
done
capture left wire twins.pcap udp port 51802
await 5 "the name is found" [ "$(peer endpoint)" != null ]
begin=$(now_ms)
at left ping -c 1 -W 10 10.7.0.2 >ping.log 2>&1 || fail "not reached: $(cat ping.log)"
took=$(($(now_ms) - begin))
capture_stop
pair=$(names twins twins.pcap 2>&1) || fail "$pair"
read -r first second gap <<<"$pair"
[ "$first" != "$second" ] || fail "one family: $pair"
if [ "$first" = 6 ]; then # as the system sorts them
	[ "$gap" -ge 200 ] || fail "the second family after $gap ms"
fi
[ $took -lt 4000 ] || fail "reached after $took ms"
[ "$(peer endpoint)" = $R4:51802 ] || fail "endpoint: $(peer endpoint)"
[ "$(json left left '.peers[0].endpoints[] | select(.state == "in use") | .address')" = $R4:51802 ] ||
	fail "in use: $(json left left '.peers[0].endpoints')"
at left "$XT_BIN" show left >show.log
has "  endpoints: .*$R4:51802 (in use)" show.log || fail "show: $(cat show.log)"
ok "a dead address of the other family costs $took ms, and the two initiations differ in mac2 only"

# --- the name does not exist any more, while the session lives ---
: >records
asked=$(wc -l <queries)
at left ping -q -i 0.2 -c 15 -W 5 10.7.0.2 >flow.log 2>&1 &
flow=$!
ip -n left route add default via 198.18.0.50 # the network has changed
looked_up() { [ "$(wc -l <queries)" -gt "$asked" ]; }
await 5 "the name is looked up again" looked_up
await 5 "the failure is reported" has "right.test: no such host; its last addresses stay" left.log
wait $flow || fail "pings: $(cat flow.log)"
has " 0% packet loss" flow.log || fail "pings were lost: $(cat flow.log)"
[ "$(peer endpoint)" = $R4:51802 ] || fail "endpoint: $(peer endpoint)"
[ "$(peer handshake_attempts)" = 0 ] || fail "a handshake began"
ok "a name that does not exist any more ends nothing"

# --- the name moves ---
echo "right.test 198.18.0.3" >records
capture left wire moved.pcap udp port 51802
crash right # and forgets where left is: otherwise it would call
rm -rf "$XT_STATE_DIR"
ip -n right addr add 198.18.0.3/24 dev wire
ip -n right addr del $R4/24 dev wire
start right
await 60 "the peer is reached where it is now" reached
capture_stop
took=$(names silence moved.pcap $R4 2>&1) || fail "$took: $(cat left.log)"
[ "$took" -ge 4900 ] || fail "the peer answered elsewhere after $took ms"
[ "$took" -lt 10000 ] || fail "reached $took ms after the first unanswered initiation"
[ "$(peer endpoint)" = 198.18.0.3:51802 ] || fail "endpoint: $(peer endpoint)"
stop left
ok "a name that has moved is reached $took ms after the first unanswered initiation"

# --- a dead first entry ---
echo "dead.test 198.18.0.99" >>records
left_write "dead.test:51802, nowhere.test:51802, right.test:51802"
start left
begin=$(now_ms)
await 30 "the peer is reached by the last entry" reached
took=$(($(now_ms) - begin))
[ $took -ge 4000 ] || fail "the first entry was not tried: $took ms"
[ "$(json left left '[.peers[0].endpoints[].state] | join(" ")')" = "held unresolved in use" ] ||
	fail "states: $(json left left '.peers[0].endpoints')"
at left "$XT_BIN" show left >show.log
has "endpoints: 198.18.0.99:51802 (no answer, held for [0-9]* s), nowhere.test:51802 (resolving" \
	show.log || fail "show: $(cat show.log)"
ok "a dead first entry is passed over after $took ms"

# --- an endpoint that was set, until the file is read again ---
at left wg set left peer "$PUB_right" endpoint 198.18.0.98:51802
[ "$(peer 'endpoints | length')" = 0 ] || fail "the list is still there: $(peer endpoints)"
[ "$(peer endpoint)" = 198.18.0.98:51802 ] || fail "endpoint: $(peer endpoint)"
sed -i 's/^Endpoint.*/&\nEndpointHold = 7/' left.conf
at left "$XT_BIN" reload left >reload.log 2>&1 || fail "reload: $(cat reload.log)"
has "Endpoint.*198.18.0.98:51802.*dead.test:51802, nowhere.test:51802, right.test:51802" reload.log ||
	fail "reload: $(cat reload.log)"
has "EndpointHold.*300.*7" reload.log || fail "reload: $(cat reload.log)"
listed() { [ "$(peer 'endpoints | length')" = 3 ] && [ "$(peer endpoint)" = 198.18.0.99:51802 ]; }
await 5 "the list is in force again" listed
at left "$XT_BIN" reload left --json >reload.log || fail "a second reload: $(cat reload.log)"
[ "$(jq .changed reload.log)" = false ] || fail "a second reload: $(cat reload.log)"
stop left
ok "reload puts the list into the place of an endpoint that was set"

# --- a hundred names ---
left_write 198.18.0.3:51802
for i in $(seq 100); do
	printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.8.0.%s/32\nEndpoint = n%s.test:51820\n' "$(wg genkey | wg pubkey)" "$i" "$i" >>left.conf
	echo "n$i.test 198.18.1.$i 60" >>records
done
begin=$(now_ms)
start left
took=$(($(now_ms) - begin))
[ $took -lt 4000 ] || fail "the start took $took ms"
reached || fail "no packet while names are looked up"
unresolved() { json left left '[.peers[].endpoints[] | select(.state == "unresolved")] | length'; }
[ "$(unresolved)" != 0 ] || fail "all names were found before the peer was reached"
all_found() { [ "$(unresolved)" = 0 ]; }
await 60 "all names are found" all_found
most=$(grep '^n[0-9]' queries | sort -k3 -n | tail -n 1 | cut -d' ' -f3)
[ "$most" = 2 ] || fail "$most look-ups at once"
stop left
stop right
ok "a hundred names: two look-ups at once, and nothing waits"
kill $SERVER
