#!/bin/bash
# SPDX-License-Identifier: MIT
# xtunnel ping NAME PEER: by name, key or address; RTT, loss, size; exit 5 without an answer.
. "$(dirname "$0")/lib.sh"
tunnel_prepare "" "" "" "Name = other"
instances_start
for peer in other "$PUB_right" 10.7.0.2 fd07::2; do
	at left "$XT_BIN" ping left "$peer" -c 2 -i 0.01 >ping.out 2>ping.err ||
		fail "ping $peer: $(cat ping.out ping.err)"
	[ "$(grep -c "ms$" ping.out)" -ge 2 ] || fail "ping $peer: $(cat ping.out)"
	grep -q " 0% lost" ping.out ping.err || fail "ping $peer reports no loss: $(cat ping.out ping.err)"
done
ok "by name, by key, by IPv4 and IPv6 address"
for size in 0 1 7 8 1392; do
	at left "$XT_BIN" ping left other -c 1 -s $size >ping.out 2>&1 || fail "-s $size: $(cat ping.out)"
done
refuses 2 "at most 1392" at left "$XT_BIN" ping left other -s 1393
refuses 2 "65507" at left "$XT_BIN" ping left other -s 65508
ok "sizes"
at left "$XT_BIN" ping left other -c 2 -i 0.01 --json | jq -es 'length >= 2' >/dev/null || fail "--json"
ok "--json"
[ "$(verdict left left taken_ping)" -ge 2 ] || fail "replies are not counted"
refuses 5 "" at left "$XT_BIN" ping left absent -c 1
refuses 5 "" at left "$XT_BIN" ping left 10.7.0.99 -c 1
ok "an unknown peer"
crash right
at left "$XT_BIN" ping left other -c 2 -i 0.1 -W 0.3 >ping.out 2>&1
code=$?
[ $code = 5 ] || fail "no answer: exit $code: $(cat ping.out)"
ok "no answer: exit 5"
