#!/bin/bash
# SPDX-License-Identifier: MIT
# wg(8) configures an instance that was started as any other userspace implementation is.
# timeout: 240
. "$(dirname "$0")/lib.sh"
command -v wg >/dev/null || skip "no wg"
hosts_link
keys_make left right third
psk=$(wg genpsk)

# begin NAME: in its own namespace, up
begin() {
	local name=$1
	start_bare "$name"
	ip -n "$name" link set "$name" up
}
begin left
begin right
ip -n left addr add 10.7.0.1/24 dev left
ip -n right addr add 10.7.0.2/24 dev right
dump() { at "${1:-left}" wg show "${1:-left}" dump; }
field() { dump | sed -n 1p | cut -f"$1"; }
peer() { dump | grep "^$1" | cut -f"$2"; }

at left wg show interfaces | tr " " "\n" | grep -qx left || fail "wg show interfaces: $(at left wg show interfaces)"
[ "$(field 1)" = "(none)" ] || fail "a fresh device has a key: $(field 1)"
[ "$(cat "/sys/class/net/lo/mtu")" ] && [ "$(at left cat /sys/class/net/left/mtu)" = 1420 ] ||
	fail "MTU $(at left cat /sys/class/net/left/mtu)"
ok "a fresh device: no key, MTU 1420"

at right wg set right private-key <(echo "$KEY_right") listen-port 51802 \
	peer "$PUB_left" preshared-key <(echo "$psk") allowed-ips 10.7.0.1/32 || fail "wg set right"
at left wg set left private-key <(echo "$KEY_left") listen-port 51801 fwmark 0x77 \
	peer "$PUB_right" preshared-key <(echo "$psk") endpoint $R4:51802 allowed-ips 10.7.0.2/32 \
	persistent-keepalive 25 || fail "wg set"
[ "$(dump | sed -n 1p)" = "$KEY_left	$PUB_left	51801	0x77" ] || fail "device line: $(dump)"
pings left 10.7.0.2 || fail "no ping: $(cat ping.log)"
ok "wg set brings a tunnel up"

before=$(peer "$PUB_right" 5)
[ "$before" -gt 0 ] || fail "no handshake"
handshakes() { json left left '[.counters.taken_handshake] | add'; }
n=$(handshakes)
for port in 51811 51812 51801; do
	at left wg set left listen-port $port || fail "wg set listen-port $port"
	[ "$(field 3)" = $port ] || fail "port is $(field 3), not $port"
	at left ss -lunH "sport = $port" | grep -q . || fail "nothing listens on $port"
	pings left 10.7.0.2 || fail "port $port: no ping"
done
[ "$(handshakes)" = "$n" ] || fail "a new handshake at a change of the port"
ok "the port changes three times, the session stays"

ip netns exec left $PYTHON -c '
import signal, socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.setsockopt(41, 26, 1); s.bind(("::", 51899))
print("ready", flush=True); signal.pause()' >taken.out &
holder=$!
await 5 "the holder of the port" has ready taken.out
refuses 1 "Address already in use" at left wg set left listen-port 51899 \
	peer "$PUB_third" allowed-ips 10.7.0.9/32
kill $holder
[ "$(field 3)" = 51801 ] || fail "port $(field 3) after a refused change"
[ -z "$(peer "$PUB_third" 1)" ] || fail "a refused change left a peer behind"
pings left 10.7.0.2 || fail "no ping after a refused change"
ok "EADDRINUSE is reported, nothing is changed"

new=$(wg genpsk)
at left wg set left peer "$PUB_right" preshared-key <(echo "$new") || fail "psk"
at right wg set right peer "$PUB_left" preshared-key <(echo "$new") || fail "psk"
pings left 10.7.0.2 || fail "a changed PSK dropped the session"
[ "$(handshakes)" = "$n" ] || fail "a handshake at once after a changed PSK"
ok "a PSK changes without dropping the session"

at left wg set left peer "$PUB_third" allowed-ips 10.7.0.2/32,fd07::9/128 || fail "move"
[ "$(peer "$PUB_right" 4)" = "(none)" ] || fail "the prefix did not move: $(dump)"
[ "$(peer "$PUB_third" 4)" = "10.7.0.2/32,fd07::9/128" ] || fail "third has $(peer "$PUB_third" 4)"
at left wg set left peer "$PUB_right" allowed-ips 10.7.0.2/32 || fail "move back"
[ "$(peer "$PUB_third" 4)" = "fd07::9/128" ] || fail "third has $(peer "$PUB_third" 4)"
at left wg set left peer "$PUB_third" remove || fail "remove"
[ -z "$(peer "$PUB_third" 1)" ] || fail "third is still there"
at left wg set left peer "$PUB_left" allowed-ips 10.7.0.77/32 || fail "own key"
[ "$(dump | wc -l)" = 2 ] || fail "our own key became a peer: $(dump)"
at left wg set left fwmark 0 peer "$PUB_right" persistent-keepalive 0 || fail "fwmark"
[ "$(field 4)" = off ] && [ "$(peer "$PUB_right" 8)" = off ] || fail "off: $(dump)"
pings left 10.7.0.2 || fail "no ping after all that"
ok "prefixes move, peers are removed, our own key is ignored, mark and keepalive off"

tx=$(peer "$PUB_right" 7)
at left wg set left peer "$PUB_right" persistent-keepalive 3000 || fail "keepalive"
awaits 1 eval '[ "$(peer "$PUB_right" 7)" -ge $((tx + 32)) ]' || fail "no keepalive at once: $tx, $(peer "$PUB_right" 7)"
at left wg set left peer "$PUB_right" persistent-keepalive off || fail "keepalive"
ok "a keepalive is sent at once when it is switched on"

at left wg showconf left >one.conf || fail "showconf"
at left wg setconf left one.conf || fail "setconf"
at left wg showconf left >two.conf
diff one.conf two.conf || fail "showconf | setconf is not the same"
pings left 10.7.0.2 || fail "no ping after setconf"
printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.7.0.33/32\n' "$PUB_third" >add.conf
at left wg addconf left add.conf || fail "addconf"
[ "$(peer "$PUB_third" 4)" = 10.7.0.33/32 ] && [ -n "$(peer "$PUB_right" 1)" ] || fail "addconf: $(dump)"
n=$(handshakes)
at left wg syncconf left one.conf || fail "syncconf"
[ -z "$(peer "$PUB_third" 1)" ] || fail "syncconf left the third peer"
pings left 10.7.0.2 || fail "no ping after syncconf"
[ "$(handshakes)" = "$n" ] || fail "syncconf dropped the session"
ok "showconf, setconf, addconf, syncconf"

: >none
at left wg set left private-key none || fail "key removal"
[ "$(field 1)" = "(none)" ] || fail "key: $(field 1)"
pings left 10.7.0.2 && fail "a ping without a key"
at left wg set left private-key <(echo "$KEY_left") || fail "key again"
pings left 10.7.0.2 || fail "no ping with the key again: $(at left wg show)"
ok "the private key is removed and set again"
ls "$XT_STATE_DIR" | grep -q . || fail "no state file for a key set at run time"
at left wg set left private-key <(echo "$KEY_third") || fail "another key"
at left wg set left peer "$PUB_right" persistent-keepalive 1
awaits 5 eval '[ "$(ls "$XT_STATE_DIR" | wc -l)" -ge 3 ]' || fail "no state file of the new key: $(ls "$XT_STATE_DIR")"
ok "the state file follows the key"

at left "$XT_BIN" show left >show.txt || fail "show"
grep -q "^interface: left" show.txt || fail "$(cat show.txt)"
kill -TERM "${PID[left]}"
await 5 "the end" gone "${PID[left]}"
[ ! -e /run/wireguard/left.sock ] || fail "the socket stays"
at left ip link show left >/dev/null 2>&1 && fail "the interface stays"
unset "PID[left]"
ok "SIGTERM removes socket and interface"
