#!/bin/bash
# SPDX-License-Identifier: MIT
# Both sides begin at once, so that each answers the initiation of the other: with every other
# implementation this ends in sessions that carry data both ways, whichever key is the greater.
# labels: implementations
# cases: debian go boringtun gotatun
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/implementations.sh"
peer=${1:-debian}
implementation_find "$peer"
hosts_link

declare -A seen
for round in 1 2 3 4 5 6; do
	configs_write
	begin left xtunnel
	begin right "$peer"
	crossing left right
	seen[$(order)]=1
	ip netns exec left ping -n -q -c50 -i0.02 -W2 10.7.0.2 >ping.log 2>&1 &
	there=$!
	at right ping -n -q -c50 -i0.02 -W2 fd07::1 >back.log 2>&1
	wait $there
	[ "$(cat ping.log back.log | grep -c ' 0% packet loss')" = 2 ] ||
		fail "round $round, our key is $(order): $(grep loss ping.log back.log) $(
			json left left '.counters, .peers')"
	stop left
	stop_other right
done
ok "six times $peer and xtunnel began at once: nothing is lost (our key: ${!seen[*]})"
