#!/bin/bash
# SPDX-License-Identifier: MIT
# SaveConfig and save write the running configuration; the file parses and gives the same again.
. "$(dirname "$0")/lib.sh"
tunnel_prepare "" "" "SaveConfig = true
PostUp = echo 1 # kept >/dev/null" ""
keys_make extra
chmod 644 left.conf
start right
start left
pings left 10.7.0.2 || fail "no answer"
at left wg set left listen-port 51999 peer "$PUB_extra" allowed-ips 10.7.9.0/24,fd07:9::/64 \
	endpoint 198.18.0.77:7 persistent-keepalive 21 preshared-key <(wg genpsk) || fail "wg set"
ip -n left addr add 10.7.200.1/24 dev left
at left wg showconf left | sort >shown
at left "$XT_BIN" save left 2>save.log || fail "save: $(cat save.log)"
[ "$(stat -c %a left.conf)" = 600 ] || fail "mode $(stat -c %a left.conf)"
[ ! -e left.conf.tmp ] || fail "left.conf.tmp is there"
for line in "Address = 10.7.0.1/24" "Address = fd07::1/64" "Address = 10.7.200.1/24" \
	"SaveConfig = true" "PostUp = echo 1 # kept >/dev/null" "ListenPort = 51999" \
	"PrivateKey = $KEY_left" "PublicKey = $PUB_right" "PublicKey = $PUB_extra" \
	"AllowedIPs = 10.7.9.0/24, fd07:9::/64" "Endpoint = 198.18.0.77:7" \
	"PersistentKeepalive = 21"; do
	grep -qxF "$line" left.conf || fail "no \"$line\": $(cat left.conf)"
done
has "^MTU" left.conf && fail "an MTU that was not configured is written"
has "^FwMark" left.conf && fail "a mark that was not configured is written"
ok "save writes what is in force"

# SaveConfig writes at the end of an instance that was ready: `show` answers earlier, while hooks
# run.
start_wholly() {
	: >left.log
	start left
	await 5 "left is ready" has "left is ready" left.log
}
cp left.conf saved
at left wg set left peer "$PUB_extra" remove
stop left
has "$PUB_extra" left.conf && fail "a removed peer is in the file"
start_wholly
at left wg set left peer "$PUB_extra" allowed-ips 10.7.9.0/24
stop left
start left
at left wg show left allowed-ips | grep -q "$PUB_extra.*10.7.9.0/24" || fail "it does not come back"
ok "SaveConfig writes at the end, and the next start has it"

# wg-quick reads it too, wherever it is installed
! command -v wg-quick >/dev/null || wg-quick strip "$T/left.conf" >strip.log || fail "wg-quick strip"

sed -i 's/^SaveConfig.*/SaveConfig = false/' left.conf
cp left.conf before
stop left
cmp -s left.conf before || fail "it is written though the file says no"
sed -i 's/^SaveConfig.*/SaveConfig = true/' left.conf
start_wholly
echo "Nonsense = 1" >>left.conf
cp left.conf before
refuses 4 "errors" at left "$XT_BIN" save left
stop left
cmp -s left.conf before || fail "a file with errors is replaced"
has "has errors now" left.log || fail "nothing is reported: $(cat left.log)"
sed -i '/^Nonsense/d' left.conf
ok "a file that says no, or has errors, is left alone"

# A default route: an automatic mark is not saved. Names and key files stay references.
cp saved left.conf
printf '198.18.0.2 right.test\n' >hosts
cat /etc/hosts >>hosts
chmod 644 hosts # a process without rights reads it
mount --bind "$T/hosts" /etc/hosts
echo "$KEY_left" >left.key
sed -i "s|^PrivateKey.*|#: PrivateKeyFile = left.key|; s|^AllowedIPs = 10.7.0.2.*|AllowedIPs = 0.0.0.0/0|" left.conf
sed -i 's|^Endpoint = 198.18.0.2:.*|Endpoint = right.test:51802|; s|^ListenPort.*|ListenPort = 51801|' left.conf
start left
pings left 10.7.0.2 || fail "no answer through the default route: $(cat left.log)"
at left "$XT_BIN" save left || fail "save"
has "^FwMark" left.conf && fail "the mark is in the file"
has "^Endpoint = right.test:51802" left.conf || fail "the name is gone: $(cat left.conf)"
has "^#: PrivateKeyFile = left.key" left.conf && ! has "^PrivateKey =" left.conf ||
	fail "the key is written out"
stop left
ok "automatic marks are not saved; names and key files stay references"
refuses 3 "not running" at left "$XT_BIN" save left
stop right
