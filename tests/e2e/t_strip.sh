#!/bin/bash
# SPDX-License-Identifier: MIT
# strip prints what wg(8) reads; wg syncconf takes it.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
keys_make extra
PSK=$(wg genpsk)
echo "$KEY_left" >left.key
echo "$PSK" >extra.psk

# Each form that a key may have. The byte order mark is for the first line alone.
{
	printf '\xef\xbb\xbf# the whole file\n\n'
	printf '[interface]\n  address=10.7.0.1/24 # ours\nADDRESS = fd07::1/64\nMTU = 1400\nDNS = 10.7.0.53\n'
	printf 'Table = auto\nPreUp = true\nPostUp = echo "[Peer]" # = \nPreDown=true\nPostDown = true\n'
	printf 'SaveConfig = false\nPrivateKey = %s # kept\n\tListenPort = 51801\t\n# a comment\n' "$KEY_left"
	printf '#: Echo = host\n#:EchoRate = 5/s\nThreads = 1\n#: Thread = 2\n#: Address = x\n\n[Peer]\n'
	printf '#: Name = right\nPublicKey = %s\nAllowedIPs = 10.7.0.2/32, fd07::2/128\n' "$PUB_right"
	printf 'Endpoint = 198.18.0.2:51802 # here\nPersistentKeepalive = 25'
} >whole.conf
printf '# the whole file\n\n[interface]\nPrivateKey = %s # kept\nListenPort = 51801\n' "$KEY_left" >expected
printf '# a comment\n#: Thread = 2\n#: Address = x\n\n[Peer]\nPublicKey = %s\n' "$PUB_right" >>expected
printf 'AllowedIPs = 10.7.0.2/32, fd07::2/128\nEndpoint = 198.18.0.2:51802 # here\n' >>expected
printf 'PersistentKeepalive = 25\n\n' >>expected
"$XT_BIN" strip ./whole.conf >stripped 2>strip.log || fail "strip: $(cat strip.log)"
diff expected stripped >diff.log || fail "strip: $(cat diff.log)"
ok "neither wg-quick's keys nor ours, in any form; the rest as it was"

if command -v wg-quick >/dev/null; then
	# only the comments that are our keys differ, and wg-quick knows neither mark nor bare keys
	sed 's/^\xef\xbb\xbf//; /^#:* *E/d; /^Threads/d; /^#: Name/d' whole.conf >quick.conf
	wg-quick strip "$T/quick.conf" >quick.strip 2>quick.log || fail "wg-quick: $(cat quick.log)"
	"$XT_BIN" strip ./quick.conf 2>strip.log | cmp - quick.strip || fail "not as wg-quick strip"
	"$XT_BIN" strip ./left.conf 2>strip.log >left.strip
	wg-quick strip "$T/left.conf" 2>quick.log | cmp - left.strip || fail "left.conf: not as wg-quick strip"
	ok "byte for byte what wg-quick strip prints"
fi

# Key files become keys: wg syncconf removes those that the file lacks.
sed "s|^PrivateKey = .*|PrivateKeyFile = left.key|" left.conf >ref.conf
printf '[Peer]\nPublicKey = %s\n#: PresharedKeyFile = extra.psk\nAllowedIPs = 10.7.9.0/24\n' "$PUB_extra" >>ref.conf
"$XT_BIN" strip ./ref.conf >stripped 2>strip.log || fail "strip: $(cat strip.log)"
has "^PrivateKey = $KEY_left$" stripped && has "^PresharedKey = $PSK$" stripped || fail "keys: $(cat stripped)"
has "File" stripped && fail "a reference is left: $(cat stripped)"
ok "key files become keys"

# A NAME is found as up finds it, nothing runs, a pipe will do.
cp left.conf /etc/wireguard/byname.conf 2>/dev/null && {
	"$XT_BIN" strip byname 2>strip.log | cmp - left.strip || fail "by name"
	ok "a NAME"
}
start right
start left
pings left 10.7.0.2 || fail "no answer"
at left wg showconf left | sort >before
at left bash -c "wg syncconf left <('$XT_BIN' strip '$T/left.conf')" 2>sync.log || fail "syncconf: $(cat sync.log)"
at left wg showconf left | sort >after
cmp before after || fail "syncconf of the same file changes something: $(diff before after)"
cp ref.conf left.conf
at left bash -c "wg syncconf left <('$XT_BIN' strip '$T/left.conf')" 2>sync.log || fail "syncconf: $(cat sync.log)"
at left wg show left allowed-ips | grep -q "$PUB_extra.*10.7.9.0/24" || fail "the new peer is not there"
[ "$(at left wg show left private-key)" = "$KEY_left" ] || fail "the private key has gone"
at left wg show left preshared-keys | grep -qF "$PSK" || fail "the pre-shared key is not there"
pings left 10.7.0.2 || fail "no answer after syncconf"
ok "wg syncconf takes it, and the tunnel goes on"

refused() { # refused STATUS WORD FILE: nothing on standard output
	"$XT_BIN" strip "$3" >out 2>strip.log
	[ $? = "$1" ] || fail "$3: exit status, not $1: $(cat strip.log)"
	[ ! -s out ] || fail "$3: it prints $(cat out)"
	has "$2" strip.log || fail "$3: no \"$2\": $(cat strip.log)"
}
for bad in "s/^ListenPort.*/ListenPort = 70000/" "s/^AllowedIPs.*/AllowedIPs = 10.7.0.0\/33/" \
	"s/^PublicKey.*/PublicKey = short/" "s/^\[Peer\].*/[Pear]/" "s/^Address.*/Adress = 10.7.0.1/"; do
	sed "$bad" whole.conf expected >bad.conf
	refused 4 "bad.conf:[0-9]*:[0-9]*: error" ./bad.conf
done
sed "s|left.key|no.key|" ref.conf >nokey.conf
refused 4 "nokey.conf:.*PrivateKeyFile" ./nokey.conf
refused 1 "No such file" ./none.conf
refused 2 "not a name" "a b"
"$XT_BIN" strip >/dev/null 2>&1; [ $? = 2 ] || fail "no operand"
"$XT_BIN" strip ./left.conf >/dev/full 2>full.log && fail "a full disk goes unseen"
ok "errors: their place, status 4, and nothing printed"
instances_stop
