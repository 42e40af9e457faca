#!/bin/bash
# WG_KEYLOGFILE: tshark decrypts all of a capture with it, whichever side began.
# labels: makes
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/makes.sh"
command -v tshark >/dev/null || skip "no tshark"
command -v wireguard-go >/dev/null || skip "no wireguard-go"
world
psk=$(wg genpsk)
pair "" "" "" "PresharedKey = $psk"
export WG_KEYLOGFILE=$T/keys
begin right debian
capture left wire all.pcap udp
start left
has "WG_KEYLOGFILE" left.log || fail "nothing warns: $(cat left.log)"
[ "$(stat -c %a keys)" = 600 ] || fail "the file's mode is $(stat -c %a keys)"
pings left 10.7.0.2 -c5 -i0.1 || fail "no answer"
stop_make right
begin right debian # its side begins the second session
pings right fd07::1 -c5 -i0.1 || fail "no answer after a restart"
pings left 10.7.0.2 -s 1300 || fail "no answer"
at right "$PYTHON" "$SOURCE/scripts/flow.py" udp-send 10.7.0.1 9 "readable on the wire"
sleep 0.2
capture_end
for line in LOCAL_STATIC_PRIVATE_KEY REMOTE_STATIC_PUBLIC_KEY LOCAL_EPHEMERAL_PRIVATE_KEY PRESHARED_KEY; do
	grep -qE "^$line = [A-Za-z0-9+/]{43}=$" keys || fail "no $line in it: $(cut -d= -f1 keys)"
done
has "PRESHARED_KEY = $psk" keys || fail "another pre-shared key"
ok "keys of each handshake, in a file for its owner alone, with a warning"

decrypted() { dissect all.pcap -o "wg.keylog_file:$T/keys" "$@"; }
dissects all.pcap
decrypts all.pcap
decrypted -Y 'udp contains "readable on the wire"' | grep -q . || fail "the text is not to be read"
for filter in "icmp and ip.dst == 10.7.0.1" "icmpv6 and ipv6.dst == fd07::2"; do
	decrypted -Y "$filter" | grep -q . || fail "no $filter"
done
dissect all.pcap -Y 'frame contains "readable on the wire"' | grep -q . && fail "plain text on the wire"
ok "tshark decrypts all of it with them, whoever began"
