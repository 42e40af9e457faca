#!/bin/bash
# SPDX-License-Identifier: MIT
# rotate: new keys in the file and in what runs at once; the peer follows with what was printed.
. "$(dirname "$0")/lib.sh"
hosts_link
value() { sed -n "s/^$1 = //p" "$2"; }
cat >hub.conf <<-EOF
	[Interface]
	# the key
	PrivateKey = $("$XT_BIN" genkey)  # of the hub
	Address = 10.7.0.1/24
	ListenPort = 51801
	#: Echo = peer
EOF
"$XT_BIN" add hub.conf right --endpoint $L4 >/dev/null 2>err || fail "add: $(cat err)"
start hub left
start right
pings right 10.7.0.1 || fail "no answer"
cp hub.conf before.conf
at left "$XT_BIN" rotate hub.conf >line 2>err || fail "rotate: $(cat err)"
grep -q "^PublicKey = [A-Za-z0-9+/]*=$" line || fail "rotate printed $(cat line)"
grep -q "peers: right" err || fail "rotate names no peers: $(cat err)"
[ "$(at left "$XT_BIN" show hub --json | jq -r .public_key)" = "$(value PublicKey line)" ] || fail "the new key is not in force"
[ "$(sed -n 's/^PrivateKey = \([^ ]*\).*/\1/p' hub.conf | "$XT_BIN" pubkey)" = "$(value PublicKey line)" ] || fail "the new key is not in the file"
[ "$(diff before.conf hub.conf | grep -c '^[<>]')" = 2 ] || fail "other lines: $(diff before.conf hub.conf)"
grep -q "^PrivateKey = .*  # of the hub$" hub.conf || fail "the comment: $(cat hub.conf)"
grep -qF "$(value PrivateKey hub.conf | cut -d' ' -f1)" line err && fail "the private key was printed"
sed -i "s|^PublicKey = .*|$(cat line)|" right.conf
at right "$XT_BIN" reload right >/dev/null || fail "reload of right"
at right "$XT_BIN" wait right >/dev/null || fail "no handshake with the new key"
pings right 10.7.0.1 || fail "no answer with the new key"
ok "a new private key, and the line that peers need"

file=$(at left "$XT_BIN" rotate hub.conf --psk right 2>err) || fail "rotate --psk: $(cat err)"
[ "$file" = right.psk ] && [ "$(stat -c %a right.psk)" = 600 ] || fail "the file of the key: $file, $(ls -l)"
[ "$(value PresharedKey hub.conf)" = "$(cat right.psk)" ] || fail "the key in the hub's file is another"
cat err - <<<"$file" | grep -qF "$(cat right.psk)" && fail "the pre-shared key was printed"
sed -i "s|^PresharedKey = .*|#: PresharedKeyFile = $T/right.psk|" right.conf
at right "$XT_BIN" reload right >/dev/null || fail "reload of right"
at right "$XT_BIN" wait right >/dev/null || fail "no handshake with the new pre-shared key"
cp right.psk old.psk
cp hub.conf before.conf
refuses 1 "not overwritten" at left "$XT_BIN" rotate hub.conf --psk right
cmp hub.conf before.conf && cmp right.psk old.psk || fail "a refused rotation changed a file"
refuses 2 "no peer" at left "$XT_BIN" rotate hub.conf --psk none
refuses 2 "for --psk" at left "$XT_BIN" rotate hub.conf --force
cmp hub.conf before.conf || fail "a refused rotation changed the file"
ok "a new pre-shared key with one peer, in a file"

value PrivateKey hub.conf | cut -d' ' -f1 >hub.key
sed -i 's|^PrivateKey = .*|#: PrivateKeyFile = hub.key|' hub.conf
at left "$XT_BIN" reload hub >/dev/null || fail "reload with a key file"
cp hub.conf before.conf
at left "$XT_BIN" rotate hub.conf >line 2>err || fail "rotate: $(cat err)"
cmp hub.conf before.conf || fail "the key is in a file, and another was changed"
[ "$("$XT_BIN" pubkey <hub.key)" = "$(value PublicKey line)" ] || fail "the key file has another key"
[ "$(at left "$XT_BIN" show hub --json | jq -r .public_key)" = "$(value PublicKey line)" ] || fail "the new key is not in force"
sed -i 's/^ListenPort.*/&\n#: Sandbox = off/' hub.conf
cp hub.key old.key
refuses 4 "as it was" at left "$XT_BIN" rotate hub.conf
cmp hub.key old.key || fail "the instance refused, and the key file is another"
cp before.conf hub.conf
sed -i 's|^#: PrivateKeyFile = .*|#: PrivateKeyCommand = cat hub.key|' hub.conf
refuses 1 "PrivateKeyCommand" at left "$XT_BIN" rotate hub.conf
ok "a key file; a refusal brings the old key back; a command is refused"
