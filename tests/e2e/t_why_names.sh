#!/bin/bash
# SPDX-License-Identifier: MIT
# `why` before anything was sent: no Endpoint, a name that is not found, an idle peer. `wait` and
# `up --wait` then say the same.
# waits
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/why.sh"
hosts_link
configs_write "" right.test
sed -i '/^Endpoint/d; s/^AllowedIPs/Name = left\n&/' right.conf
sed -i 's/^AllowedIPs/Name = right\n&/' left.conf
touch hosts
echo "hosts: files" >nsswitch.conf
host_files_cover hosts nsswitch.conf || skip "/etc cannot be covered"
[ ! -S /var/run/nscd/socket ] || skip "nscd answers"

refuses 3 "not running" at left "$XT_BIN" why left
refuses 3 "not running" at left "$XT_BIN" wait left
start left
start right
says left name
sentence left right.test
says right no-endpoint
refuses 5 "no peer" at left "$XT_BIN" why left absent
refuses 2 "" at left "$XT_BIN" why left a b
for peer in right "$PUB_right" "${PUB_right:0:10}" 10.7.0.2 fd07::2; do
	[ "$(at left "$XT_BIN" why left "$peer" --json | jq -r '.peers[0].public_key')" = "$PUB_right" ] ||
		fail "why left $peer"
done
[ "$(why left '"\(.schema) \(.interface) \(.peers[0].name)"')" = "1 left right" ] || fail "$(why left .)"
ok "a peer by name, key and address"
refuses 5 "right.test" at left "$XT_BIN" wait left right --timeout 0.5
refuses 5 "no Endpoint" at right "$XT_BIN" wait right --timeout 0.5
refuses 2 "number of seconds" at right "$XT_BIN" wait right --timeout soon
refuses 5 "right.test" at left "$XT_BIN" ping left right -c 1 -W 1
ok "wait and ping say why"

# A name that comes while it is waited for.
at left "$XT_BIN" wait left right --timeout 60 >wait.log 2>&1 &
waiting=$!
at right "$XT_BIN" wait right --timeout 60 >wait2.log 2>&1 &
waiting2=$!
echo "$R4 right.test" >>hosts
wait $waiting || fail "wait: exit $?: $(cat wait.log)"
wait $waiting2 || fail "wait at the other side: exit $?: $(cat wait2.log)"
says left up 1
says right up 1
quiet_of left
quiet_of right
ok "wait returns when the name is found: $(cat wait.log)"
at left "$XT_BIN" wait left >wait.log 2>&1 || fail "wait with a session: $(cat wait.log)"
has "left: right: " wait.log || fail "$(cat wait.log)"

at left "$XT_BIN" why left right --probe --json >probe.json || fail "--probe: exit $?: $(cat probe.json)"
jq -e '.peers[0] | .code == "up" and .probe.handshake and .probe.pings_answered == 3' probe.json \
	>/dev/null || fail "--probe: $(cat probe.json)"
at left "$XT_BIN" why left --probe >probe.log || fail "--probe: exit $?: $(cat probe.log)"
has "probe: right: a handshake succeeded now; 3 of 3 pings answered" probe.log ||
	fail "--probe: $(cat probe.log)"
ok "why --probe: $(tail -n 1 probe.log)"

# The instance ends while it is waited for.
stop right
at left "$XT_BIN" wait left --timeout 60 >wait.log 2>&1 &
waiting=$!
open() { at left ss -xnp | grep -q "xtunnel.*pid=$waiting\|left.sock"; }
await 5 "the client" open
stop left
wait $waiting
[ $? = 3 ] || fail "the end of the instance: $(cat wait.log)"
ok "3 when the instance ends meanwhile"

# up --wait
sed -i "s/right.test/$R4/" left.conf
at left "$XT_BIN" up "$T/left.conf" --wait=1 >up.log 2>&1
[ $? = 5 ] || fail "up --wait without a peer: $(cat up.log)"
has "stays up" up.log && at left "$XT_BIN" show left >/dev/null || fail "it does not stay up: $(cat up.log)"
start right
at left "$XT_BIN" up "$T/left.conf" --wait --timeout 60 >up.log 2>&1 || fail "up --wait: $(cat up.log)"
has "handshake" up.log || fail "it does not say so: $(cat up.log)"
at left "$XT_BIN" down left || fail "down"
at left "$XT_BIN" up "$T/left.conf" --wait >up.log 2>&1 || fail "up --wait: $(cat up.log)"
has "handshake" up.log || fail "it does not say so: $(cat up.log)"
refuses 2 "for --wait" at left "$XT_BIN" up "$T/left.conf" --timeout 3
ok "up --wait: $(cat up.log)"
at left "$XT_BIN" down left || fail "down"
stop right
at left "$XT_BIN" up "$T/left.conf" || fail "up"
says left idle
ok "idle"
at left "$XT_BIN" down left || fail "down"
