#!/bin/bash
# SPDX-License-Identifier: MIT
# Endpoints that are names: one that is not found is named by `up` and `show`, and asked for again;
# a late answer takes a peer neither from where it was heard nor from where it was put.
# waits
. "$(dirname "$0")/lib.sh"
hosts_link
configs_write "" right.test
sed -i '/^Endpoint/d' right.conf

# Not the file hosts: musl asks a name server as well, whatever nsswitch.conf says.
names_serve left 127.0.0.1

peer() { json left left ".peers[0].$1"; }
up() { # up NAME: exit code 0
	at "$1" "$XT_BIN" up "$T/$1.conf" >up.log 2>&1 || fail "up $1: exit $?: $(cat up.log)"
}
down() { at "$1" "$XT_BIN" down "$1" >down.log 2>&1 || fail "down $1: $(cat down.log)"; }
found() { [ "$(peer endpoint_state)" = null ]; }
await_found() { await 10 "the name is found" found; }

up left
[ "$(wc -l <up.log)" = 1 ] && has "left: Endpoint right.test: resolving.*: no such host" up.log ||
	fail "up: $(cat up.log)"
at left "$XT_BIN" show left >show.log 2>&1
has "endpoint name: right.test:51802 (resolving, next try in [0-9]* s: no such host)" show.log ||
	fail "show: $(cat show.log)"
[ "$(peer endpoint_name)" = right.test:51802 ] || fail "endpoint_name: $(peer endpoint_name)"
[[ $(peer endpoint_state) == "resolving"*": no such host" ]] || fail "$(peer endpoint_state)"
[ "$(peer endpoint)" = null ] || fail "an endpoint: $(peer endpoint)"
ok "up, show and JSON name the Endpoint that is not found"

echo "right.test $R4" >>records
await_found
[ "$(peer endpoint)" = $R4:51802 ] || fail "endpoint: $(peer endpoint)"
at left "$XT_BIN" show left >show.log 2>&1
has "endpoint name: right.test:51802$" show.log || fail "show: $(cat show.log)"
down left
ok "it is asked for again, and used"

: >records
cp right.conf right.bare
echo "Endpoint = $L4:51801" >>right.conf
up left
up right
at right ping -c 1 -W 5 10.7.0.1 >/dev/null || fail "right does not reach left"
[ "$(peer endpoint)" = $R4:51802 ] || fail "not learned: $(peer endpoint)"
echo "right.test 198.18.0.99" >>records
await_found
[ "$(peer endpoint)" = $R4:51802 ] || fail "a late answer replaced what was learned: $(peer endpoint)"
at left ping -c 1 -W 5 10.7.0.2 >/dev/null || fail "left does not reach right"
down left
ok "a late answer does not replace a learned endpoint"

: >records
cp right.bare right.conf
down right
up right
up left
at left wg set left peer "$PUB_right" endpoint $R4:51802
echo "right.test 198.18.0.99" >>records
await_found
[ "$(peer endpoint)" = $R4:51802 ] || fail "a late answer replaced what was set: $(peer endpoint)"
at left ping -c 1 -W 5 10.7.0.2 >/dev/null || fail "left does not reach right"
down left
down right
ok "a late answer does not replace an endpoint that was set"

sed 's/right.test/300.1.1.1/; s|^AllowedIPs.*|AllowedIPs = 0.0.0.0/0|' left.conf >odd.conf
begin=$(now_ms)
at left "$XT_BIN" up "$T/odd.conf" >up.log 2>&1 || fail "up: exit $?: $(cat up.log)"
[ $(($(now_ms) - begin)) -lt 5000 ] || fail "up waits for what is no name"
has "warning: Endpoint: the host is neither" up.log || fail "no warning: $(cat up.log)"
has "odd: Endpoint 300.1.1.1: resolving" up.log || fail "up: $(cat up.log)"
at left "$XT_BIN" down odd || fail "down"
ok "a host that is no name is a warning, and not waited for"
