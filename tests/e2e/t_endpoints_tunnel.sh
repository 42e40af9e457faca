#!/bin/bash
# SPDX-License-Identifier: MIT
# A name that is looked up while the default route leads into the tunnel: the start does not wait
# for it, and it is asked beside the tunnel that needs its answer.
# waits
. "$(dirname "$0")/lib.sh"
hosts_link_routed
ip -n right route add default via 198.18.2.1
ip -n router addr add 198.18.9.53/32 dev lo
keys_make left right

names_serve router 198.18.9.53
config_write left 1 right 2 right.test "" ""
sed -i 's|^AllowedIPs.*|AllowedIPs = 0.0.0.0/0|' left.conf
config_write right 2 left 1 unused "" ""
sed -i '/^Endpoint/d' right.conf
start right

begin=$(now_ms)
start left
took=$(($(now_ms) - begin))
[ $took -lt 4000 ] || fail "the start took $took ms"
at left ip route get 198.18.9.53 | grep -q 'dev left' || fail "the default route is not in the tunnel"
ok "the start does not wait for a name that is not found"

asked=$(wc -l <queries)
echo "right.test 198.18.2.2" >records
reached() { pings left 10.7.0.2; }
await 20 "the name is found beside the tunnel" reached
[ "$(wc -l <queries)" -gt "$asked" ] || fail "the name server was not asked"
[ "$(json left left '.peers[0].endpoint')" = 198.18.2.2:51802 ] || fail "endpoint"
ok "the name is found while the default route leads into the tunnel"
stop left
stop right
kill $SERVER
