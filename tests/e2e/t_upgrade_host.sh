#!/bin/bash
# SPDX-License-Identifier: MIT
# What an instance has set in its host is the new process's after an upgrade: rules, routes,
# firewall, name servers. Nothing of it is touched, and all is taken back at the end, also after a
# crash of either process.
. "$(dirname "$0")/lib.sh"
hosts_link
configs_write "" "" "DNS = 10.7.0.53"
sed -i 's,^AllowedIPs.*,AllowedIPs = 0.0.0.0/0\, ::/0,' left.conf
sed -i '/^DNS/d' right.conf
resolvers_absent
echo "nameserver 198.18.9.9" >resolv.conf
host_files_cover resolv.conf || skip "/etc cannot be covered"
host() {
	ip -n left rule
	ip -n left -6 rule
	ip -n left route show table all | grep -v cache
	ip -n left -6 route show table all | grep -v -e cache -e multicast | sed 's/ expires [^ ]*//'
	at left nft list ruleset
	cat /etc/resolv.conf
}
host >without
upgrade() {
	local before=${PID[left]}
	at left "$XT_BIN" upgrade left >out 2>&1 || fail "upgrade: exit $?: $(cat out)"
	await 10 "the process before ends" gone "$before"
	PID[left]=$(json left left .pid)
}
begin() {
	start right
	start left
	pings left 10.7.0.2 || fail "no answer: $(cat ping.log)"
	host >before
	upgrade
	upgrade
	await 5 "the host as before" eval 'host >after; cmp -s before after'
	pings left 10.7.0.2 || fail "no answer after it: $(cat ping.log)"
}
same() {
	await 5 "$*: the host as before the start" eval 'host >after; cmp -s without after'
	ok "$*"
}
begin
ok "rules, routes, firewall and name servers are untouched"
stop left
stop right
grep -q 10.7.0.53 before || fail "no name server was set"
same "a clean end takes them back"
begin
crash_tunnel left
stop right
same "so does the monitor, when its tunnel process is killed"
begin
crash left
stop right
at left "$XT_BIN" down left >out 2>&1 || fail "down: $(cat out)"
same "and down, when the monitor was killed"
