#!/bin/bash
# SPDX-License-Identifier: MIT
# Copies of keys in the memory of every process of a running instance: of the private key and of the
# pre-shared key one in all, in the process that moves packets; of a session's keys one each while
# it lives, and none after it has expired.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "no root"
clocks_prepare left right
psk=$(wg genpsk)
hosts_link
configs_write "" "" "" "PresharedKey = $psk"
echo "$KEY_left" >left.secret
echo "$psk" >left.psk
chmod 600 left.secret left.psk

hex() { base64 -d <<<"$1" | od -An -v -tx1 | tr -d ' \n'; }

# The device has the key as the curve uses it, with some bits set.
clamped() {
	$PYTHON -c 'import sys
k = bytearray.fromhex(sys.argv[1]); k[0] &= 248; k[31] = k[31] & 127 | 64; print(k.hex())' "$(hex "$1")"
}

# scan LABEL=HEX...: copies.txt
scan() {
	at left "$PYTHON" "$SOURCE/tests/e2e/copies.py" "${PID[left]}" "$@" >copies.txt ||
		fail "the memory of left cannot be read"
}
sum() { awk -v label="$1" '$2 == label { n += $3 } END { print n + 0 }' copies.txt; }
holders() { awk -v label="$1" '$2 == label && $3 > 0 { print $1 }' copies.txt | sort -u; }

private_once() { # private_once WHAT
	local key
	scan private="$(clamped "$KEY_left")" psk="$(hex "$psk")" \
		text="$(printf %s "$KEY_left" | od -An -v -tx1 | tr -d ' \n')" \
		psktext="$(printf %s "$psk" | od -An -v -tx1 | tr -d ' \n')"
	for key in private psk; do
		[ "$(sum $key)" = 1 ] || fail "$1: $(sum $key) copies of $key: $(cat copies.txt)"
	done
	for key in text psktext; do
		[ "$(sum $key)" = 0 ] || fail "$1: $(sum $key) copies as text of $key: $(cat copies.txt)"
	done
	[ "$(holders private)" = "$(holders psk)" ] || fail "$1: in two processes: $(cat copies.txt)"
	ok "$1: one copy of private key and pre-shared key in $(awk '{ print $1 }' copies.txt | sort -u | wc -l) process(es)"
}

for source in file command keyfile; do
	case $source in
	command) sed -i "s~^PrivateKey.*~PrivateKeyCommand = cat $T/left.secret~" left.conf ;;
	keyfile)
		sed -i "s~^PrivateKey.*~PrivateKeyFile = left.secret~
			s~^PresharedKey.*~PresharedKeyFile = left.psk~" left.conf
		;;
	esac
	clock_start left
	clock_start right
	both_families left 2
	at left "$XT_BIN" show left --json >/dev/null
	private_once "keys by $source"
	at left "$XT_BIN" reload left >out 2>&1 || fail "reload: $(cat out)"
	private_once "keys by $source, after reload"
	before=${PID[left]}
	at left "$XT_BIN" upgrade left >out 2>&1 ||
		fail "upgrade: $(cat out)"
	await 10 "the process before ends" gone "$before"
	PID[left]=$(json left left .pid)
	both_families left 2
	private_once "keys by $source, after an upgrade"
	[ $source != keyfile ] || break
	stop left
	stop right
done
stop left
stop right

# A session that left begins: its keys follow from the initiation and right's key log.
sed -i '/^Endpoint/d' right.conf
clock_start left
capture left wire wire.pcap udp
WG_KEYLOGFILE=$T/keys start right
both_families left 2
capture_stop
session=$("$PYTHON" "$SOURCE/tests/e2e/session_keys.py" wire.pcap keys) || fail "no session in $(ls)"
for at in left right; do
	"$PYTHON" "$SOURCE/tests/e2e/copies.py" "${PID[$at]}" $session >copies.txt
	for key in to_responder to_initiator; do
		[ "$(sum $key)" = 1 ] || fail "$at: $(sum $key) copies of $key: $(cat copies.txt)"
	done
done
ok "one copy of each key of a session, at either end"

stop right
clock_move left 600 600 600
clock_jumped left
wiped() {
	scan $session
	[ "$(sum to_responder)" = 0 ] && [ "$(sum to_initiator)" = 0 ]
}
awaits 10 wiped || fail "keys of a session that has expired: $(cat copies.txt)"
ok "no copy of the keys of a session that has expired"
stop left
