#!/bin/bash
# Pre-shared keys: right, only on one side, wrong; a wrong public key; a wrong private key.
. "$(dirname "$0")/lib.sh"
world

silent() { # silent WHY COUNTER: no answer, and right says why
	pings left 10.7.0.2 -W1 && fail "$1: a ping was answered"
	awaits 5 eval "[ \$(fate right right $2) -gt 0 ]" || fail "$1: right counts no $2"
	[ "$(json right right '.peers[0].rx_bytes')" -ge 0 ] || fail "$1: no report"
	[ "$(json left left '.peers[0].latest_handshake')" = 0 ] || fail "$1: a handshake"
	stop left
	stop right
	ok "$1: no session, right counts $2"
}

psk=$(wg genpsk)
pair "" "" "" "PresharedKey = $psk"
start left
start right
both_families left 2
at left "$XT_BIN" show left | grep -q "preshared key: (hidden)" || fail "show hides no PSK"
at left "$XT_BIN" show left --json | grep -qF "$psk" && fail "the PSK is shown"
stop left
stop right
ok "a pre-shared key on both sides"

pair "" "" "" "PresharedKey = $psk"
sed -i '/^PresharedKey/d' right.conf
start left
start right
pings left 10.7.0.2 -W1 && fail "a PSK on one side only: a ping was answered"
[ "$(json left left '.peers[0].latest_handshake')" = 0 ] || fail "PSK on one side: a handshake"
[ "$(fate left left drop_handshake)" -gt 0 ] || fail "left counts no drop_handshake"
stop left
stop right
ok "a pre-shared key on one side only"

pair "" "" "" "PresharedKey = $psk"
sed -i "s|^PresharedKey.*|PresharedKey = $(wg genpsk)|" right.conf
start left
start right
pings left 10.7.0.2 -W1 && fail "a wrong PSK: a ping was answered"
[ "$(json left left '.peers[0].latest_handshake')" = 0 ] || fail "wrong PSK: a handshake"
[ "$(fate left left drop_handshake)" -gt 0 ] || fail "left counts no drop_handshake"
stop left
stop right
ok "a wrong pre-shared key"

pair
sed -i "s|^PublicKey.*|PublicKey = $(wg genkey | wg pubkey)|" right.conf
start left
start right
silent "right does not know left's key" drop_unknown_peer

pair
sed -i "s|^PublicKey.*|PublicKey = $(wg genkey | wg pubkey)|" left.conf
start left
start right
silent "left has another key for right" drop_mac1
