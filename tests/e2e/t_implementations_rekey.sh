#!/bin/bash
# SPDX-License-Identifier: MIT
# Rekey at 120 s with traffic both ways, with every other implementation that is installed, all at
# the same time: either side begins, or both at once with the lesser key on either side.
# labels: implementations long
# timeout: 300
#
# shellcheck disable=SC2086
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/implementations.sh"

declare -A pinger peer_of role_of
n=0
for peer in debian go boringtun gotatun; do
	(implementation_find "$peer") >there.log || { sed 's/^skip:/skip-part:/' there.log; continue; }
	for role in ours theirs less greater; do
		n=$((n + 1))
		o=o$n t=t$n
		peer_of[$n]=$peer role_of[$n]=$role
		netns_add $o $t
		wire_add $o $t
		until configs_write; [ "$role" = ours ] || [ "$role" = theirs ] || [ "$(order)" = "$role" ]; do :; done
		mv left.conf $o.conf
		mv right.conf $t.conf
		begin $o xtunnel
		begin $t "$peer"
		await 5 "the wire" at $o ping -c1 -W1 -q $R6
		case $role in
		ours) pings $o 10.7.0.2 ;;
		theirs) pings $t 10.7.0.1 ;;
		*) crossing $o $t ;;
		esac || fail "$peer, $role: $(cat ping.log)"
		ip netns exec $o ping -n -q -i0.1 -w140 -W2 10.7.0.2 >$o.ping 2>&1 &
		pinger[$o]=$!
		ip netns exec $t ping -n -q -i0.1 -w140 -W2 fd07::1 >$t.ping 2>&1 &
		pinger[$t]=$!
		at $o wg show $o latest-handshakes | cut -f2 >$o.first
	done
done
[ $n -gt 0 ] || skip "no other implementation"
for side in "${!pinger[@]}"; do wait "${pinger[$side]}"; done
bad=0
for i in $(seq $n); do
	o=o$i t=t$i
	renewed=$(($(at $o wg show $o latest-handshakes | cut -f2) - $(cat $o.first)))
	lost=$(cat $o.ping $t.ping | awk '/transmitted/ { n += $1 - $4 } END { print n }')
	echo "${peer_of[$i]}, ${role_of[$i]}: renewed after $renewed s, $lost lost of $(
		cat $o.ping $t.ping | awk '/transmitted/ { n += $1 } END { print n }'), $(
		verdict $o $o taken_handshake) handshake messages"
	{ [ $renewed -ge 110 ] && [ "$lost" -le 2 ]; } || {
		bad=$((bad + 1))
		json $o $o '.counters, .peers'
	}
done
[ $bad = 0 ] || fail "$bad of $n pairs lose packets at the rekey"
ok "$n pairs pass 120 s: rekeyed, and traffic both ways went on"
