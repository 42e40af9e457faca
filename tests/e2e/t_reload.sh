#!/bin/bash
# SPDX-License-Identifier: MIT
# `xtunnel reload` and SIGHUP: what a file changes is printed and applied while sessions go on; a
# file that is bad, or that asks for what cannot change, changes nothing.
. "$(dirname "$0")/lib.sh"

reload() { # reload [OPTION…]: out and err, CODE
	at left "$XT_BIN" reload left "$@" >out 2>err
	CODE=$?
}
reloads() { # reloads WHAT PATTERN…: exit 0, and the output has each pattern
	local what=$1 pattern
	shift
	reload
	[ $CODE = 0 ] || fail "$what: exit $CODE: $(cat out err)"
	for pattern; do has "$pattern" out || fail "$what: no '$pattern': $(cat out err)"; done
}
edit() { # edit SED: of left.conf
	sed -i "$1" left.conf
}
sessions() { # the handshakes of left's peers
	at left wg show left latest-handshakes | cut -f2
}
host_state() { # what a reload that is refused must not change
	at left wg showconf left
	at left ip -d addr show left
	at left ip -4 route show table all
	at left ip -6 route show table all
	at left ip rule
	at left ip -6 rule
	at left nft list ruleset 2>/dev/null
	cat /etc/resolv.conf
}
stays() { # stays WHAT CODE TEXT: a reload ends so, and changes nothing
	host_state >before
	reload
	[ $CODE = "$2" ] || fail "$1: exit $CODE, not $2: $(cat out err)"
	cat out err | grep -qi -- "$3" || fail "$1: no '$3': $(cat out err)"
	host_state >after
	diff before after >difference || fail "$1 changed something: $(cat difference)"
	both_families left 2
	ok "$1: exit $2, and nothing has changed"
}

tunnel_start
first=$(sessions)

# --- nothing, and a dry run
reloads "an unchanged file" "left: nothing has changed"
[ "$(at left "$XT_BIN" reload left --json | $PYTHON -c 'import json,sys; a=json.load(sys.stdin)
print(a["changed"], a["result"], len(a["differences"]))')" = "False unchanged 0" ] || fail "--json"
ok "an unchanged file is said to be unchanged"
cp left.conf good.conf
edit 's/^ListenPort.*/ListenPort = 51811/; s/^Address.*/Address = 10.7.0.1\/24, fd07::1\/64, 10.8.0.1\/24/'
host_state >before
reload --dry-run
[ $CODE = 0 ] && has 'ListenPort: 51801 -> 51811' out && has 'Address: 10.7.0.1/24' out ||
	fail "dry run: $(cat out err)"
[ "$(at left "$XT_BIN" reload left --dry-run --json | $PYTHON -c 'import json,sys; a=json.load(sys.stdin)
print(a["changed"], a["dry_run"], sorted(d["key"] for d in a["differences"]))')" = \
	"True True ['Address', 'ListenPort']" ] || fail "--dry-run --json"
host_state >after
cmp before after || fail "a dry run changed something"
ok "a dry run names the differences and changes nothing"

# --- everything at once
cat >>left.conf <<-EOF
	PresharedKey = $(wg genpsk)
	PersistentKeepalive = 9
	#: Name = rightmost
	[Peer]
	PublicKey = $(wg genkey | wg pubkey)
	AllowedIPs = 10.9.0.0/16
EOF
edit 's/^\[Interface\]/&\nMTU = 1380\nFwMark = 0x77\nPostUp = true\nPreDown = true\n#: Echo = host\n#: Threads = 2\n#: Offload = off\n#: Aead = sodium/'
kill -STOP $(processes right) # so that nothing arrives at the new port yet
reloads "a changed file" 'ListenPort: 51801 -> 51811' 'MTU: (none) -> 1380' 'FwMark: (none) -> 0x77' \
	'Name: (none) -> rightmost' 'PresharedKey added' '+ \[Peer\]' 'PersistentKeepalive: (none) -> 9' \
	'Echo: (none) -> host' 'Threads' 'Offload' 'Aead' 'PostUp is due at the next up' \
	'PreDown is due at the next down' 'reloaded; sessions go on'
grep -qi 'presharedkey.*=' out && fail "a secret is shown"
[ "$(at left wg show left listen-port)" = 51811 ] || fail "port"
[ "$(at left wg show left fwmark)" = 0x77 ] || fail "mark"
[ "$(cat <(at left ip -o link show left) | grep -o 'mtu [0-9]*')" = "mtu 1380" ] || fail "MTU"
at left ip -o addr show dev left | grep -q 10.8.0.1/24 || fail "address"
at left ip route show dev left | grep -q 10.9.0.0/16 || fail "route"
at left "$XT_BIN" show left >show
has 'sodium' show && has rightmost show || fail "show: $(cat show)"
at left ss -uln | grep -q :51801 || fail "the old port is not read any more"
kill -CONT $(processes right)
both_families left 2
[ "$(sessions | head -n1)" = "$first" ] || fail "the session did not go on"
ok "port, mark, MTU, address, peers, keys, Echo, Threads, Offload, Aead and names in one reload"
both_families right 1
await 5 "the old port is closed once the peer was heard at the new one" bash -c \
	"! ip netns exec left ss -uln | grep -q :51801"
ok "the old port is read until the peer has followed"

# --- and back, by SIGHUP
cp good.conf left.conf
kill -HUP "${PID[left]}"
await 5 "the log of a reload by SIGHUP" has 'reloaded; sessions go on' left.log
has 'ListenPort: 51811 -> 51801' left.log || fail "SIGHUP: $(cat left.log)"
[ "$(at left wg show left listen-port)" = 51801 ] || fail "port after SIGHUP"
at left ip -o addr show dev left | grep -q 10.8.0.1/24 && fail "an address is left"
at left ip route show dev left | grep -q 10.9.0.0/16 && fail "a route is left"
[ "$(at left wg show left fwmark)" = off ] || fail "mark after SIGHUP"
both_families left 2
both_families right 1
[ "$(sessions)" = "$first" ] || fail "the session did not go on"
reloads "after SIGHUP" "nothing has changed"
ok "SIGHUP does the same and writes it to the log"

# --- what wg(8) has set
at left wg set left peer "$PUB_right" persistent-keepalive 3 allowed-ips 10.7.0.2/32
at left wg set left peer "$(wg genkey | wg pubkey)"
reloads "what wg(8) has set" 'PersistentKeepalive: 3 -> (none) (it had been set by wg(8))' \
	'AllowedIPs: .*(it had been set by wg(8))' '- \[Peer\].*(it had been set by wg(8))'
[ "$(at left wg show left peers | wc -l)" = 1 ] || fail "a peer of wg set is left"
both_families left 2
ok "what wg(8) has set is named and taken back"

# --- an Endpoint that becomes a name, and many requests at once
cp left.conf good.conf
cp left.conf good.new
echo "hosts: files" >nsswitch.conf
echo "$R4 right.example" >hosts
host_files_cover hosts nsswitch.conf
edit 's/^Endpoint.*/Endpoint = right.example:51802/'
reloads "a name" "Endpoint: $R4:51802 -> right.example:51802"
named() { [ "$(json left left '.peers[0].endpoint_name')" = right.example:51802 ]; }
await 5 "the name" named
at left "$XT_BIN" show left >show
has "right.example" show || fail "show: $(cat show)"
both_families left 2
jobs=()
for i in 1 2 3 4 5 6; do
	[ $i != 3 ] || mv good.new left.conf # in one step, as editors do
	ip netns exec left "$XT_BIN" reload left >out.$i 2>&1 &
	jobs+=($!)
	[ $i != 4 ] || kill -HUP "${PID[left]}"
done
for job in "${jobs[@]}"; do wait "$job" || fail "one of many: exit $?: $(cat out.*)"; done
[ "$(cat out.[1-6] left.log | grep -c "Endpoint: right.example:51802 -> $R4:51802")" = 1 ] ||
	fail "one of them applies the change, the others find it done: $(cat out.[1-6])"
both_families left 2
[ "$(sessions)" = "$first" ] || fail "the session did not go on"
ok "an Endpoint becomes a name and back; reloads at the same time are done one by one"

# --- a new private key
cp left.conf good.conf
keys_make left
edit "s|^PrivateKey.*|PrivateKey = $KEY_left|"
reloads "a new private key" 'PrivateKey changed' 'ends every session'
[ "$(at left wg show left public-key)" = "$PUB_left" ] || fail "key"
sed -i "s|^PublicKey.*|PublicKey = $PUB_left|" right.conf
at right "$XT_BIN" reload right >out || fail "right: $(cat out)"
both_families left 2
ok "a new private key, and the peer's reload that follows it"
cp left.conf good.conf

# --- bad files
edit 's/^AllowedIPs.*/AllowedIPs = 10.7.0.2\/99/'
stays "a syntax error" 4 'left.conf:[0-9]*:[0-9]*: error'
cp good.conf left.conf
edit 's/^\[Interface\]/&\n#: Owner = nobody/'
stays "a new Owner" 4 'Owner cannot change'
mv left.conf away.conf
stays "a missing file" 4 'left.conf: error: cannot read: No such file'
mkfifo left.conf
stays "a FIFO" 4 'cannot read'
rm left.conf
mkdir left.conf
stays "a directory" 4 'cannot read'
rmdir left.conf
cp good.conf left.conf
edit 's/^ListenPort.*/ListenPort = 51899/'
chmod o+w left.conf
stays "a file that others may write" 4 'chmod o-w'
chmod o-w left.conf

# --- steps that fail
ip netns exec left "$PYTHON" -c 'import socket,sys,time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 51899)); print("ready", flush=True)
time.sleep(60)' >bound &
holder=$!
await 5 "the port is taken" has ready bound
stays "a port that is taken" 1 'UDP port 51899: in use'
kill $holder
cp good.conf left.conf
at left ip route add 10.55.0.0/16 dev wire
echo "AllowedIPs = 10.7.0.2/32, fd07::2/128, 10.55.0.0/16, 10.56.0.0/16" >>left.conf
edit 's/^ListenPort.*/ListenPort = 51898/; s/^Address.*/&, 10.77.0.1\/24/; s/^\[Interface\]/&\nMTU = 1300/'
stays "a route that the host has" 1 'route 10.55.0.0/16'
[ "$(at left "$XT_BIN" reload left --json | $PYTHON -c 'import json,sys; a=json.load(sys.stdin)
print(a["changed"], a["result"])')" = "False rolled_back" ] || fail "--json of a failure"
kill -HUP "${PID[left]}"
await 5 "SIGHUP logs the failure" has 'route 10.55.0.0/16.*rolled back; all is as before' left.log
ok "SIGHUP logs the same failure"
at left ip route del 10.55.0.0/16 dev wire
reload
[ $CODE = 0 ] || fail "without the other route: $(cat out err)"
both_families left 2
ok "the same file is applied once the route is gone"

# --- who may
stop left
reload
[ $CODE = 3 ] || fail "a reload of what does not run: exit $CODE"
ok "an instance that is not running: exit 3"
stop right

# --- the example of the help text is what is printed
touch resolv.conf
host_files_cover resolv.conf
resolvers_absent
help_write() { # help_write PORT DNS LINE
	cat >left.conf <<-EOF
		[Interface]
		PrivateKey = $KEY_left
		ListenPort = $1
		Address = 10.7.0.1/24
		DNS = $2
		[Peer]
		#: Name = right
		PublicKey = MFN4UJgnOlxuwCV8YAVuj2GpgGOLSEXvd0AvvPtPAzk=
		AllowedIPs = 10.7.0.2/32
		$3
	EOF
}
help_write 51820 10.7.0.53 ""
start left
help_write 51821 10.7.0.54 "PersistentKeepalive = 25"
reload
"$XT_BIN" help reload | sed -n '/^  \$ xtunnel reload left$/,/^$/p' | sed -e 1d -e '/^$/d' -e 's/^  //' >wanted
diff out wanted || fail "the help text shows another output"
stop left
ok "the help text shows what is printed"
