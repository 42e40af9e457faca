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
at left "$XT_BIN" ping left "${PUB_right:0:8}" -c 1 >ping.out 2>&1 || fail "by a key's prefix: $(cat ping.out)"
ok "by the beginning of a key"
at left wg set left peer "$PUB_right" allowed-ips 10.7.0.0/24,fd07::/64
pings right 10.7.0.1 || fail "no ping from right"
at left "$XT_BIN" ping left other -c 1 >ping.out 2>&1 || fail "AllowedIPs is a network: $(cat ping.out)"
grep -q "10.7.0.2\|fd07::2" ping.out || fail "AllowedIPs is a network: $(cat ping.out)"
at left wg set left peer "$PUB_right" allowed-ips 10.7.0.2/32,fd07::2/128
ok "by name with a network: where the peer was heard"
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
for verb in ping why wait; do
	refuses 5 "no peer has this Name" at left "$XT_BIN" "$verb" left "$(printf '\377\376')"
done
ok "an unknown peer"
crash right
at left "$XT_BIN" ping left other -c 2 -i 0.1 -W 0.3 >ping.out 2>&1
code=$?
[ $code = 5 ] || fail "no answer: exit $code: $(cat ping.out)"
says_why='^other: .* ([a-z-]*)$' # what is known, and its code
has "$says_why" ping.out || fail "no answer, and no reason: $(cat ping.out)"
ok "no answer: exit 5, and why"
ip netns exec left "$XT_BIN" ping left other -c 0 -W 60 >ping.out 2>&1 &
pinging=$!
await 12 "the reason after 5 s without an answer" has "$says_why" ping.out
kill $pinging
wait $pinging
at left "$XT_BIN" ping left other -c 1 -W 0.2 --json >ping.out
jq -es 'any(.[]; .code and .sentence) and .[-1].lost == 1' ping.out >/dev/null || fail "--json: $(cat ping.out)"
ok "why after 5 s of silence"
start right
for option in "" --json; do
	# shellcheck disable=SC2086
	at left timeout 10 "$XT_BIN" ping left other -c 0 -i 0.05 $option 2>ping.err | head -n 1 >ping.out
	[ "${PIPESTATUS[0]}" = 0 ] || fail "| head -1: ping $option goes on: $(cat ping.err)"
	[ -s ping.err ] && fail "| head -1: $(cat ping.err)"
done
ok "it ends when the reader of its output does"
