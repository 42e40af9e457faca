#!/bin/bash
# SPDX-License-Identifier: MIT
# AllowedIPs cover the endpoint, or the route to it is lost: the tunnel's own datagrams that come
# back into the interface are dropped under a verdict of their own, and `check` warns.
# labels: datapath
. "$(dirname "$0")/lib.sh"
hosts_link
ip -n right addr add 198.19.5.2/32 dev lo
ip -n left route add default via $R4
configs_write $L4 198.19.5.2
cp left.conf good.conf
sed -i 's|^AllowedIPs.*|AllowedIPs = 10.7.0.2/32, 198.19.0.0/16|' left.conf
"$XT_BIN" check left.conf >check.log 2>&1 || fail "check refuses it: $(cat check.log)"
has "198.19.5.2 is in AllowedIPs 198.19.0.0/16" check.log || fail "check: $(cat check.log)"
"$XT_BIN" check good.conf >check.log 2>&1
has "routed back" check.log && fail "check warns of a good file: $(cat check.log)"
ok "check warns"
start right
start left
has "routed back into the tunnel" left.log || fail "run does not warn: $(cat left.log)"
pings left 10.7.0.2 -W1 && fail "an answer through a loop"
loops() { [ "$(verdict left left drop_loop)" -ge "$1" ]; }
await 7 "the verdict" loops 1
ok "the datagrams that come back are counted as drop_loop"
names_loop() { # names_loop TEXT: show and JSON name peer, network and endpoint
	at left "$XT_BIN" show left >show.out
	has "warning: $1: datagrams to this peer come back into the tunnel" show.out &&
		[ "$(json left left '.peers[0].loop')" = "$1" ]
}
names_loop "198.19.5.2 is in AllowedIPs 198.19.0.0/16 of this peer" || fail "show: $(cat show.out)"
logged() { grep -c "datagrams to 198.19.5.2:51802 come back into the tunnel" left.log; }
[ "$(logged)" = 1 ] || fail "the log says it $(logged) times: $(cat left.log)"
ok "show and the log say which AllowedIPs cover the endpoint"
ip -n left route add 198.19.5.2/32 via $R4
await 8 "the way outside" pings left 10.7.0.2 -W1
before=$(verdict left left drop_loop)
pings left 10.7.0.2 || fail "no answer"
[ "$(verdict left left drop_loop)" = "$before" ] || fail "a loop although the route leads outside"
[ "$(json left left '.peers[0].loop')" = null ] || fail "still shown: $(json left left .peers)"
ok "a more specific route outside ends it"
# The same with a session: the route is lost, each packet comes back once and no more.
ip -n left route del 198.19.5.2/32 via $R4
pings left 10.7.0.2 -W1 && fail "an answer through a loop"
after=$(verdict left left drop_loop)
[ "$after" -gt "$before" ] && [ "$after" -lt $((before + 20)) ] || fail "$((after - before)) drops for one ping"
ok "one ping comes back as one datagram"
[ "$(logged)" = 2 ] || fail "the log says it $(logged) times: $(cat left.log)"
names_loop "198.19.5.2 is in AllowedIPs 198.19.0.0/16 of this peer" || fail "show: $(cat show.out)"
# The network of another peer, added while it runs.
OTHER=$(wg pubkey <<<"$(wg genkey)")
at left wg set left peer "$OTHER" allowed-ips 198.19.5.0/24
names_loop "198.19.5.2 is in AllowedIPs 198.19.5.0/24 of peer $OTHER" || fail "show: $(cat show.out)"
# No AllowedIPs at all, only a route.
at left wg set left peer "$OTHER" remove
at left wg set left peer "$PUB_right" allowed-ips 10.7.0.2/32 # its route goes as well
ip -n left route replace 198.19.0.0/16 dev left
pings left 10.7.0.2 -W1
names_loop "198.19.5.2 is routed to this interface" || fail "show: $(cat show.out)"
at left wg set left peer "$PUB_right" endpoint $R4:51802
[ "$(json left left '.peers[0].loop')" = null ] || fail "another endpoint: $(json left left .peers)"
ok "the network of another peer, none, and another endpoint"
instances_stop
