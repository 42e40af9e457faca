#!/bin/bash
# SPDX-License-Identifier: MIT
# The path's MTU is found where large datagrams vanish and no ICMP error comes back,
# IMPLEMENTATION-FAMILY: the peer, and IPv4 or IPv6 outside. Every size; a peer that drops ping, one
# that answers nothing, and no probe with MTU = N.
# labels: datapath
# timeout: 200
# cases: xtunnel-4 xtunnel-6
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/path_mtu.sh"

begin right "$peer"
for size in 1500 1492 1400 1300 1280; do
	path_new $size
	await 10 "a path of $size is found" path_is "$(passes $size)"
	ok "path $size: packets of up to $(passes $size) bytes"
done
at left "$XT_BIN" show left >show.log
grep -q "path mtu: $(path), probes" show.log || fail "show: $(cat show.log)"
[ "$(verdict left left taken_probe)" -gt 0 ] || fail "no answer was taken"

# Filters of the peer's host: it may drop ping, or all that it did not ask for.
filter() {
	at right nft -f - <<-EOF || fail "nft"
		table inet filter {}
		delete table inet filter
		table inet filter {
			chain in {
				type filter hook input priority 0;
				iifname "right" $1
			}
		}
	EOF
}
filter 'meta l4proto { icmp, ipv6-icmp } drop'
restart true
await 20 "a peer that drops ping is asked by TCP" path_is "$(passes 1280)"
ok "a peer that drops ping: $(path)"
filter 'ct state != { established, related } drop'
restart true
await 30 "a peer that answers nothing" source_is silent
path_is 0 || fail "a peer that answers nothing: $(path)"
at left "$XT_BIN" show left >show.log
grep -q 'path mtu probes: no answer' show.log || fail "show: $(cat show.log)"
at right nft delete table inet filter
ok "a peer that answers nothing changes nothing, and show says so"

# An address that answers, behind a peer that does not.
ip -n right addr add 10.7.0.77/32 dev lo
sed -i 's/^AllowedIPs.*/&\nProbeAddress = 10.7.0.77/' left.conf
filter 'ip daddr != 10.7.0.77 drop'
restart true
await 20 "ProbeAddress answers" path_is "$(passes 1280)"
at right nft delete table inet filter
ok "ProbeAddress: $(path)"

sed -i 's/^Address = /MTU = 1300\nAddress = /; /^ProbeAddress/d' left.conf
restart
pings left 10.7.0.2 || fail "no answer: $(cat ping.log)"
[ "$(verdict left left pass_probe)" = 0 ] || fail "a probe with MTU = 1300"
source_is none || fail "$(at left "$XT_BIN" show left)"
ok "MTU = 1300: no probe"
stop left
