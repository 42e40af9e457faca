#!/bin/bash
# SPDX-License-Identifier: MIT
# The running kernel's own GRO and GSO against our merge and split: the bursts and super-packets of
# tests/vectors/gro.txt and gso.txt, and random bursts, run again through a TUN device with NAPI.
. "$(dirname "$0")/lib.sh"
rig=${XT_BUILD:-$SOURCE/build/debug}/e2e_gro_rig
[ -x "$rig" ] || fail "no $rig"
"$rig" has >rig.log 2>&1
case $? in
0) ;;
77) skip "$(sed -n 's/^skip: //p' rig.log)" ;;
*) fail "the rig" ;;
esac

# holds ARGUMENT…: the rig finds no difference; its last line is shown
holds() {
	"$rig" "$@" >rig.log 2>&1 || fail "$1 on $(uname -r)"
	ok "$(tail -n 1 rig.log)"
}
holds check-gro <"$SOURCE/tests/vectors/gro.txt"
holds check-gso <"$SOURCE/tests/vectors/gso.txt"
holds check-random 150
