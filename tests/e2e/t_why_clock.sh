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
clock_move left 0 0 0
answered left 10.7.0.2 20
says right up 3
says left up 3
both_end
