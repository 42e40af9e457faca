#!/bin/bash
# SPDX-License-Identifier: MIT
# run and SIGTERM, up and down, kill -9 and down leave no address, route, socket or process behind,
# and keep the routes and addresses of others.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
sed -i 's|^AllowedIPs.*|&, 10.40.0.0/16, fd07:40::/48|' left.conf

picture() { # all that an instance may have changed
	at left ip addr
	at left ip -4 route show table all
	at left ip -6 route show table all
	at left ip rule
	at left ss -Hxlnp | grep -v "^nl" | awk '{print $5}'
	at left ss -Hulnp
	ls /run/xtunnel /run/wireguard
	pgrep -a xtunnel
} 2>/dev/null
steady() { picture | sed -E 's/(valid|preferred)_lft [^ ]*//g; s/ expires [0-9]+sec//'; }
steady >before

start left
pings left 10.7.0.1 || fail "own address"
at left ip route get 10.40.1.1 | grep -q "dev left" || fail "no route for AllowedIPs"
at left ip -6 route get fd07:40::1 | grep -q "dev left" || fail "no IPv6 route for AllowedIPs"
for signal in TERM INT; do
	instance_end left 5 $signal
	[ $CODE = 0 ] || fail "SIG$signal: exit $CODE"
	steady | diff before - >diff.log || fail "SIG$signal leaves: $(cat diff.log)"
	ok "run and SIG$signal leave nothing"
	start left
done
crash left
await 3 "the kernel's part" eval "! at left ip link show left"
at left "$XT_BIN" down left >down.log 2>&1 || fail "down after kill -9: $(cat down.log)"
steady | diff before - >diff.log || fail "kill -9 and down leave: $(cat diff.log)"
ok "kill -9, then down: nothing left"
start left
crash left
start left
stop left
steady | diff before - >diff.log || fail "kill -9 and a new start leave: $(cat diff.log)"
ok "kill -9, then a new start takes over what was left"
start left
if separate left; then
	crash_tunnel left
	steady | diff before - >diff.log ||
		fail "kill -9 of the tunnel process leaves: $(cat diff.log)"
	ok "kill -9 of the tunnel process: its monitor takes back what it had set"
else
	stop left
fi

at left "$XT_BIN" up "$T/left.conf" >up.log 2>&1 </dev/null || fail "up: $(cat up.log)"
[ ! -s up.log ] || grep -q warning up.log || true
pings left 10.7.0.1 || fail "not ready when up returned"
[ -S /run/xtunnel/left.sock ] && [ -S /run/wireguard/left.sock ] || fail "no sockets when up returned"
at left "$XT_BIN" down left >down.log 2>&1 || fail "down: $(cat down.log)"
steady | diff before - >diff.log || fail "up and down leave: $(cat diff.log)"
ok "up and down leave nothing"

start left
ip -n left link del left
instance_ended left
steady | diff before - >diff.log || fail "a deleted interface leaves: $(cat diff.log)"
ok "the interface deleted from outside: the instance ends and leaves nothing"
