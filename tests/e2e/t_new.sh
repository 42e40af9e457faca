#!/bin/bash
# SPDX-License-Identifier: MIT
# xtunnel new A B writes two files that link two hosts.
. "$(dirname "$0")/lib.sh"
hosts_link
at left "$XT_BIN" new $L4 $R4:51999 >new.log 2>&1 || fail "new: $(cat new.log)"
mapfile -t files < <(ls ./*.conf)
[ ${#files[@]} = 2 ] || fail "files: ${files[*]}"
for file in "${files[@]}"; do
	[ "$(stat -c %a "$file")" = 600 ] || fail "$file has mode $(stat -c %a "$file")"
	"$XT_BIN" check "$file" >check.log 2>&1 || fail "check $file: $(cat check.log)"
	grep -q warning check.log && fail "check $file warns: $(cat check.log)"
done
"$XT_BIN" check "${files[@]}" --strict >check.log 2>&1 || fail "the ends disagree: $(cat check.log)"
left=${files[0]#./} right=${files[1]#./}
left=${left%.conf} right=${right%.conf}
start "$left" left
start "$right" right
pings left 192.168.7.2 || fail "no answer by IPv4"
pings left fd07::2 || fail "no answer by IPv6"
at left "$XT_BIN" show "$left" | grep -q "preshared key: (hidden)" || fail "no pre-shared key"
ok "two files by addresses, linked: $left, $right"
cksum ./*.conf >before
refuses 1 "" "$XT_BIN" new $L4 $R4
[ "$(cksum ./*.conf)" = "$(cat before)" ] || fail "a file was overwritten"
refuses 2 "" "$XT_BIN" new same.example same.example
refuses 2 "" "$XT_BIN" new "not a host" b.example
refuses 2 "" "$XT_BIN" new a.example
ok "nothing is overwritten; no host, the same host, one host are refused"
mkdir folder
"$XT_BIN" new left.example right.example -o folder -p 4242 >new.log 2>&1 || fail "new: $(cat new.log)"
grep -q "^Endpoint = right.example:4242" folder/left.conf && grep -q "^ListenPort = 4242" folder/right.conf ||
	fail "-o, -p: $(cat folder/*.conf)"
key() { sed -n "s/^$1 = //p" "folder/$2.conf"; }
[ "$(key PrivateKey left | wg pubkey)" = "$(key PublicKey right)" ] || fail "keys do not fit"
[ "$(key PresharedKey left)" = "$(key PresharedKey right)" ] || fail "pre-shared keys differ"
ok "names, --dir, --port"
# genkey, pubkey, genpsk as wg's
[ "$("$XT_BIN" pubkey <<<"$(key PrivateKey left)")" = "$(key PublicKey right)" ] || fail "pubkey"
"$XT_BIN" genkey | wg pubkey >/dev/null || fail "genkey"
[ "$("$XT_BIN" genpsk | base64 -d | wc -c)" = 32 ] || fail "genpsk"
"$XT_BIN" genkey | "$XT_BIN" pubkey | grep -qE '^[A-Za-z0-9+/]{43}=$' || fail "genkey | pubkey"
refuses 1 "" "$XT_BIN" pubkey
(umask 022 && "$XT_BIN" genkey 2>warn >world-readable) || fail "genkey"
grep -qi warning warn || fail "genkey to a file that all can read does not warn: $(cat warn)"
ok "genkey, pubkey, genpsk"
for verb in genkey genpsk; do
	"$XT_BIN" $verb >/dev/full 2>err && fail "$verb to a full device succeeds"
	[ "$(wc -l <err)" = 1 ] || fail "$verb to a full device: $(cat err)"
	grep -q "No space" err || fail "$verb to a full device: $(cat err)"
	"$XT_BIN" $verb >&- 2>err && fail "$verb to a closed output succeeds"
	[ "$(wc -l <err)" = 1 ] || fail "$verb to a closed output: $(cat err)"
done
ok "keys that cannot be printed are an error, said once"

mkdir other
ip -n left addr add 192.168.7.9/24 dev wire
ip -n left route add 192.168.8.0/24 via $R4
ip -n left addr add fd07::9/64 dev wire nodad
at left "$XT_BIN" new hub.example phone -o other >new.log 2>&1 || fail "new: $(cat new.log)"
grep -q "^Address = 192.168.9.1/24, fd08::1/64" other/hub.conf || fail "a network in use: $(cat other/hub.conf)"
grep -q "^AllowedIPs = 192.168.9.2/32, fd08::2/128" other/hub.conf || fail "networks: $(cat other/hub.conf)"
grep -q Endpoint other/hub.conf && fail "an Endpoint for a bare name: $(cat other/hub.conf)"
grep -q "^PersistentKeepalive = 25" other/phone.conf || fail "no keepalive: $(cat other/phone.conf)"
grep -q "phone.*open UDP" new.log && fail "a port to open at an end that is not reached: $(cat new.log)"
for file in other/*.conf; do
	"$XT_BIN" check "$file" >check.log 2>&1 || fail "check $file: $(cat check.log)"
done
"$XT_BIN" check other/hub.conf other/phone.conf --strict >check.log 2>&1 || fail "hub and phone: $(cat check.log)"
ok "networks in use are left out; a bare name has no Endpoint and a keepalive"
"$XT_BIN" new a.example b.example -o other -a 10.9.0.0/30 >new.log 2>&1 || fail "--address: $(cat new.log)"
grep -q "^Address = 10.9.0.2/30$" other/b.conf || fail "--address: $(cat other/b.conf)"
refuses 2 "NETWORK/PREFIX" "$XT_BIN" new c.example d.example -o other --address 10.9.0.0
refuses 2 "room for both" "$XT_BIN" new c.example d.example -o other --address 10.9.0.1/32
for name in lo all default; do
	refuses 2 "interface name" "$XT_BIN" new $name.example d.example -o other
done
ok "--address; lo and names that the system keeps are refused"

ip -n left addr del 192.168.7.9/24 dev wire
stop "$left"
stop "$right"
mkdir star
"$XT_BIN" new --hub $L4 right $R4 ann.example ben:9 -o star -a 10.9.0.0/29,fd09::/64 >new.log 2>&1 ||
	fail "--hub: $(cat new.log)"
[ "$(cd star && echo *)" = "198-18-0-1.conf 198-18-0-2.conf ann.conf ben.conf right.conf" ] || fail "files: $(ls star)"
for file in star/*.conf; do
	[ "$(stat -c %a "$file")" = 600 ] || fail "$file has mode $(stat -c %a "$file")"
	"$XT_BIN" check star/198-18-0-1.conf "$file" >check.log 2>&1 || [ "$file" = star/198-18-0-1.conf ] ||
		fail "the hub and $file: $(cat check.log)"
done
[ "$(grep -c '^Endpoint = 198.18.0.1:51820$' star/*.conf | grep -c ':1$')" = 4 ] || fail "endpoints of the hub: $(grep Endpoint star/*)"
[ "$(grep -c '^Endpoint' star/198-18-0-1.conf)" = 2 ] || fail "endpoints of peers: $(cat star/198-18-0-1.conf)"
[ "$("$XT_BIN" list star/198-18-0-1.conf | cut -f 3 | tail -n 1)" = 10.9.0.5/32,fd09::5/128 ] || fail "addresses: $(cat star/198-18-0-1.conf)"
cp star/198-18-0-1.conf hub.conf
cp star/right.conf right.conf
start hub left
start right
pings right 10.9.0.1 || fail "no answer of the hub by IPv4"
pings right fd09::1 || fail "no answer of the hub by IPv6"
refuses 1 "not overwritten" "$XT_BIN" new --hub c.example ann d -o star
[ ! -e star/c.conf ] || fail "a part of the files"
refuses 2 "no room for 6" "$XT_BIN" new --hub h.example a b c d e f -o star -a 10.9.0.0/29
refuses 2 "named a:" "$XT_BIN" new --hub h.example a a.example -o star
refuses 2 "with --hub" "$XT_BIN" new a.example b.example c.example -o star
[ "$(find star -type f | wc -l)" = 5 ] || fail "files of a refused hub: $(ls star)"
ok "--hub: a hub and its peers, all files or none"
