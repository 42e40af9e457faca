#!/bin/bash
# SPDX-License-Identifier: MIT
# The table of requests to the configuration socket; XT_UAPI_OTHER names programs whose differences
# are printed as well (the newest wireguard-go, where scripts/peers has built it).
# timeout: 240
. "$(dirname "$0")/lib.sh"
netns_add left
table() { # table SOCKET [OPTION]
	at left "$PYTHON" "$SOURCE/tests/e2e/uapi_table.py" "$1" "$SOURCE/tests/vectors/uapi/table.txt" \
		"$XT_BIN pubkey" "${@:2}"
}
start_bare wg0 left
before=$(descriptors wg0)
table /run/wireguard/wg0.sock >table.log || fail "the table: $(cat table.log)"
ok "$(tail -n 1 table.log)"
awaits 3 eval "[ \$(descriptors wg0) -le $((before + 2)) ]" ||
	fail "$before descriptors became $(descriptors wg0)"
ok "no descriptor is left open"

stop wg0

# The same for an instance that was started from a file.
keys_make left
printf '[Interface]\nPrivateKey = %s\nAddress = 10.7.0.1/24\n' "$KEY_left" >left.conf
start left
table /run/wireguard/left.sock >table.log || fail "the table, after run: $(cat table.log)"
ok "after run: $(tail -n 1 table.log)"

stop left
newest=${XT_PEERS:-$HOME/.cache/xtunnel-peers}/bin/wireguard-go-new
[ -x "$newest" ] || newest=
for other in ${XT_UAPI_OTHER-$newest}; do
	LOG_LEVEL=silent WG_SUDO=1 ip netns exec left "$other" -f wg7 </dev/null >other.log 2>&1 &
	PID[other]=$!
	await 5 "$other" test -S /run/wireguard/wg7.sock
	echo "--- $other"
	table /run/wireguard/wg7.sock --differences
	instance_end other
	await 3 "its socket" test ! -e /run/wireguard/wg7.sock
done
