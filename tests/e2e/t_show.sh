#!/bin/bash
# SPDX-License-Identifier: MIT
# show and show --json report the state, never a secret; requests leave nothing behind.
. "$(dirname "$0")/lib.sh"
psk=$(wg genpsk)
tunnel_start "" "" "" "PresharedKey = $psk
Name = other"
at left "$XT_BIN" show left >show.txt || fail "show"
for text in "^interface: left$" "^  public key: $PUB_left" "^  private key: (hidden)" \
	"^  listening port: 51801" "^peer: $PUB_right" "^  name: other" "^  endpoint: $R4:51802" \
	"^  allowed ips: 10.7.0.2/32, fd07::2/128" "^  latest handshake: " "^  transfer: .* received, .* sent"; do
	grep -q -- "$text" show.txt || fail "show has no '$text': $(cat show.txt)"
done
grep -qF -e "$psk" -e "$KEY_left" show.txt && fail "show prints a secret"
grep -q $'\033' show.txt && fail "colour in a file"
ok "show"

at left "$XT_BIN" show left --json >show.json || fail "show --json"
jq -e ".name == \"left\" and .listen_port == 51801 and .public_key == \"$PUB_left\" and
	(.peers | length) == 1 and .peers[0].endpoint == \"$R4:51802\" and .peers[0].session and
	.peers[0].preshared_key == true and .peers[0].rx_bytes > 0 and .counters.drop_replay == 0" \
	show.json >/dev/null || fail "show --json: $(cat show.json)"
grep -qF -e "$psk" -e "$KEY_left" show.json && fail "show --json prints a secret"
at left "$XT_BIN" show --json | jq -e 'type == "array" and length == 2' >/dev/null ||
	fail "show --json without a name is not an array of two"
at left "$XT_BIN" show >all.txt || fail "show of all"
[ "$(grep -c ^interface: all.txt)" = 2 ] || fail "show of all shows $(grep -c ^interface: all.txt)"
ok "show --json, show of all"

before=$(descriptors left)
for _ in $(seq 30); do
	at left "$XT_BIN" show left >/dev/null || fail "show"
	at left wg show left >/dev/null || fail "wg show"
	at left "$XT_BIN" ping left other -c1 >/dev/null || fail "ping"
done
# clients that send nothing, and nonsense
at left "$PYTHON" - <<-EOF || fail "clients"
	import socket
	for path in ("/run/xtunnel/left.sock", "/run/wireguard/left.sock"):
	    for text in (b"", b"nonsense\n\n", b"{", b"[1]\n", b"get=2\n\n", b"\x00" * 70000):
	        s = socket.socket(socket.AF_UNIX)
	        s.settimeout(5)
	        s.connect(path)
	        try:
	            s.sendall(text)
	            s.shutdown(socket.SHUT_WR)
	            while s.recv(4096):
	                pass
	        except (BrokenPipeError, ConnectionResetError):
	            pass
	        s.close()
EOF
awaits 3 eval "[ \$(descriptors left) = $before ]" ||
	fail "$before descriptors became $(descriptors left)"
both_families left 2
ok "no descriptor is left open after 100 requests and nonsense"

at left "$XT_BIN" show interfaces --json | jq -e '. == ["left", "right"]' >/dev/null ||
	fail "show interfaces --json: $(at left "$XT_BIN" show interfaces --json)"
at left "$XT_BIN" show all --json | jq -e 'length == 2' >/dev/null || fail "show all --json"
for name in left all; do
	for field in dump peers private-key; do
		refuses 2 "show: --json" at left "$XT_BIN" show $name $field --json
		[ ! -s out ] || fail "show $name $field --json prints something"
	done
done
ok "--json works for every form or is refused"

for file in "$T/left.conf" ./left.conf left.conf; do
	at left "$XT_BIN" show "$file" --json | jq -e '.name == "left"' >/dev/null || fail "show $file"
	[ "$(at left "$XT_BIN" show "$file" listen-port)" = 51801 ] || fail "show $file listen-port"
	at left "$XT_BIN" ping "$file" other -c1 >/dev/null || fail "ping $file"
	at left "$XT_BIN" save "$file" || fail "save $file"
done
refuses 3 "nowhere is not running" at left "$XT_BIN" down ./nowhere.conf
refuses 3 "nowhere is not running" at left "$XT_BIN" show ./nowhere.conf
refuses 2 "not a valid interface name" at left "$XT_BIN" down ./
at left "$XT_BIN" down ./left.conf || fail "down ./left.conf"
instance_ended left
ok "down, save, show and ping take the path of a file, as up does"
