#!/bin/bash
# SPDX-License-Identifier: MIT
# An uplink that has only a link-local address: the scope of an endpoint keeps its link's name in
# show, JSON and save, and datagrams never leave from an address of the tunnel itself.
# labels: datapath
. "$(dirname "$0")/lib.sh"
netns_add left right
veth_add left wire "fe80::1/64" right wire "fe80::2/64 fd18::2/64"
configs_write fe80::1 'fe80::2%wire'
start right
start left
await 5 "a session" pings left 10.7.0.2
[ "$(json left left '.peers[0].endpoint')" = "[fe80::2%wire]:51802" ] ||
	fail "JSON: $(json left left '.peers[0].endpoint')"
at left "$XT_BIN" show left endpoints | grep -qF '[fe80::2%wire]:51802' ||
	fail "show endpoints: $(at left "$XT_BIN" show left endpoints)"
at left wg show left endpoints | grep -qF '[fe80::2%wire]:51802' || fail "wg show endpoints"
at left "$XT_BIN" save left || fail "save"
grep -qF 'Endpoint = [fe80::2%wire]:51802' left.conf || fail "save: $(grep Endpoint left.conf)"
ok "the link's name in show, JSON, wg and save"

# right at a global address; left has no global address but that of the tunnel.
await 5 "the route" ip -n left -6 route replace fd18::/64 dev wire
capture right wire wire.pcap udp
at left wg set left peer "$(sed -n 's/^PublicKey = //p' left.conf)" endpoint '[fd18::2]:51802'
await 5 "an answer" pings left 10.7.0.2
await 5 "datagrams" has . wire.pcap
capture_stop
tcpdump -n -r wire.pcap 2>/dev/null >heard.log
grep -F "> fd18::2.51802" heard.log | grep -q "fe80::1.51801 >" || fail "from where? $(cat heard.log)"
grep -q 'fd07:' heard.log && fail "from the tunnel's own address: $(cat heard.log)"
ok "the uplink's link-local address, not the tunnel's"
instances_stop
