#!/bin/bash
# SPDX-License-Identifier: MIT
# Upgrades of every kind of instance: in the place of another implementation, of an ordinary user
# with a persistent interface, in the foreground, under a service manager; up --replace; and from
# another network namespace.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
start right

upgrade() { # upgrade NAME NAMESPACE VERB…
	local before=${PID[$1]}
	at "$2" "${@:3}" >out 2>&1 || fail "${*:3}: exit $?: $(cat out)"
	await 10 "the process before ends" gone "$before"
	PID[$1]=$(json left "$1" .pid)
}

# --- in the place of another implementation, with what wg(8) has set
start_bare left
sed -E '/^Address/d' left.conf >left.wg
at left wg setconf left left.wg || fail "wg setconf"
ip -n left addr add 10.7.0.1/24 dev left
ip -n left addr add fd07::1/64 dev left nodad
ip -n left link set left up
both_families left 2
at left wg show left dump | cut -f1-8 >before
upgrade left left "$XT_BIN" upgrade left
upgrade left left env XT_SANDBOX=off "$XT_BIN" upgrade left
at left wg show left dump | cut -f1-5 | diff <(cut -f1-5 before) - || fail "wg show differs"
both_families left 2
at left wg set left peer "$PUB_right" persistent-keepalive 25 || fail "wg set"
rm /run/wireguard/left.sock
await 10 "its end by the removal of its socket" gone "${PID[left]}"
unset "PID[left]"
ok "a drop-in goes on, takes wg set, and ends with its socket"

# --- in the foreground; from outside of its network namespace
start left
both_families left 2
before=${PID[left]}
upgrade left right "$XT_BIN" upgrade left
wait "$before"
code=$?
[ $code = 0 ] || fail "the process before ended with $code"
both_families left 2
sed -i 's/^ListenPort.*/ListenPort = 51821/' left.conf
at left "$XT_BIN" reload left >out 2>&1 || fail "reload: $(cat out)"
at left ss -lnu | grep -q 51821 || fail "the new port is in another network namespace"
both_families left 2
ok "the first process ends with 0; the new one works in the namespace of the interface"

# --- up --replace
same=${PID[left]}
at left "$XT_BIN" up --replace left.conf >out 2>&1 || fail "up --replace: $(cat out)"
[ "$(json left left .pid)" = "$same" ] || fail "the same program is replaced"
cp "$XT_BIN" other
sed -i 's/^ListenPort.*/ListenPort = 51801/' left.conf
upgrade left left ./other up --replace "$T/left.conf"
at left wg show left listen-port | grep -q 51801 || fail "the file is not reloaded: $(cat out)"
both_families left 2
echo nonsense >>left.conf
at left "$XT_BIN" up --replace "$T/left.conf" >out 2>&1
[ $? = 4 ] || fail "a bad file: $(cat out)"
sed -i '$d' left.conf
PID[left]=$(json left left .pid)
both_families left 2
stop left
at left "$XT_BIN" up --replace "$T/left.conf" >out 2>&1 || fail "up --replace of none: $(cat out)"
PID[left]=$(json left left .pid)
both_families left 2
ok "up --replace: nothing for the same program, another one goes on and reloads; none is started"

# --- clients
ip netns exec left "$XT_BIN" events left >events.log 2>&1 &
events=$!
await 5 "events" eval '[ -n "$(ls -l /proc/'$events'/fd | grep socket)" ]'
upgrade left left "$XT_BIN" upgrade left
await 5 "the end of events" gone $events
for _ in $(seq 20); do
	at left wg show left >/dev/null || fail "wg show"
done
ok "events end; wg show works at once"
stop left
stop right

# --- an ordinary user
[ "$(awk '{print $3; exit}' /proc/self/uid_map)" -gt 65534 ] && id nobody >/dev/null 2>&1 &&
	command -v setpriv >/dev/null || exit 0
mkdir -m 755 /run/open
install -m 755 "$XT_BIN" /run/open/xtunnel
sed 's/^ListenPort.*/&\n#: Owner = nobody/' left.conf >/run/open/left.conf
chmod 600 /run/open/left.conf
install -d -m 700 -o nobody /run/open/run /run/open/state
mknod /run/open/tun c 10 200 && chmod 666 /run/open/tun
mount --bind /run/open/tun /dev/net/tun
start right
at left "$XT_BIN" up /run/open/left.conf >up.log 2>&1 || fail "up: $(cat up.log)"
pings left 10.7.0.2 || fail "no answer as root: $(cat ping.log)"
PID[left]=$(json left left .pid)
upgrade left left "$XT_BIN" upgrade left
at left ip -d link show left | grep -q "persist on user nobody" || fail "owner: $(at left ip -d link show left)"
stop left
at left ip link show left >/dev/null 2>&1 || fail "the persistent interface went with an upgraded instance"
chown nobody /run/open/left.conf
chmod 711 "$T"
nobody=(env XT_RUN_DIR=/run/open/run XT_STATE_DIR=/run/open/state setpriv --reuid=nobody
	--regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all /run/open/xtunnel)
at left "${nobody[@]}" up /run/open/left.conf >out 2>&1 || fail "up of nobody: $(cat out)"
both_families left 2
ask() { at left "${nobody[@]}" show left --json | jq -r .pid; }
PID[left]=$(ask)
before=${PID[left]}
XT_RUN_DIR=/run/open/run at left "$XT_BIN" upgrade left >out 2>&1 && fail "root takes over the instance of nobody"
at left "${nobody[@]}" upgrade left >out 2>&1 || fail "upgrade of nobody: $(cat out)"
await 10 "the process before ends" gone "$before"
PID[left]=$(ask)
for pid in $(processes left); do
	[ "$(awk '/^Uid/ {print $2}' "/proc/$pid/status")" = 65534 ] || fail "it does not run as nobody"
done
both_families left 2
ok "an ordinary user upgrades its own instance, and root does not take it over"
instances_stop
