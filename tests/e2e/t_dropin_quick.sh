#!/bin/bash
# SPDX-License-Identifier: MIT
# wg-quick(8), unmodified, with xtunnel as its userspace implementation: v4, v6, default route.
# timeout: 240
. "$(dirname "$0")/lib.sh"
command -v wg-quick >/dev/null || skip "no wg-quick"
ip link add dev probe type wireguard 2>/dev/null && { ip link del probe; skip "this kernel has WireGuard itself"; }
hosts_link
psk=$(wg genpsk)
export WG_QUICK_USERSPACE_IMPLEMENTATION=$XT_BIN
mkdir -p /etc/wireguard
quick() { # quick NAMESPACE WORD…
	ip netns exec "$1" wg-quick "${@:2}" </dev/null >>quick.log 2>&1
}

# files OUTER_LEFT OUTER_RIGHT ALLOWED_IPS_OF_LEFT
files() {
	configs_write "$1" "$2" "" "PresharedKey = $psk"
	sed -i "s|^AllowedIPs.*|AllowedIPs = $3\nPersistentKeepalive = 20|" left.conf
	sed -i "s|^ListenPort.*|&\nPostUp = echo up-%i >>$T/hooks\nPostDown = echo down-%i >>$T/hooks|" left.conf
	cp left.conf right.conf /etc/wireguard
}
state_of() { # links, routes, rules and firewall of a host
	at "$1" sh -c 'ip -o link | cut -d: -f2 | sort; ip -4 rule; ip -6 rule; ip route show table all | grep -v "fe80::\|ff00::" | sort; nft list ruleset'
	ls /run/wireguard /run/xtunnel
}

round() { # round WHAT
	local what=$1 side
	for side in left right; do
		state_of $side >before.$side
	done
	rm -f hooks
	quick right up right || fail "$what: wg-quick up right: $(tail quick.log)"
	quick left up left || fail "$what: wg-quick up left: $(tail quick.log)"
	both_families left 2
	tcp left right 10.7.0.2 2000000
	[ "$(at left cat /sys/class/net/left/mtu)" = 1420 ] || fail "$what: MTU $(at left cat /sys/class/net/left/mtu)"
	at left wg show left dump | grep -q "	20$" || fail "$what: wg show"
	quick left save left || fail "$what: save: $(tail quick.log)"
	grep -q "^PublicKey = $PUB_right" /etc/wireguard/left.conf || fail "$what: saved $(cat /etc/wireguard/left.conf)"
	at left wg-quick strip left >strip.conf || fail "$what: strip"
	at left wg syncconf left strip.conf || fail "$what: syncconf"
	both_families left 2
	quick left down left || fail "$what: down left: $(tail quick.log)"
	quick right down right || fail "$what: down right: $(tail quick.log)"
	for side in left right; do
		await 3 "$what: what $side is left with" eval "state_of $side | diff before.$side - >state.diff"
	done
	[ "$(tr '\n' ' ' <hooks)" = "up-left down-left " ] || fail "$what: hooks $(cat hooks)"
	ok "$what"
}

files $L4 $R4 "10.7.0.2/32, fd07::2/128"
round "v4 outside: up, traffic, save, strip, syncconf, down; nothing is left"
files $L6 $R6 "10.7.0.2/32, fd07::2/128"
round "v6 outside"
files $L4 $R4 "0.0.0.0/0, ::/0"
round "default routes, v4 outside"
files $L6 $R6 "0.0.0.0/0, ::/0"
round "default routes, v6 outside"

# The default route leads into the tunnel, the mark of the tunnel's own datagrams past it.
files $L4 $R4 "0.0.0.0/0"
quick right up right || fail "up right"
quick left up left || fail "up left"
at left ip route get 203.0.113.9 | grep -q "dev left" || fail "route: $(at left ip route get 203.0.113.9)"
mark=$(at left wg show left fwmark)
at left ip route get $R4 mark "$mark" | grep -q "dev wire" || fail "the tunnel's own datagrams: $(at left ip route get $R4 mark "$mark")"
at left ping -c1 -W3 -q $R4 >/dev/null || fail "the outside does not answer any more"
pings left 10.7.0.2 || fail "no ping"
pid=$(json left left .pid)
kill -KILL "$pid"
await 3 "the kill" gone "$pid"
[ -S /run/wireguard/left.sock ] || fail "no stale socket"
at left ip -4 rule del not fwmark "$mark" 2>/dev/null
at left ip -4 rule del table main suppress_prefixlength 0 2>/dev/null
quick left up left || fail "up after a crash: $(tail quick.log)"
pings left 10.7.0.2 || fail "no ping after a crash"
pid=$(json left left .pid)
if [ "$(tunnel_process "$pid")" != "$pid" ]; then
	kill -KILL "$(tunnel_process "$pid")"
	await 5 "the end after its tunnel process was killed" gone "$pid"
	[ ! -e /run/wireguard/left.sock ] || fail "the socket stays"
	at left ip -4 rule del not fwmark "$mark" 2>/dev/null
	at left ip -4 rule del table main suppress_prefixlength 0 2>/dev/null
	quick left up left || fail "up after the tunnel process was killed: $(tail quick.log)"
	pings left 10.7.0.2 || fail "no ping after the tunnel process was killed"
fi
quick left down left || fail "down"
quick right down right || fail "down"
ok "policy routing by mark; a new start after kill -9"
