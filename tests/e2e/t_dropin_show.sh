#!/bin/bash
# SPDX-License-Identifier: MIT
# show NAME FIELD prints byte by byte what wg(8) prints.
. "$(dirname "$0")/lib.sh"
command -v wg >/dev/null || skip "no wg"
hosts_link
keys_make left right third
configs_write
instances_start
both_families left 2
at left wg set left fwmark 51820 peer "$PUB_third" preshared-key <(wg genpsk) endpoint "[2001:db8::1]:7" \
	persistent-keepalive 25 allowed-ips 10.9.0.0/16,fd09::/16 || fail "wg set"
at left wg set left peer "$(wg genkey | wg pubkey)" || fail "wg set"
start_bare bare right

same() { # same WORD…
	at left wg show "$@" | LC_ALL=C sort >theirs
	at left "$XT_BIN" show "$@" | LC_ALL=C sort >ours || fail "show $*"
	diff theirs ours >show.diff || fail "show $*: $(cat show.diff)"
}
for name in left bare all; do
	for field in dump public-key private-key listen-port fwmark peers preshared-keys endpoints \
		allowed-ips latest-handshakes transfer persistent-keepalive; do
		# wg(8) of 2021 forgets the name on all but the first line there.
		[ "$name $field" = "all endpoints" ] || same $name $field
	done
done
[ "$(at left "$XT_BIN" show interfaces | tr ' ' '\n' | sort)" = "$(at left wg show interfaces | tr ' ' '\n' | sort)" ] ||
	fail "interfaces: $(at left "$XT_BIN" show interfaces)"
ok "every field of one, of a bare one and of all; interfaces"
refuses 2 'did you mean "endpoints"' at left "$XT_BIN" show left endpoint
refuses 2 "unknown field" at left "$XT_BIN" show left foo
refuses 3 "not running" at left "$XT_BIN" show absent dump
refuses 2 "not a valid" at left "$XT_BIN" show a/b dump
ok "mistakes"

# An instance of another implementation is shown as well.
if command -v wireguard-go >/dev/null; then
	LOG_LEVEL=silent ip netns exec left wireguard-go -f other </dev/null >other.log 2>&1 &
	PID[other]=$!
	await 5 "wireguard-go" at left wg show other
	at left wg set other private-key <(echo "$KEY_third") peer "$PUB_left" allowed-ips 10.8.0.0/16
	same other dump
	ok "an instance of another implementation"
fi
