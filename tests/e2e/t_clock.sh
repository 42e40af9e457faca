#!/bin/bash
# SPDX-License-Identifier: MIT
# A host whose clock is wrong at boot: its handshakes go on by the state file. Where that is lost
# too (a state directory in memory), the other end refuses them, and says why: t_why_clock.sh.
. "$(dirname "$0")/lib.sh"
clocks_prepare left
hosts_link
configs_write
sed -i '/^Endpoint/d' right.conf
start right
clock_start left
both_families left 2

for years in 1 56; do
	if [ $years = 1 ]; then crash left; else crash_tunnel left; fi
	clock_move left 0 0 $((-years * 31557600))
	clock_start left
	both_families left 2
	both_families right 1
	ok "a clock $years years back at boot, with its state file: a session at once"
done

has "clock of this host is wrong" left.log && fail "left warns, although it has its state"

# Right has seen timestamps of the crashes above, which are minutes ahead of the clock.
crash left
rm -rf "${XT_STATE_DIR:?}"
mkdir -m 700 "$XT_STATE_DIR"
clock_start left
pings left 10.7.0.2 -W1 && fail "right has accepted an old timestamp"
has "warning: left: the clock of this host is wrong: it says 19[67].*, and its" left.log ||
	fail "left's log says nothing of its clock"
ok "with the state lost as well: refused, and left says that its clock is wrong"

clock_move left 0 0 900
await 20 "a session when the clock is right, and past the timestamps of before" pings left 10.7.0.2 -W1
ok "with the clock set right: a session"
