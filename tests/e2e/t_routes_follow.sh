#!/bin/bash
# SPDX-License-Identifier: MIT
# Routes follow AllowedIPs that wg(8) changes in a running instance; what the host had itself stays.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
keys_make extra more
route() { at left ip $([[ $1 != *:* ]] || echo -6) route show "$@"; }
routed() { route "$1" dev left "${@:2}" | grep -q . || fail "$WHAT: $1 is not routed: $(cat left.log)"; }
unrouted() { ! route "$1" "${@:2}" | grep -q . || fail "$WHAT: $1 is routed: $(route "$@")"; }
routes() { at left ip route show table all; at left ip -6 route show table all | grep -v fe80; }
wg_set() { at left wg set left "$@" || fail "wg set $*"; }
sync_file() { at left bash -c "wg $1 left <('$XT_BIN' strip '$T/left.conf')" || fail "wg $1"; }

WHAT="a hook that calls wg"
sed -i "/^\[Interface\]/a PostUp = wg set %i peer $PUB_more allowed-ips 10.7.40.0/24" left.conf
start right
start left
pings left 10.7.0.2 || fail "no answer"
await 10 "$WHAT: its route" eval 'route 10.7.40.0/24 dev left | grep -q .'
wg_set peer "$PUB_more" remove
unrouted 10.7.40.0/24
sed -i '/^PostUp/d' left.conf
at left "$XT_BIN" reload left >/dev/null || fail "reload"
ok "$WHAT does not wait for itself"
routes | sort >before

WHAT="wg set"
wg_set peer "$PUB_extra" allowed-ips 10.7.9.0/24,fd07:9::/64,10.7.0.77/32
routed 10.7.9.0/24
routed fd07:9::/64
unrouted 10.7.0.77 # the interface's own network covers it
wg_set peer "$PUB_extra" allowed-ips 10.7.10.0/24
routed 10.7.10.0/24
unrouted 10.7.9.0/24
unrouted fd07:9::/64
wg_set peer "$PUB_more" allowed-ips 10.7.10.0/24,10.7.11.0/24 # one moves to another peer
wg_set peer "$PUB_extra" remove
routed 10.7.10.0/24
routed 10.7.11.0/24
wg_set peer "$PUB_more" remove
routes | sort >after
diff before after >diff.log || fail "$WHAT: not as before: $(cat diff.log)"
ok "$WHAT: routes come and go with AllowedIPs and peers"

WHAT="syncconf"
cp left.conf good.conf
printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.7.20.0/24\n' "$PUB_extra" >>left.conf
sync_file syncconf
routed 10.7.20.0/24
cp good.conf left.conf
sync_file syncconf
unrouted 10.7.20.0/24
printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.7.21.0/24\n' "$PUB_extra" >>left.conf
sync_file setconf
routed 10.7.21.0/24
cp good.conf left.conf
sync_file setconf
unrouted 10.7.21.0/24
pings left 10.7.0.2 || fail "no answer after setconf"
ok "syncconf and setconf of strip"

WHAT="the host's own"
at left ip route add 10.7.30.0/24 dev lo
at left ip route add 10.7.31.0/24 dev left
wg_set peer "$PUB_extra" allowed-ips 10.7.30.0/24,10.7.31.0/24,10.7.32.0/24
routed 10.7.32.0/24
route 10.7.30.0/24 | grep -q "dev lo" || fail "$WHAT route was replaced"
has "10.7.30.0/24.*another one already" left.log || fail "$WHAT route is not named: $(cat left.log)"
wg_set peer "$PUB_extra" remove
unrouted 10.7.32.0/24
route 10.7.30.0/24 | grep -q "dev lo" || fail "$WHAT route was removed"
routed 10.7.31.0/24
at left ip route del 10.7.30.0/24 dev lo
at left ip route del 10.7.31.0/24 dev left
ok "$WHAT routes stay, and one of them keeps no other away"

WHAT="another link's network"
at left ip address add 10.7.36.1/24 dev lo
wg_set peer "$PUB_extra" allowed-ips 10.7.36.128/25,10.7.36.9/32,10.7.36.0/24,10.7.37.0/24,10.7.32.0/19
routed 10.7.37.0/24
routed 10.7.32.0/19 # wider than that network, so it takes no host of it away
for network in 10.7.36.0/24 10.7.36.128/25 10.7.36.9; do unrouted "$network" dev left; done
has "10.7.36.*(and 2 more) is not routed: lo reaches these hosts" left.log ||
	fail "$WHAT is not named: $(cat left.log)"
cp left.conf good.conf
printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.7.36.128/25\n' "$PUB_extra" >>left.conf
at left "$XT_BIN" reload left >/dev/null || fail "$WHAT: reload"
routed 10.7.36.128/25
wg_set peer "$PUB_more" allowed-ips 10.7.38.0/24
routed 10.7.36.128/25
cp good.conf left.conf
at left "$XT_BIN" reload left >/dev/null || fail "$WHAT: reload"
at left ip address del 10.7.36.1/24 dev lo
ok "$WHAT is not taken by wg(8), but by the file"

WHAT="a /0"
routes | sort >before
at left ip rule >rules
wg_set peer "$PUB_right" allowed-ips 10.7.0.2/32,fd07::2/128,0.0.0.0/0
routes | sort >after
diff before after >diff.log || fail "$WHAT by wg(8): $(cat diff.log)"
at left ip rule | cmp - rules || fail "$WHAT by wg(8): rules"
has "0.0.0.0/0 came by" left.log || fail "$WHAT is not logged: $(cat left.log)"
has "::/0 came by" left.log && fail "$WHAT of the other family is logged"
wg_set peer "$PUB_extra" allowed-ips 10.7.33.0/24
[ "$(grep -c "0.0.0.0/0 came by" left.log)" = 1 ] || fail "$WHAT is logged again and again"
at left "$XT_BIN" reload left >reload.log 2>&1 || fail "reload: $(cat reload.log)"
unrouted 10.7.33.0/24
at left wg show left allowed-ips | grep -q '0.0.0.0/0' && fail "reload leaves the /0"
pings left 10.7.0.2 || fail "no answer after all"
ok "$WHAT that came by wg(8) is logged and not routed; reload makes the file true"

WHAT="an interface that is down"
wg_set peer "$PUB_extra" allowed-ips 10.7.34.0/24
at left ip link set left down
wg_set peer "$PUB_extra" allowed-ips 10.7.35.0/24
at left ip link set left up
await 10 "$WHAT: the route that came meanwhile" eval 'route 10.7.35.0/24 dev left | grep -q .'
unrouted 10.7.34.0/24
wg_set peer "$PUB_extra" remove
unrouted 10.7.35.0/24
ok "$WHAT gets its routes when it is up again"

WHAT="many clients"
for i in {1..40}; do
	at left wg set left peer "$PUB_extra" allowed-ips "10.8.$i.0/24" &
	clients="${clients:-} $!"
done
wait $clients
now=$(at left wg show left allowed-ips | sed -n "s|^$PUB_extra\t||p")
routed "$now"
[ "$(at left ip route | grep -c '^10\.8\.')" = 1 ] || fail "$WHAT: $(at left ip route)"
ok "$WHAT at once: the routes are those of the last"

WHAT="Table = off"
stop left
sed -i '/^\[Interface\]/a Table = off' left.conf
start left
wg_set peer "$PUB_extra" allowed-ips 10.7.9.0/24
unrouted 10.7.9.0/24
stop left
sed -i 's/^Table.*/Table = 777/' left.conf
start left
wg_set peer "$PUB_extra" allowed-ips 10.7.9.0/24
routed 10.7.9.0/24 table 777
unrouted 10.7.9.0/24
wg_set peer "$PUB_extra" remove
unrouted 10.7.9.0/24 table 777
ok "$WHAT: none; a table of its own: there"

# A file with a /0: it stays routed, and its more specific neighbours follow.
stop left
sed -i '/^Table/d; s|^AllowedIPs.*|AllowedIPs = 0.0.0.0/0, fd07::2/128|' left.conf
start left
WHAT="a /0 of the file"
pings left 10.7.0.2 || fail "$WHAT: no answer: $(cat left.log)"
routes | sort >before
wg_set peer "$PUB_extra" allowed-ips 10.9.9.0/24
routed 10.9.9.0/24
sync_file syncconf
unrouted 10.9.9.0/24
routes | sort >after
diff before after >diff.log || fail "$WHAT: not as before: $(cat diff.log)"
pings left 10.7.0.2 || fail "$WHAT: no answer after syncconf"
ok "$WHAT stays routed through syncconf"
wg_set peer "$PUB_extra" allowed-ips 10.9.10.0/24
stop left
at left ip route | grep -q '10\.9\.' && fail "down leaves a route"

WHAT="the drop-in form"
at left "$XT_BIN" left || fail "$WHAT"
at left ip addr add 10.7.0.1/24 dev left && at left ip link set left up || fail "$WHAT: address"
wg_set private-key <(echo "$KEY_left") peer "$PUB_extra" allowed-ips 10.7.9.0/24
unrouted 10.7.9.0/24
at left "$XT_BIN" down left || fail "down"
stop right
ok "$WHAT changes no route"
