#!/bin/bash
# SPDX-License-Identifier: MIT
# `why` of handshakes that go half way, with IMPLEMENTATION on the other side: an asymmetric filter,
# a peer that uses the session of before a restart, a loop, a peer under load.
# labels: implementations
# cases: xtunnel debian go boringtun gotatun
# timeout: 150
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/why.sh"
command -v nft >/dev/null || skip "no nft"
FLOOD=${XT_BUILD:-$(dirname "$XT_BIN")}/e2e_flood
hosts_link
configs_write
sed 's|^AllowedIPs.*|&\nPersistentKeepalive = 1|' right.conf >right.keepalive

# What left sends does not arrive; what right sends does.
cp right.keepalive right.conf
filter right input 'udp dport 51802 drop'
both_begin
traffic left 10.7.0.2
says left half 15
says right silent 15
unfilter right
answered left 10.7.0.2 20
says left up 3
says right up 3
quiet_of left
quiet
ok "an asymmetric filter"

# Left is restarted, hears the session of before, and gets no answer to its own handshake.
filter right input 'udp dport 51802 udp length 156 drop'
crash left
start left
says left restarted 5
stays left restarted 4 # while its initiation is not answered
unfilter right
traffic left 10.7.0.2
answered left 10.7.0.2 20
says left up 3
ok "a session of before a restart"
both_end

# The endpoint is routed into the tunnel.
ip -n right addr add 198.19.5.2/32 dev lo
ip -n left route add default via "$R4"
cp left.conf left.good
sed 's|^AllowedIPs.*|AllowedIPs = 10.7.0.2/32, 198.19.0.0/16|; s|^Endpoint.*|Endpoint = 198.19.5.2:51802|' \
	left.good >left.conf
sed -i '/^Endpoint/d; /^PersistentKeepalive/d' right.conf
both_begin
traffic left 10.7.0.2
says left loop
sentence left 198.19.5.2
both_end
cp left.good left.conf

# Under load: right asks for a cookie, left has none yet.
[ -x "$FLOOD" ] || skip "no $FLOOD"
netns_add flood
veth_add right flood 198.18.4.1/24 flood wire 198.18.4.2/24
begin right "$PEER"
ip netns exec flood "$FLOOD" "$PUB_right" 198.18.4.1 51802 198.18.4.2 1 20000 8 >flood.out 2>&1 &
flood=$!
under_load() { [ "$(json right right .under_load)" = true ]; }
[ "$PEER" != xtunnel ] || await 10 "load" under_load
start left
traffic left 10.7.0.2
[ "$PEER" = gotatun ] || says left load 6 # gotatun answers in spite of the flood, at times
wait $flood
answered left 10.7.0.2 20
says left up 3
says right up 5
both_end
