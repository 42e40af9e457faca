#!/bin/bash
# SPDX-License-Identifier: MIT
# Pre-shared keys: right, only on one side, wrong; a wrong public key; a wrong private key.
. "$(dirname "$0")/lib.sh"
hosts_link

silent() { # silent WHY COUNTER: no answer, and right counts the reason
	pings left 10.7.0.2 -W1 && fail "$1: a ping was answered"
	awaits 5 eval "[ \$(verdict right right $2) -gt 0 ]" || fail "$1: right counts no $2"
	[ "$(json right right '.peers[0].rx_bytes')" -ge 0 ] || fail "$1: no report"
	[ "$(json left left '.peers[0].latest_handshake')" = 0 ] || fail "$1: a handshake"
	instances_stop
	ok "$1: no session, right counts $2"
}

psk=$(wg genpsk)
configs_write "" "" "" "PresharedKey = $psk"
instances_start
both_families left 2
at left "$XT_BIN" show left | grep -q "preshared key: (hidden)" || fail "show hides no PSK"
at left "$XT_BIN" show left --json | grep -qF "$psk" && fail "the PSK is shown"
instances_stop
ok "a pre-shared key on both sides"

# WHAT:SED: how the pre-shared key of right differs
for case in "on one side only:/^PresharedKey/d" "that is wrong:s|^PresharedKey.*|PresharedKey = $(wg genpsk)|"; do
	what="a pre-shared key ${case%%:*}"
	configs_write "" "" "" "PresharedKey = $psk"
	sed -i "${case#*:}" right.conf
	instances_start
	pings left 10.7.0.2 -W1 && fail "$what: a ping was answered"
	[ "$(json left left '.peers[0].latest_handshake')" = 0 ] || fail "$what: a handshake"
	[ "$(verdict left left drop_handshake)" -gt 0 ] || fail "$what: left counts no drop_handshake"
	instances_stop
	ok "$what"
done

configs_write
sed -i "s|^PublicKey.*|PublicKey = $(wg genkey | wg pubkey)|" right.conf
instances_start
silent "right does not know left's key" drop_unknown_peer

configs_write
sed -i "s|^PublicKey.*|PublicKey = $(wg genkey | wg pubkey)|" left.conf
instances_start
silent "left has another key for right" drop_mac1
