#!/bin/bash
# SPDX-License-Identifier: MIT
# `why` of a peer whose clock went back and which has forgotten that, as a machine without a battery
# does.
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/why.sh"
clocks_prepare left
hosts_link
configs_write
sed -i '/^Endpoint/d' right.conf
start right
clock_start left
answered left 10.7.0.2 10
says right up 3
crash left
rm -rf "${XT_STATE_DIR:?}"
clock_move left 0 0 -3600
clock_start left
traffic left 10.7.0.2
says right clock
sentence right hour
says left silent 15
sentence left "clock is .* behind the time of its own files"
jq -e '.peers[0].causes[0] | test("clock is wrong")' why.json >/dev/null || fail "causes: $(cat why.json)"
jq -e '.peers[0].remedy | test("NTP")' why.json >/dev/null || fail "remedy: $(cat why.json)"
has "warning: left: the clock of this host is wrong: it says .*set the clock" left.log ||
	fail "left's log says nothing of its clock"
ok "left says that its own clock is wrong"
clock_move left 0 0 0
answered left 10.7.0.2 20
says right up 3
says left up 3
both_end
