#!/bin/bash
# xtunnel ping NAME PEER: by name, key or address; RTT, loss, size; exit 5 when nobody answers.
. "$(dirname "$0")/lib.sh"
world
pair "" "" "" "Name = other"
start left
start right
for peer in other "$PUB_right" 10.7.0.2 fd07::2; do
	at left "$XT_BIN" ping left "$peer" -c 2 -i 0.01 >ping.out 2>ping.err ||
		fail "ping $peer: $(cat ping.out ping.err)"
	[ "$(grep -c "ms$" ping.out)" -ge 2 ] || fail "ping $peer: $(cat ping.out)"
	grep -q " 0% lost" ping.out ping.err || fail "ping $peer tells no loss: $(cat ping.out ping.err)"
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
refuses 5 "" at left "$XT_BIN" ping left nobody -c 1
refuses 5 "" at left "$XT_BIN" ping left 10.7.0.99 -c 1
ok "an unknown peer"
slay right
at left "$XT_BIN" ping left other -c 2 -i 0.1 -W 0.3 >ping.out 2>&1
code=$?
[ $code = 5 ] || fail "nobody answers: exit $code: $(cat ping.out)"
ok "nobody answers: exit 5"
