#!/bin/bash
# SPDX-License-Identifier: MIT
# `why` where keys do not match, with IMPLEMENTATION on the other side: a key that the peer does not
# know, a wrong PublicKey of the peer, a wrong pre-shared key. What it says is what mends it.
# labels: implementations
# cases: xtunnel debian go boringtun gotatun
# timeout: 150
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/why.sh"
hosts_link
configs_write
cp left.conf left.good
cp right.conf right.good
keys_make other

# Right knows another key than that of left.
sed "s|^PublicKey.*|PublicKey = $PUB_other|; /^Endpoint/d" right.good >right.conf
both_begin
traffic left 10.7.0.2
says left silent 15
sentence left "$PUB_left"
sentence left "$PUB_right"
says_of right strangers unknown-peer
if [ "$PEER" = xtunnel ]; then
	says right no-endpoint
	at right "$XT_BIN" why right >why.text
	has "$PUB_left" why.text || fail "the key of the caller: $(cat why.text)"
	has "$L4:51801" why.text || fail "the address of the caller: $(cat why.text)"
	# The section that it prints, pasted.
	sed -n '/^ *\[Peer\]/,/^ *$/p' why.text | sed 's/^ *//' >section
	has "^PublicKey = $PUB_left" section || fail "a [Peer] section to paste: $(cat why.text)"
	{
		sed '/^\[Peer\]/,$d' right.good
		sed 's|^AllowedIPs = *#.*|AllowedIPs = 10.7.0.1/32, fd07::1/128|' section
	} >right.conf
	at right "$XT_BIN" reload right >reload.log 2>&1 || fail "the section: $(cat reload.log right.conf)"
	answered left 10.7.0.2 15
	ok "the [Peer] section that it prints works"
	says left up
	says right up
fi
both_end

# Left has a wrong key of right.
cp right.good right.conf
sed "s|^PublicKey.*|PublicKey = $PUB_other|" left.good >left.conf
sed -i '/^Endpoint/d' right.conf
both_begin
traffic left 10.7.0.2
says left silent 15
sentence left "$PUB_other"
says_of right strangers other-key
[ "$PEER" != xtunnel ] || why right '.strangers[].sentence' | grep -q "$L4:51801" ||
	fail "the caller's address: $(why right .strangers)"
both_end

# A pre-shared key on one side only, or two of them.
cp left.good left.conf
{ cat right.good; echo "PresharedKey = $(wg genpsk)"; } | sed '/^Endpoint/d' >right.conf
both_begin
traffic left 10.7.0.2
says left psk
says right half
stays right half 7 # the next initiation is among them
both_end
{ cat left.good; echo "PresharedKey = $(wg genpsk)"; } >left.conf
both_begin
traffic left 10.7.0.2
says left psk

# It heals, and is said to be up at once.
at left wg set left peer "$PUB_right" preshared-key <(grep '^PresharedKey' right.conf | cut -d' ' -f3)
answered left 10.7.0.2 15
says left up 3
says right up 3
quiet_of left
both_end
