#!/bin/bash
# SPDX-License-Identifier: MIT
# tshark decrypts a capture with the key log; the log is private or refused.
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "no tshark"
tunnel_prepare "" "" "" "PresharedKey = $(wg genpsk)"
export WG_KEYLOGFILE=$T/keys
start left
unset WG_KEYLOGFILE
start right
grep -q "WARNING: .*$T/keys" left.log || fail "no warning: $(cat left.log)"
[ "$(stat -c %a keys)" = 600 ] || fail "mode $(stat -c %a keys)"
ok "made with mode 0600, with a warning"

capture left wire wire.pcap udp
pings left 10.7.0.2 -p 78796e6b || fail "ping"
pings right 10.7.0.1 || fail "ping"
# a new session, begun by the other side
stop right
start right
pings right 10.7.0.1 -p 78796e6b || fail "ping"
pings left fd07::2 || fail "ping"
capture_stop
[ "$(grep -c LOCAL_EPHEMERAL keys)" -ge 2 ] || fail "keys: $(cut -d= -f1 keys)"
sorted=$(cut -d' ' -f1 keys | head -4 | tr '\n' ' ')
[ "$sorted" = "LOCAL_STATIC_PRIVATE_KEY REMOTE_STATIC_PUBLIC_KEY LOCAL_EPHEMERAL_PRIVATE_KEY PRESHARED_KEY " ] || fail "$sorted"
sharks() { tshark -n -r wire.pcap -o "wg.keylog_file:$T/keys" "$@" 2>/dev/null; }
[ -z "$(sharks -Y _ws.malformed)" ] || fail "malformed: $(sharks -Y _ws.malformed)"
seen=$(sharks -Y "icmp.type == 8 || icmp.type == 0 || icmpv6.type == 128 || icmpv6.type == 129" | wc -l)
[ "$seen" -ge 8 ] || fail "tshark saw $seen pings in the tunnel: $(sharks | tail)"
data=$(sharks -Y "wg.type == 4" | wc -l)
open=$(sharks -Y "wg.type == 4 && (ip.version == 4 || ipv6) && wg.stream" -T fields -e wg.keepalive -e icmp.type -e icmpv6.type | wc -l)
[ "$data" -gt 0 ] && [ "$open" -gt 0 ] || fail "$data data messages, $open decrypted"
[ "$(tshark -n -r wire.pcap -Y icmp 2>/dev/null | wc -l)" = 0 ] || fail "seen without keys as well"
ok "tshark decrypts $seen pings of sessions begun by either side, nothing malformed"
stop left

for mode in 644 640 660 606; do
	chmod $mode keys
	WG_KEYLOGFILE=$T/keys refuses 1 "WG_KEYLOGFILE.*refused" at left "$XT_BIN" up "$T/left.conf"
done
chmod 600 keys
ln -s keys link
WG_KEYLOGFILE=$T/link refuses 1 "WG_KEYLOGFILE.*refused" at left "$XT_BIN" up "$T/left.conf"
mkfifo -m 600 fifo
WG_KEYLOGFILE=$T/fifo refuses 1 "WG_KEYLOGFILE\|key log" at left "$XT_BIN" up "$T/left.conf"
WG_KEYLOGFILE=$T/keys refuses 1 "key log\|WG_KEYLOGFILE" at left env WG_KEYLOGFILE="$T/none/keys" "$XT_BIN" left
at left ip link show left >/dev/null 2>&1 && fail "an interface is left"
ok "a log that others can read, a link, a pipe and no folder are refused"
