#!/bin/bash
# SPDX-License-Identifier: MIT
# What the verbs print with --json is what docs/json.md and docs/schema say, key by key, and the jq
# commands of the page work.
# timeout: 240
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
$PYTHON -c 'import jsonschema' 2>/dev/null || skip "no jsonschema for $PYTHON"

valid() { # valid SCHEMA [--lines]: of standard input
	$PYTHON "$SOURCE/tests/e2e/json_valid.py" "$SOURCE/docs/schema/$1.json" "${@:2}" >valid.out 2>&1
}
# prints SCHEMA [--lines] -- VERB…: xtunnel's output on left is as that schema says
prints() {
	local schema=$1 lines=
	shift
	[ "$1" = -- ] || { lines=$1; shift; }
	shift
	at left "$XT_BIN" "$@" >out.json 2>out.err # the exit status is the verb's, such as 5
	valid "$schema" $lines <out.json || fail "$*: not as $schema says: $(cat valid.out out.err out.json)"
}

tunnel_start "" "" "Echo = peer" "Name = right
PersistentKeepalive = 25"
at left "$XT_BIN" ping left right -c 3 -i 0.05 >/dev/null || fail "ping"
prints show-1 -- show left --json
cp out.json show.json
prints show-1 -- show --json
jq -e 'type == "array" and length == 2 and all(.schema == 1)' out.json >/dev/null ||
	fail "not an array of objects with a version: $(cat out.json)"
ok "show of one and of all instances"

# --- what is not described, or not as described, is found ---
wrong() { # wrong FILTER TEXT: show.json changed like that is refused with that text
	jq "$1" show.json >wrong.json
	if valid show-1 <wrong.json; then fail "accepted: $1"; fi
	has "$2" valid.out || fail "$1: $(cat valid.out)"
}
wrong '.novelty = 1' novelty
wrong '.peers[0].novelty = 1' novelty
wrong '.counters.drop_novelty = 1' drop_novelty
wrong 'del(.mtu)' mtu
wrong 'del(.peers[0].rx_bytes)' rx_bytes
wrong '.mtu = "1420"' mtu
wrong '.peers[0].session = 1' session
wrong '.public_key = "short"' public_key
wrong '.schema = 2' schema
if valid show-1 </dev/null; then fail "nothing is accepted"; fi
ok "a key too much, one too few, another type and another version are refused"

# --- without key, file, peers; without Endpoint, and with names that do not exist ---
start_bare bare left
prints show-1 -- show bare --json
jq -e 'has("public_key") or has("config") | not' out.json >/dev/null || fail "$(cat out.json)"
keys_make other lone
config_write other 3 lone 4 192.0.2.7 "" "Name = one"
sed -i 's/^Endpoint.*/Endpoint = none.invalid:7, 192.0.2.9:7, 192.0.2.10:8/' other.conf
keys_make more
cat >>other.conf <<-EOF
	[Peer]
	PublicKey = $PUB_more
	AllowedIPs = 10.8.0.0/16
EOF
start other left
at left ping -c1 -W1 -q 10.7.0.4 >/dev/null 2>&1
at left ping -c1 -W1 -q 10.8.0.4 >/dev/null 2>&1
prints show-1 -- show other --json
jq -e '.peers[0].endpoints | length >= 2' out.json >/dev/null || fail "endpoints: $(cat out.json)"
prints why-1 -- why other --json
prints why-1 -- why bare --json
crash other
prints show-1 -- show --json
ok "an instance without key or file, peers without answer, Endpoint or address"

# --- the other verbs ---
prints why-1 -- why left --json
prints why-1 -- why left right --probe --json
jq -e '.peers[0].probe.pings_answered > 0' out.json >/dev/null || fail "probe: $(cat out.json)"
at left ping -c1 -W1 -q 10.7.0.99 >/dev/null 2>&1 # of no peer
prints why-1 -- why left --json
jq -e '.device[0].code == "no-route" and .device[0].destinations[0].packets > 0' out.json >/dev/null ||
	fail "no-route: $(cat out.json)"
prints reload-1 -- reload left --json
prints reload-1 -- reload left --dry-run --json
cp left.conf left.good
sed -i 's/PersistentKeepalive = 25/PersistentKeepalive = 20/; s/^ListenPort.*/ListenPort = 51811/' \
	left.conf
cat >>left.conf <<-EOF
	[Peer]
	PublicKey = $PUB_more
	AllowedIPs = 10.8.0.0/16
EOF
prints reload-1 -- reload left --dry-run --json
jq -e '.changed and (.differences | length >= 3)' out.json >/dev/null || fail "$(cat out.json)"
echo "Novelty = 1" >>left.conf
prints reload-1 -- reload left --json
jq -e '.result == "file"' out.json >/dev/null || fail "a broken file: $(cat out.json)"
cp left.good left.conf
prints ping-1 --lines -- ping left right -c 2 -i 0.05 --json
[ "$(wc -l <out.json)" = 4 ] || fail "ping: $(cat out.json)"
prints ping-1 --lines -- ping left 10.7.0.2 -c 1 -W 0.05 -s 1300 --json
prints check-1 -- check left.conf --json
prints check-1 -- check left.conf right.conf --json
sed 's/^AllowedIPs.*/AllowedIPs = 10.7.7.7/; s/^MTU.*//; s/^Address.*/&\nMTU = 1300/' right.conf >odd.conf
prints check-1 -- check left.conf odd.conf --json
jq -e 'any(has("other_line"))' out.json >/dev/null || fail "no second place: $(cat out.json)"
prints check-1 -- check none.conf --json
prints list-1 -- list left.conf --json
prints top-1 --lines -- top left --json --count 2 --interval 0.2
prints top-1 --lines -- top --json --count 1
prints show-interfaces-1 -- show interfaces --json
prints version-1 -- --version --json
jq -e '.version | test("^[0-9]+[.][0-9]+[.][0-9]+$")' out.json >/dev/null || fail "version: $(cat out.json)"
prints version-1 -- --json --version
prints version-1 -- version --json
"$XT_BIN" --version >out.txt
[ "$(head -n 1 out.txt)" = "xtunnel $(jq -r .version out.json)" ] || fail "$(cat out.txt out.json)"
jq -r '.libraries | to_entries[].key' out.json | while read -r name; do
	grep -q "^$name " out.txt || fail "--version has no $name: $(cat out.txt)"
done || exit 1
ok "why, reload, ping, check, list, show interfaces, version"

# --- events, until the end of an instance ---
keys_make third nowhere
config_write third 5 nowhere 6 $R4 "" ""
sed -i 's/10[.]7/10.9/; s/fd07/fd09/' third.conf
start third left
ip netns exec left "$XT_BIN" events third --json >events.json 2>events.log </dev/null &
EVENTS=$!
event() { # event CODE: it has come, after a change of the file and a ping
	local mtu=$((1300 + RANDOM % 100))
	sed -i "/^MTU/d; s/^Address.*/&\nMTU = $mtu/" third.conf
	at left "$XT_BIN" reload third
	at left ping -c1 -W1 -q 10.9.0.6
	jq -e -s "any(.code == \"$1\")" events.json
}
for code in reload mtu unanswered; do
	await 20 "the event $code" event $code
done
prints ping-1 --lines -- ping third 10.9.0.6 -c 1 -W 0.2 --json
jq -e -s 'any(.code) and .[-1].lost == 1' out.json >/dev/null || fail "no reason: $(cat out.json)"
stop third
wait $EVENTS || fail "events ends with $?: $(cat events.log)"
valid events-1 --lines <events.json || fail "events: $(cat valid.out events.json)"
ok "events"

# --- the commands of the page ---
n=0
while read -r line; do
	at left bash -c "set -o pipefail; ${line//xtunnel /\"$XT_BIN\" }" \
		>out.txt 2>out.err || fail "$line: exit $?: $(cat out.txt out.err)"
	[ -s out.txt ] || fail "$line: prints nothing"
	has null out.txt && fail "$line: prints $(cat out.txt)"
	n=$((n + 1))
done < <(sed -n 's/^    \(xtunnel .*| jq .*\)/\1/p' "$SOURCE/docs/json.md")
[ $n -ge 7 ] || fail "only $n commands on the page"
ok "$n commands of docs/json.md"
stop left
stop right
