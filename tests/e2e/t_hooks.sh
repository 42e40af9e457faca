#!/bin/bash
# SPDX-License-Identifier: MIT
# PreUp, PostUp, PreDown, PostDown run in order with %i replaced; one that fails on the way up rolls
# everything back and is named.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
hooks() { # hooks PREUP POSTUP
	sed -i '/^\(Pre\|Post\)/d' left.conf
	sed -i "s~^ListenPort.*~&\nPreUp = $1\nPostUp = $2\nPreDown = echo predown %i >>$T/hooks~" left.conf
	sed -i "s~^PreDown.*~&\nPostDown = echo postdown %i >>$T/hooks~" left.conf
	: >hooks
}

hooks "echo preup %i >>$T/hooks" "ip -br addr show %i | grep -q 10.7.0.1 \\&\\& echo postup %i >>$T/hooks"
at left "$XT_BIN" up "$T/left.conf" >up.log 2>&1 || fail "up: $(cat up.log)"
[ "$(cat hooks)" = "preup left
postup left" ] || fail "hooks on the way up: $(cat hooks)"
at left "$XT_BIN" down left >down.log 2>&1 || fail "down: $(cat down.log)"
[ "$(tail -n 2 hooks)" = "predown left
postdown left" ] || fail "hooks on the way down: $(cat hooks)"
ok "hooks run in order, %i is the name"

empty() { # empty WHAT: no trace of left
	at left ip link show left >/dev/null 2>&1 && fail "$1: the interface is there"
	[ -z "$(at left ss -Hlun)" ] || fail "$1: a UDP socket is there"
	[ ! -e /run/xtunnel/left.sock ] || fail "$1: the socket is there"
	[ ! -e /run/wireguard/left.sock ] || fail "$1: the UAPI socket is there"
	[ -z "$(at left ip route show 10.7.0.0/16)" ] || fail "$1: a route is there"
}

line() { grep -n "^$1" left.conf | cut -d: -f1; }

hooks "exit 3" true
for verb in run up; do
	refuses 1 "PreUp on line $(line PreUp)" at left "$XT_BIN" $verb "$T/left.conf"
	empty "$verb with a failing PreUp"
done
ok "a failing PreUp rolls back and is named by its line"

hooks true "false"
for verb in run up; do
	refuses 1 "PostUp on line $(line PostUp)" at left "$XT_BIN" $verb "$T/left.conf"
	empty "$verb with a failing PostUp"
done
ok "a failing PostUp rolls back and is named by its line"

hooks "kill -9 \$\$" true
refuses 1 "PreUp on line $(line PreUp)" at left "$XT_BIN" up "$T/left.conf"
empty "a killed PreUp"
ok "a hook that dies by a signal is a failing one"

hooks true "sleep 30"
launch left
await 5 "the hook runs" pgrep -f "sleep 30"
begin=$(now_ms)
instance_end left
[ $(($(now_ms) - begin)) -lt 4000 ] || fail "ending took $(($(now_ms) - begin)) ms"
pgrep -f "sleep 30" >/dev/null && fail "the hook survives"
empty "SIGTERM in a hook"
ok "SIGTERM during PostUp ends the hook and rolls back"

hooks true "false; touch $T/went-on"
refuses 1 "PostUp on line $(line PostUp) ended with status 1" at left "$XT_BIN" up "$T/left.conf"
[ ! -e went-on ] || fail "a hook goes on after its first command failed"
hooks true "false | true"
refuses 1 "PostUp on line $(line PostUp)" at left "$XT_BIN" up "$T/left.conf"
empty "a hook with a failing command"
ok "a hook ends with the first command that fails, as with wg-quick"

hooks true "ip link delete %i; sleep 2"
refuses 1 "left: the interface was deleted while PostUp ran" at left "$XT_BIN" up "$T/left.conf"
empty "a PostUp that deletes the interface"
ok "a hook that ends the interface is named"

hooks true true
sed -i "s~^PreDown.*~PreDown = echo the reason \>\&2; false; touch $T/went-on\nPreDown = echo second >>$T/hooks~" left.conf
sed -i "s~^PostDown.*~&\nPostDown = echo gone; exit 7\nPostDown = echo last >>$T/hooks~" left.conf
at left "$XT_BIN" up "$T/left.conf" >up.log 2>&1 || fail "up: $(cat up.log)"
refuses 1 "left: PreDown on line $(line PreDown | head -n 1) ended with status 1" \
	at left "$XT_BIN" down left
at left "$XT_BIN" up "$T/left.conf" >up.log 2>&1 || fail "up: $(cat up.log)"
at left "$XT_BIN" down left >down.log 2>&1 && fail "down: exit status 0 although hooks failed"
grep -q "  the reason" down.log || fail "down does not print what PreDown wrote"
grep -q "PostDown on line .* ended with status 7" down.log || fail "down does not name PostDown"
grep -q "  gone" down.log || fail "down does not print what PostDown wrote"
[ "$(tail -n 3 hooks)" = "second
postdown left
last" ] || fail "the other hooks: $(cat hooks)"
[ ! -e went-on ] || fail "PreDown goes on after its first command failed"
empty "down with failing hooks"
ok "hooks that fail on the way down are printed, the rest goes on, the exit status is 1"

hooks true "wg set %i private-key $T/left.key"
sed -n 's/^PrivateKey = //p' left.conf >left.key
sed -i '/^PrivateKey = /d' left.conf
instance_up_and_ping() {
	at left "$XT_BIN" up "$T/left.conf" >up.log 2>&1 || fail "up: $(cat up.log)"
	at right "$XT_BIN" up "$T/right.conf" >right.log 2>&1 || fail "up: $(cat right.log)"
	at left ping -c 1 -W 5 10.7.0.2 >/dev/null || fail "no ping: $(cat up.log)"
	at left "$XT_BIN" down left && at right "$XT_BIN" down right || fail "down"
}
[ -s left.key ] || fail "no PrivateKey in left.conf"
instance_up_and_ping
grep -q warning up.log && fail "a warning: $(cat up.log)"
ok "PostUp sets the private key, the documented form of wg-quick"
