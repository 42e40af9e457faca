#!/bin/bash
# SPDX-License-Identifier: MIT
# check: every diagnostic has file, line and column, and a suggestion for a mistyped key; a file
# that would be refused gives exit code 4, and nothing is changed.
. "$(dirname "$0")/lib.sh"
KEY=$(wg genkey)
PUB=$(wg genkey | wg pubkey)

# finds LINE:COLUMN TEXT: the file on standard input gives an error with that text at that place
finds() {
	cat >bad.conf
	refuses 4 "^bad.conf:$1: error: .*$2" "$XT_BIN" check bad.conf
	ok "$1 $2"
}
peer="[Peer]
PublicKey = $PUB
AllowedIPs = 10.7.0.2/32"

finds 2:1 'did you mean "PrivateKey"' <<<"[Interface]
PrivateKy = $KEY
$peer"
finds "2:1[4-9]" "key" <<<"[Interface]
PrivateKey = short
$peer"
finds 3:14 "port" <<<"[Interface]
PrivateKey = $KEY
ListenPort = 99999
$peer"
finds 3:11 "Address" <<<"[Interface]
PrivateKey = $KEY
Address = 10.7.0.300/24
$peer"
finds "3:[12]" "did you mean" <<<"[Interface]
PrivateKey = $KEY
[Pear]
PublicKey = $PUB"
finds 3:1 "no PublicKey" <<<"[Interface]
PrivateKey = $KEY
[Peer]
AllowedIPs = 10.7.0.2/32"
finds "6:[0-9]*" "Endpoint" <<<"[Interface]
PrivateKey = $KEY
$peer
Endpoint = 198.18.0.1"
finds 1:1 "belongs to" <<<"PrivateKey = $KEY"
finds 3:8 "Echo" <<<"[Interface]
PrivateKey = $KEY
Echo = maybe
$peer"
finds 3:1 "Address or EchoAddresses" <<<"[Interface]
PrivateKey = $KEY
Echo = peer
$peer"

# Every wg-quick file parses: all of its keys, odd spacing, comments, repeated sections.
cat >stock.conf <<EOF
# a comment
[interface]
  privatekey=$KEY   # tail
ListenPort = 51820
FwMark = 0xca6c
Address = 10.7.0.1/24
Address = fd07::1/64,10.8.0.1
MTU = 1400
Table = 1234
PreUp = echo "# kept"; true
PostUp = iptables -A FORWARD -i %i -j ACCEPT
PreDown = true
PostDown = true
SaveConfig = false
#: Echo = peer
#: EchoRate = 100/s

[Peer]
PublicKey = $PUB
PresharedKey = $(wg genpsk)
AllowedIPs = 10.7.0.2, fd07::2/128
AllowedIPs =
Endpoint = [fd18::2]:51820
PersistentKeepalive = off
#: Name = other
EOF
"$XT_BIN" check stock.conf >out 2>err || fail "a stock file is refused: $(cat err)"
[ ! -s err ] || fail "a stock file is warned about: $(cat err)"
ok "a wg-quick file with every key"
cp stock.conf /run/stock.conf
PATH=$PATH:/usr/sbin wg-quick strip /run/stock.conf >stripped 2>&1 && grep -q "PublicKey = $PUB" stripped ||
	fail "wg-quick does not read the file: $(cat stripped)"
ok "wg-quick reads the same file and takes our keys for comments"

"$XT_BIN" check "$SOURCE/conf/xtunnel.conf.example" >out 2>err || fail "the example: $(cat err)"
grep -q "valid: interface xtunnel" out || fail "the example: $(cat out)"
ok "the example is checked under its own name"

chmod 644 stock.conf
"$XT_BIN" check stock.conf >out 2>err || fail "check: $(cat err)"
grep -q "warning.*" err || fail "a file that all can read is not warned about"
ok "keys that others can read are warned about"
cat /dev/null >empty.conf
refuses 4 "empty.conf" "$XT_BIN" check empty.conf
head -c 100000 /dev/urandom >noise.conf
refuses 4 "noise.conf" "$XT_BIN" check noise.conf
mkdir folder.conf
refuses 1 "folder.conf" "$XT_BIN" check folder.conf
ok "an empty file, noise, a folder"
