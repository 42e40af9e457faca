#!/bin/bash
# SPDX-License-Identifier: MIT
# check: every diagnostic has file, line and column, and a suggestion for a mistyped key; a file
# that would be refused gives exit code 4, and nothing is changed.
. "$(dirname "$0")/lib.sh"
KEY=$(wg genkey)
PUB=$(wg genkey | wg pubkey)

# wrong FILE TEXT: refused with exit code 4 and that text on standard output
wrong() {
	local code
	"$XT_BIN" check "$1" >out 2>err
	code=$?
	[ $code = 4 ] || fail "check $1: exit $code: $(cat out err)"
	grep -q -- "$2" out || fail "check $1: no '$2' on standard output: $(cat out err)"
	[ ! -s err ] || fail "check $1 writes to standard error: $(cat err)"
}

# finds LINE:COLUMN TEXT: the file on standard input gives an error with that text at that place
finds() {
	cat >bad.conf
	wrong bad.conf "^bad.conf:$1: error: .*$2"
	ok "$1 $2"
}
# finds_after_key LINE:COLUMN TEXT "KEY = VALUE": that line after the private key, in the third line
finds_after_key() {
	finds "$1" "$2" <<<"[Interface]
PrivateKey = $KEY
$3
$peer"
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
finds_after_key 3:14 "port" "ListenPort = 99999"
finds_after_key 3:11 "Address" "Address = 10.7.0.300/24"
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
finds_after_key 3:8 "Echo" "Echo = maybe"
finds_after_key 3:1 "Address or EchoAddresses" "Echo = peer"

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
grep -q warning out err && fail "a stock file is warned about: $(cat out err)"
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
grep -q "warning.*" out || fail "a file that all can read is not warned about"
ok "keys that others can read are warned about"
cat /dev/null >empty.conf
wrong empty.conf "empty.conf"
head -c 100000 /dev/urandom >noise.conf
wrong noise.conf "noise.conf"
mkdir folder.conf
refuses 1 "folder.conf" "$XT_BIN" check folder.conf
ok "an empty file, noise, a folder"

# says LINE:COLUMN TEXT: the file on standard input is accepted, with that warning
says() {
	cat >odd.conf
	"$XT_BIN" check odd.conf >out 2>err || fail "refused: $(cat out err)"
	grep -q "^odd.conf:$1: warning: .*$2" out || fail "$1 $2: $(cat out err)"
	ok "$1 $2"
}
says "1:1" "no PostUp that could set a key" <<<"[Interface]
$peer"
says "7:1" "the .Peer. on line 4 has the same PublicKey" <<<"[Interface]
PrivateKey = $KEY
ListenPort = 1
$peer
$peer"
for word in 1.1.1.1:53 300.1.1.1 https://dns.example 1.1.1.1/32; do
	says "3:7" "DNS: neither an address nor a domain" <<<"[Interface]
PrivateKey = $KEY
DNS = $word
ListenPort = 1
$peer"
	says "6:12" "Endpoint: the host is neither" <<<"[Interface]
PrivateKey = $KEY
$peer
Endpoint = $word:51820"
done
finds_after_key 3:11 "write the netmask as a prefix: /24" "Address = 10.7.0.1/255.255.255.0"
finds_after_key 3:1 "unknown key Jc: it belongs to AmneziaWG" "Jc = 4"
finds_after_key 3:1 'unknown key "Whatever"' "Whatever = 4"
finds_after_key 3:1 "no routing table of this name" "Table = nowhere"
finds 6:1 "no UDP service of this name" <<<"[Interface]
PrivateKey = $KEY
$peer
Endpoint = host.example:no-such-service"

cat >names.conf <<EOF
[Interface]
PrivateKey = $KEY
Table = blue
$peer
Endpoint = 198.18.0.9:domain
EOF
mkdir -p iproute2 && cp -r /etc/iproute2/. iproute2/ 2>/dev/null
echo "1234 blue" >>iproute2/rt_tables
if [ -d /etc/iproute2 ] && mount --bind iproute2 /etc/iproute2; then
	"$XT_BIN" check names.conf >out 2>err || fail "a table of rt_tables: $(cat out err)"
	"$XT_BIN" up ./names.conf 2>err || fail "up: $(cat err)"
	[ -n "$(ip route show table 1234)" ] || fail "no route in the table blue"
	[ "$("$XT_BIN" show names endpoints | cut -f 2)" = 198.18.0.9:53 ] || fail "the port of a service"
	"$XT_BIN" save names && grep -q "^Table = blue" names.conf || fail "save: $(cat names.conf)"
	"$XT_BIN" down names
	sed -i 's/blue/0/' names.conf
	"$XT_BIN" up ./names.conf 2>err || fail "up with Table = 0: $(cat err)"
	[ -n "$(ip route show table main 10.7.0.2)" ] || fail "Table = 0 is not the main table"
	"$XT_BIN" down names
	ok "tables and ports by name, Table = 0"
fi
