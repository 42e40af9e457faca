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
