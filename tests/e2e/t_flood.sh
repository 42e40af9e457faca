#!/bin/bash
# SPDX-License-Identifier: MIT
# 50,000 initiations a second with a valid mac1, from one address and from 10,000: new peers of two
# implementations still complete a handshake, an existing session continues, and memory does not
# grow.
# timeout: 300
# alone
. "$(dirname "$0")/lib.sh"
FLOOD=${XT_BUILD:-$SOURCE/build/debug}/e2e_flood
[ -x "$FLOOD" ] || skip "no $FLOOD: it is built with the tests"
. "$SOURCE/tests/e2e/implementations.sh"
RATE=${XT_FLOOD_RATE:-50000} SECONDS_LONG=21
# A newcomer tries each 5 s, first for its cookie: one of its datagrams may be lost before the hub
# reads it.
LIMIT=16500
[ -z "$XT_SANITIZE" ] || RATE=20000

# hub, with a link to each of: left (xtunnel, in session), late (xtunnel), go (wireguard-go), flood
netns_add hub left late go flood
n=0
for name in left late go flood; do
	n=$((n + 1))
	veth_add hub $name 198.18.$n.1/24 $name wire 198.18.$n.2/24
	ip -n $name route add default via 198.18.$n.1
done
# The forged sources are routed to the flooding host, which answers nothing.
ip -n hub route add 198.19.0.0/16 via 198.18.4.2
at flood nft -f - <<-'EOF' || fail "nft"
	table inet silence {
		chain in { type filter hook prerouting priority 0; policy accept; udp sport 51800 drop; }
	}
EOF

keys_make hub left late go
{
	printf '[Interface]\nPrivateKey = %s\nListenPort = 51800\nAddress = 10.7.0.1/24\n' "$KEY_hub"
	n=1
	for name in left late go; do
		n=$((n + 1))
		key=PUB_$name
		printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.7.0.%s/32\n' "${!key}" $n
	done
} >hub.conf
n=1
for name in left late go; do
	n=$((n + 1))
	key=KEY_$name
	printf '[Interface]\nPrivateKey = %s\nAddress = 10.7.0.%s/24\n[Peer]\nPublicKey = %s\n' \
		"${!key}" $n "$PUB_hub" >$name.conf
	printf 'AllowedIPs = 10.7.0.0/24\nEndpoint = 198.18.%s.1:51800\n' $((n - 1)) >>$name.conf
done
resident() { # of all processes of the hub, in KiB
	local pid
	for pid in $(processes hub); do cat "/proc/$pid/smaps_rollup"; done |
		awk '/^Private_Dirty/ { sum += $2 } END { print sum }'
}
processor() { # of all processes of the hub, in ticks
	local pid
	for pid in $(processes hub); do cat "/proc/$pid/stat"; done |
		awk '{ sum += $14 + $15 } END { print sum }'
}
start hub
start left
tcp left hub 10.7.0.1 20000000 # touches every buffer once

# reached NAME: milliseconds until one of its pings is answered
reached() { flow "$1" pong 10.7.0.1 30; }

# under_flood WHAT FIRST N: the whole test with a flood from N addresses, starting at FIRST
under_flood() {
	local what=$1 flood late go before middle after cpu
	start late
	if command -v wireguard-go >/dev/null; then start_other debian go; fi
	before=$(resident)
	cpu=$(processor)
	ip netns exec flood "$FLOOD" "$PUB_hub" 198.18.4.1 51800 "$2" "$3" "$RATE" \
		$SECONDS_LONG >flood.out 2>&1 &
	flood=$!
	await 5 "$what: under load" eval '[ "$(json hub hub .under_load)" = true ]'
	reached late >late.ms &
	late=$!
	if [ -n "${PID[go]:-}" ]; then
		reached go >go.ms &
		go=$!
	fi
	tcp left hub 10.7.0.1 20000000:4
	ok "$what: a session carries 20 MB in 4 s: $(cut -d' ' -f3 tcp.log) s"
	wait $late || fail "$what: xtunnel does not get in"
	ok "$what: xtunnel gets in after $(cat late.ms) ms"
	[ "$(cut -d. -f1 late.ms)" -lt $LIMIT ] || fail "that is too long"
	if [ -n "${PID[go]:-}" ]; then
		wait $go || fail "$what: wireguard-go does not get in"
		ok "$what: wireguard-go gets in after $(cat go.ms) ms"
		[ "$(cut -d. -f1 go.ms)" -lt $LIMIT ] || fail "that is too long"
		stop_other go
	fi
	middle=$(resident)
	wait $flood || fail "$what: the flood: $(cat flood.out)"
	after=$(resident)
	cpu=$(($(processor) - cpu))
	stop late
	[ -n "$XT_SANITIZE" ] || [ $((after - before)) -lt 8192 ] && [ $((after - middle)) -lt 512 ] ||
		fail "$what: memory grew from $before over $middle to $after KiB"
	ok "$what: $(cat flood.out); the hub took ${cpu}0 ms of CPU; $before, then $after KiB"
}
under_flood "one source" 198.18.4.2 1
under_flood "10,000 sources" 198.19.0.1 10000
await 5 "the load is over" eval '[ "$(json hub hub .under_load)" = false ]'
ok "no cookies any more: answered $(verdict hub hub drop_under_load)"
