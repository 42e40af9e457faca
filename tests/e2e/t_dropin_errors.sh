#!/bin/bash
# SPDX-License-Identifier: MIT
# No error of the UDP socket ends the instance or its session.
# labels: datapath
# timeout: 240
# waits
. "$(dirname "$0")/lib.sh"
tunnel_prepare
for side in left right; do
	sed 's/^Address.*//' $side.conf >$side.wg
	start_bare $side
	at $side wg setconf $side $side.wg || fail "setconf"
	ip -n $side link set $side up
done
ip -n left addr add 10.7.0.1/24 dev left
ip -n right addr add 10.7.0.2/24 dev right
pings left 10.7.0.2 || fail "no ping at first"
initiations() { echo $(($(json left left .counters.taken_handshake) + $(json right right .counters.taken_handshake))); }
at left nft -f - <<-EOF2
	table inet faults {
		chain output { type filter hook output priority 0; policy accept; }
	}
EOF2

# event WHAT BREAK REPAIR [CALLED]: traffic stops and resumes with the same process, and the same
# session, unless the way to the other end has changed (CALLED): then the ends call each other.
event() {
	local what=$1 before after
	before=$(initiations)
	eval "$2" || fail "$what: $2"
	at left ping -n -q -c 30 -i 0.01 -W 0.2 10.7.0.2 >ping.log 2>&1
	eval "$3" || fail "$what: $3"
	await 8 "$what: traffic again" pings left 10.7.0.2
	for side in left right; do
		gone "${PID[$side]}" && fail "$what: $side ended"
		at $side wg show $side >/dev/null || fail "$what: $side does not answer"
	done
	after=$(initiations)
	[ $((after - before)) -le $((${4:+12} + 0)) ] || fail "$what: $((after - before)) handshake messages"
	ok "$what"
}

event "the path takes less than before" "ip -n left link set wire mtu 1300" "ip -n left link set wire mtu 1500"
event "no route (ENETUNREACH)" "ip -n left route add unreachable $R4/32" "ip -n left route del unreachable $R4/32" called
event "a route that refuses (EACCES)" "ip -n left route add prohibit $R4/32" "ip -n left route del prohibit $R4/32" called
event "a route that swallows (EINVAL)" "ip -n left route add blackhole $R4/32" "ip -n left route del blackhole $R4/32" called
event "a firewall on the way out (EPERM)" "at left nft add rule inet faults output udp sport 51801 drop" \
	"at left nft flush chain inet faults output"
event "a firewall that rejects at the other side" \
	"at right nft 'table inet faults { chain input { type filter hook input priority 0; udp dport 51802 reject; }; }'" \
	"at right nft delete table inet faults"
event "the wire is down" "ip -n left link set wire down" \
	"ip -n left link set wire up; ip -n left addr replace $L6/64 dev wire nodad" called
event "a queue that is always full (ENOBUFS)" "at left tc qdisc add dev wire root pfifo limit 0 2>/dev/null || at left tc qdisc add dev wire root pfifo limit 1" \
	"at left tc qdisc del dev wire root"
event "the other end of the wire is down" "ip -n right link set wire down" \
	"ip -n right link set wire up; ip -n right addr replace $R6/64 dev wire nodad" called
event "the local address is replaced by another" "ip -n left addr del $L4/24 dev wire; ip -n left addr add 198.18.0.77/24 dev wire" ":" called
event "the neighbour changes" "ip -n left neigh replace $R4 lladdr 02:00:00:00:00:99 dev wire nud permanent" \
	"ip -n left neigh del $R4 dev wire"
event "the interface is deleted and created again" "ip -n left link del wire" \
	"wire_add left right" called

# The process of the other side ends, so its kernel answers with port unreachable.
crash right
at left ping -n -q -c 20 -i 0.01 -W 0.2 10.7.0.2 >ping.log 2>&1
gone "${PID[left]}" && fail "left ended"
start_bare right
at right wg setconf right right.wg || fail "setconf"
ip -n right addr add 10.7.0.2/24 dev right
ip -n right link set right up
await 12 "traffic after a closed port (ECONNREFUSED)" pings left 10.7.0.2
ok "a closed port (ECONNREFUSED)"
