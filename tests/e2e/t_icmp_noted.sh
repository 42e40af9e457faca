#!/bin/bash
# SPDX-License-Identifier: MIT
# What the network and the host say of datagrams that do not arrive is in `why`, with the address
# of the router or host that said it. For a peer that answers, forged errors change nothing, and a
# flood of them stops no packet and ends.
# cases: 4 6
. "$(dirname "$0")/lib.sh"
family=${1:-4}
netns_add left router right
# A router asks for neighbours from its link-local address.
veth_add left wire "198.18.1.2/24 fd18:1::2/64" router inside "198.18.1.1/24 fd18:1::1/64 fe80::1/64"
veth_add right wire "198.18.2.2/24 fd18:2::2/64" router outside "198.18.2.1/24 fd18:2::1/64 fe80::1/64"
at router sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
for name in left right router; do # every error is sent, at once
	at $name sysctl -q -w net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	at $name sysctl -q -w net.ipv4.icmp_msgs_per_sec=1000000 net.ipv4.icmp_msgs_burst=1000000
done
at router sysctl -q -w net.ipv4.neigh.outside.retrans_time_ms=50 \
	net.ipv6.neigh.outside.retrans_time_ms=50
at left sysctl -q -w net.ipv4.neigh.wire.retrans_time_ms=50 net.ipv6.neigh.wire.retrans_time_ms=50
ip -n right route add default via 198.18.2.1
ip -n right -6 route add default via fd18:2::1
routes_add() {
	ip -n left route add default via 198.18.1.1
	ip -n left -6 route add default via fd18:1::1
}
routes_add
if [ "$family" = 4 ]; then
	left=198.18.1.2 router=198.18.1.1 right=198.18.2.2 absent=198.18.2.9 beside=198.18.1.9
	away=198.18.9.1
else
	left=fd18:1::2 router=fd18:1::1 right=fd18:2::2 absent=fd18:2::9 beside=fd18:1::9
	away=fd18:9::1
fi
await 10 "the path" at left ping -c1 -W1 -q $right
keys_make left right
bracketed() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }
config_write right 2 left 1 "$(bracketed $left)" "" ""

# why FILTER: of left's only peer
why() {
	local code=0
	at left "$XT_BIN" why left --json >why.json 2>why.log || code=$?
	[ $code = 0 ] || [ $code = 5 ] || fail "why: $(cat why.log)"
	jq -r ".peers[0] | $1" why.json
}
says() { # says FILTER TEXT
	[ "$(why "$1")" = "$2" ]
}
icmp_filter='"\(.code) \(.facts.icmp_error) \(.facts.icmp_error_from)"'
error_filter='"\(.code) \(.facts.send_errno)"'
# explains ENDPOINT FILTER TEXT: left, started anew with that endpoint, comes to say so
explains() {
	config_write left 1 right 2 "$(bracketed "$1")" "" ""
	start left
	at left ping -n -q -c1 -W1 10.7.0.2 >/dev/null
	await 12 "$1: $3" says "$2" "$3"
	stop left
	ok "$3"
}
explains $right "$icmp_filter" "icmp port $right"
explains $absent "$icmp_filter" "icmp host $router"
explains $beside "$icmp_filter" "icmp host $left"
explains $away "$icmp_filter" "icmp network $router"
at router nft -f - <<-'EOF2'
	table inet filter {
		chain forward {
			type filter hook forward priority 0
			udp dport 51802 reject with icmpx admin-prohibited
		}
	}
EOF2
explains $right "$icmp_filter" "icmp prohibited $router"
at router nft flush ruleset
for type in prohibit unreachable; do
	ip -n left "-$family" route add $type $away
	explains $away "$error_filter" "send-error $([ $type = prohibit ] && echo 13 || echo 113)"
	ip -n left "-$family" route del $away
done
ip -n left "-$family" route del default
explains $away "$error_filter" "send-error 101"
ip -n left route flush default
ip -n left -6 route flush default
routes_add
at left nft -f - <<-'EOF2'
	table inet filter {
		chain output {
			type filter hook output priority 0
			udp dport 51802 drop
		}
	}
EOF2
explains $right "$error_filter" "send-error 1"
at left nft flush ruleset

# A refusal that is over: the peer answers and is not accused.
config_write left 1 right 2 "$(bracketed $right)" "" ""
start left
at left ping -n -q -c1 -W1 10.7.0.2 >/dev/null
await 12 "the closed port" says "$icmp_filter" "icmp port $right"
start right
await 12 "an answer" pings left 10.7.0.2
both_families left 2
[ "$(why .code)" = up ] || fail "after the peer has answered: $(cat why.json)"
ok "a peer that answers is not accused"

# forge N: right sends left N errors "port unreachable" for datagrams to right
forge() {
	at right "$PYTHON" - "$1" $left $right <<-'PY' || fail "cannot forge ICMP errors"
		import socket, struct, sys
		n, left, right = int(sys.argv[1]), sys.argv[2], sys.argv[3]
		udp = struct.pack("!HHHH", 51801, 51802, 40, 0) + bytes(32)
		if ":" in left:
		    inner = struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + b"".join(
		        socket.inet_pton(socket.AF_INET6, a) for a in (left, right)) + udp
		    raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
		    icmp = struct.pack("!BBHI", 1, 4, 0, 0) + inner
		else:
		    inner = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0,
		        socket.inet_aton(left), socket.inet_aton(right)) + udp
		    icmp = struct.pack("!BBHI", 3, 3, 0, 0) + inner
		    total = sum(struct.unpack(f"!{len(icmp) // 2}H", icmp))
		    total = (total >> 16) + (total & 0xffff)
		    icmp = icmp[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + icmp[4:]
		    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
		for i in range(n):
		    raw.sendto(icmp, (left, 0))
	PY
}
state() {
	json left left '[.peers[0] | .endpoint, .last_handshake, .path_mtu] + [.counters.drop_udp] | @csv'
}
before=$(state)
forge 3
pings left 10.7.0.2 || fail "no answer after three errors: $(cat ping.log)"
[ "$(why .code)" = up ] || fail "after forged errors: $(cat why.json)"
[ "$(state)" = "$before" ] || fail "forged errors: $before became $(state)"
ok "forged errors for a peer that answers change nothing"

# From right: a ping of left would hear the errors itself, and its socket is soon full of them.
at right ping -n -q -i 0.01 -c 200 -W 2 10.7.0.1 >ping.log 2>&1 &
pinging=$!
forge 10000
wait $pinging || fail "pings during a flood of errors: $(cat ping.log)"
got=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' ping.log)
[ "$got" = 200 ] || fail "$got of 200 pings during a flood of errors"
[ "$(state)" = "$before" ] || fail "a flood of errors: $before became $(state)"
ok "10,000 of them stop no packet"
ticks() { awk '{ print $14 + $15 }' "/proc/${PID[left]}/stat"; }
calm() {
	local used
	used=$(ticks)
	sleep 1
	[ $(($(ticks) - used)) -le $((${CLK_TCK:-$(getconf CLK_TCK)} / 4)) ]
}
await 20 "an idle processor after the flood" calm
ok "and do not keep the instance busy afterwards"
instances_stop
