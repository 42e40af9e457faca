#!/bin/bash
# SPDX-License-Identifier: MIT
# Default routes through the tunnel without wg-quick: table, rules, firewall, and the datagrams of
# the tunnel itself outside of it; all undone by down, after a crash and after each step that fails.
# waits
. "$(dirname "$0")/lib.sh"
command -v nft >/dev/null || skip "no nft"
hosts_link
# The peer is behind the default route, so only the mark leads there once the tunnel is up.
ip -n right addr add 198.19.5.2/32 dev lo
configs_write $L4 198.19.5.2
# Right has 10.99.0.1 and fd99::1 on its loopback.
ip -n right addr add 10.99.0.1/32 dev lo
ip -n right addr add fd99::1/128 dev lo nodad
sed -i 's|^AllowedIPs.*|AllowedIPs = 0.0.0.0/0, ::/0|' left.conf
# The network of the host stays outside; these default routes apply without a tunnel.
ip -n left route add default via $R4
ip -n left -6 route add default via $R6

steady() { # all that an instance may have changed
	{
		at left ip addr
		at left ip -4 route show table all
		at left ip -6 route show table all
		at left ip -4 rule
		at left ip -6 rule
		at left nft list ruleset
		at left ss -Hulnp
		find /run/xtunnel /run/wireguard -name 'left*'
	} 2>/dev/null | sed -E 's/(valid|preferred)_lft [^ ]*//g; s/ expires [0-9]+sec//; s/pref medium//'
}
steady >before
same() { # same WHAT: nothing is left
	steady | diff before - >diff.log || fail "$1 leaves: $(cat diff.log)"
}

start right
at left "$XT_BIN" up "$T/left.conf" >up.log 2>&1 || fail "up: $(cat up.log)"
[ ! -s up.log ] || fail "up prints something: $(cat up.log)"
for family in 4 6; do
	at left ip -$family rule >rule.log
	grep -q '^32764:.*from all lookup main suppress_prefixlength 0' rule.log &&
		grep -q '^32765:.*not from all fwmark 0xca6c lookup 51820' rule.log ||
		fail "IPv$family rules: $(cat rule.log)"
	at left ip -$family route show table 51820 | grep -q '^default dev left' ||
		fail "IPv$family: no route in table 51820"
done
[ "$(at left wg show left fwmark)" = 0xca6c ] || fail "no mark: $(at left wg show left fwmark)"
[ "$(at left cat /proc/sys/net/ipv4/conf/all/src_valid_mark)" = 1 ] || fail "src_valid_mark"
ok "a table, two rules a family, the mark"

at left ip route get 10.99.0.1 | grep -q 'dev left' || fail "10.99.0.1 goes elsewhere"
at left ip route get 198.19.5.2 mark 51820 | grep -q 'dev wire' || fail "the mark does not lead outside"
at left ip route get $R4 | grep -q 'dev wire' || fail "the host's own network goes into the tunnel"
capture left wire wire.pcap
pings left 10.99.0.1 || fail "no answer from 10.99.0.1: $(cat ping.log)"
pings left fd99::1 || fail "no answer from fd99::1: $(cat ping.log)"
pings left $R4 || fail "the host's own network is cut off: $(cat ping.log)"
tcp left right 10.99.0.1 2000000
capture_stop
tcpdump -r wire.pcap -n 'host 10.99.0.1 or ip6 host fd99::1' 2>/dev/null | grep -q . &&
	fail "inner packets outside"
tcpdump -r wire.pcap -n 'udp port 51802 and host 198.19.5.2' 2>/dev/null | grep -q . || fail "nothing on the wire"
ok "both families go through the tunnel, its datagrams and the host's own network do not"

at left nft list table inet xtunnel-left >nft.log || fail "no firewall"
grep -q 'iifname != "left" ip daddr 10.7.0.1 fib saddr type != local drop' nft.log &&
	grep -q 'iifname != "left" ip6 daddr fd07::1 fib saddr type != local drop' nft.log ||
	fail "the firewall's rules: $(cat nft.log)"
ip -n right route add 10.7.0.1/32 via $L4
pings right 10.7.0.1 -I wire && fail "an inner address answers outside of the tunnel"
ip -n right route del 10.7.0.1/32 via $L4
at left nft list table inet xtunnel-left | grep -q 'ct mark set' || fail "marks are not kept"
# Replies to marked datagrams pass a strict reverse path filter.
at left sysctl -q -w net.ipv4.conf.wire.rp_filter=1 net.ipv4.conf.all.rp_filter=1
pings left 10.99.0.1 || fail "a strict reverse path filter drops answers: $(cat ping.log)"
ok "inner addresses are protected; the reverse path filter may be strict"

at left "$XT_BIN" down left >down.log 2>&1 || fail "down: $(cat down.log)"
[ ! -s down.log ] || fail "down prints something: $(cat down.log)"
same down
ok "down leaves nothing"

start left
crash left
await 3 "the kernel's part" eval "! at left ip link show left"
at left nft list table inet xtunnel-left >/dev/null || fail "the crash took the firewall along"
at left ip rule | grep -q 51820 || fail "the crash took the rules along"
at left "$XT_BIN" down left >down.log 2>&1 || fail "down after kill -9: $(cat down.log)"
same "kill -9 and down"
start left
crash left
start left
pings left 10.99.0.1 || fail "no answer after a crash and a new start"
[ "$(at left ip rule | grep -c suppress)" = 1 ] || fail "rules add up: $(at left ip rule)"
stop left
same "kill -9, a new start and its end"
start left
if separate left; then
	crash_tunnel left
	same "kill -9 of the tunnel process"
else
	stop left
fi
ok "a crash is cleaned up by down, by a new start, and by the monitor if it lives"

# Another program uses the number meanwhile: its rules stay.
start left
crash left
at left ip rule add not fwmark 51820 table 51820
at left "$XT_BIN" down left >down.log 2>&1 || fail "down: $(cat down.log)"
at left ip rule | grep -q '51820' || fail "a rule of another owner was removed"
at left ip rule del not fwmark 51820 table 51820
same "a crash with a rule of another owner"
at left ip route add 203.0.113.0/24 dev wire table 51820
start left
[ "$(at left wg show left fwmark)" = 0xca6d ] || fail "a table of another owner is used"
stop left
at left ip route del 203.0.113.0/24 dev wire table 51820
ok "only our own rules are removed, and only a free table is used"

sed 's|^ListenPort.*|&\nFwMark = 0x77|' left.conf >marked.conf
mv marked.conf left.conf
start left
at left ip rule | grep -q 'not from all fwmark 0x77 lookup 119' || fail "FwMark: $(at left ip rule)"
pings left 10.99.0.1 || fail "no answer with a mark of one's own"
stop left
same "a mark of one's own"
sed -i 's|^FwMark.*|Table = 777|' left.conf
start left
at left ip route show table 777 | grep -q '^default dev left' || fail "Table = 777"
[ "$(at left wg show left fwmark)" = off ] || fail "Table = 777 sets a mark"
at left ip rule | grep -q suppress && fail "Table = 777 makes rules"
at left nft list tables | grep -q xtunnel && fail "Table = 777 makes a firewall"
stop left
sed -i 's|^Table.*|Table = off|' left.conf
start left
[ -z "$(at left ip route show table all default dev left 2>/dev/null)" ] || fail "Table = off"
stop left
sed -i '/^Table/d' left.conf
same "Table = N and off"
ok "FwMark names the table; Table = N has no rules, Table = off no routes"

start left
ip -n left link del left
instance_ended left
same "a deleted interface"
if command -v wg-quick >/dev/null; then
	start left
	at left wg syncconf left <(wg-quick strip "$T/left.conf") || fail "wg syncconf"
	[ "$(at left wg show left fwmark)" = 0xca6c ] || fail "wg syncconf takes the mark away"
	pings left 10.99.0.1 || fail "no answer after wg syncconf"
	at left wg set left fwmark 7 && [ "$(at left wg show left fwmark)" = 0x7 ] || fail "wg set fwmark"
	at left wg-quick down "$T/left.conf" >wg-quick.log 2>&1 || fail "wg-quick: $(cat wg-quick.log)"
	instance_ended left
	same "wg-quick down"
fi
ok "the interface deleted from outside, by hand or by wg-quick; wg syncconf leaves the mark"

# Each step fails once; all steps before it are undone.
fails() { # fails TEXT
	steady >spoiled
	refuses 1 "$1" at left "$XT_BIN" up "$T/left.conf"
	steady | diff spoiled - >diff.log || fail "a failure of $1 leaves: $(cat diff.log)"
}
sed -i 's|^AllowedIPs.*|&, 10.40.0.0/16|' left.conf
at left ip route add 10.40.0.0/16 dev wire
fails "route 10.40.0.0/16"
at left ip route del 10.40.0.0/16 dev wire
at left ip rule add pref 2 table main
fails "priority"
at left ip rule del pref 2 table main
mkdir /run/xtunnel/left.sock # after the rules
fails "left is running"
rmdir /run/xtunnel/left.sock
ok "a route, a rule, a socket that fails: all is undone"
sed -i 's|^ListenPort.*|&\nPostUp = false|' left.conf
refuses 1 "PostUp on line" at left "$XT_BIN" up "$T/left.conf"
same "a failing PostUp"
sed -i 's|^PostUp.*|PostUp = sleep 30|' left.conf
launch left
await 5 "the hook runs" pgrep -f "sleep 30"
instance_end left
same "SIGTERM in PostUp"
sed -i '/^PostUp/d' left.conf
ok "a failing PostUp and a signal in it undo all"

at left sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
steady >before
sed -i 's|, fd07::1/64||; s|, 10.40.0.0/16||' left.conf
start left
has "IPv6 is switched off on this host" left.log || fail "nothing is reported of IPv6: $(cat left.log)"
pings left 10.99.0.1 || fail "no answer without IPv6: $(cat ping.log)"
at left ip -6 rule | grep -q 51820 && fail "rules for IPv6 where there is none"
stop left
same "a host without IPv6"
ok "::/0 on a host without IPv6: the rest works"
stop right
