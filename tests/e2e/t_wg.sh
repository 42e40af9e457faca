#!/bin/bash
# SPDX-License-Identifier: MIT
# wg(8) shows our instance.
. "$(dirname "$0")/lib.sh"
command -v wg >/dev/null || skip "no wg"
psk=$(wg genpsk)
tunnel_prepare "" "" "" "PresharedKey = $psk
PersistentKeepalive = 25"
sed -i 's/^ListenPort.*/&\nFwMark = 0x1234/' left.conf
instances_start
both_families left 2
at left wg show interfaces | tr ' ' '\n' | grep -qx left || fail "wg show interfaces: $(at left wg show interfaces)"
dump=$(at left wg show left dump) || fail "wg show left dump"
device=$(sed -n 1p <<<"$dump") peer=$(sed -n 2p <<<"$dump")
[ "$device" = "$KEY_left	$PUB_left	51801	0x1234" ] || fail "device line: $device"
IFS=$'\t' read -r key shared endpoint allowed handshake rx tx keepalive <<<"$peer"
[ "$key $shared $endpoint $allowed $keepalive" = \
	"$PUB_right $psk $R4:51802 10.7.0.2/32,fd07::2/128 25" ] || fail "peer line: $peer"
now=$(date +%s)
{ [ "$handshake" -le "$now" ] && [ "$handshake" -gt $((now - 60)) ]; } || fail "handshake at $handshake, now $now"
{ [ "$rx" -gt 0 ] && [ "$tx" -gt 0 ]; } || fail "transfer $rx $tx"
[ "$rx" = "$(json left left '.peers[0].rx_bytes')" ] || fail "show --json counts otherwise"
ok "wg show dump has all fields"
at left wg show left | grep -q "latest handshake" || fail "wg show"
at left wg showconf left >conf.txt || fail "wg showconf"
grep -qxF "PrivateKey = $KEY_left" conf.txt || fail "wg showconf: $(cat conf.txt)"
ok "wg show, wg showconf"
