#!/bin/bash
# SPDX-License-Identifier: MIT
# What shells complete for names: running instances, files in /etc/xtunnel, and peers, also without
# root where the socket's mode lets the user in.
. "$(dirname "$0")/lib.sh"
tunnel_prepare "" "" "" "Name = some peer"
start left
place=/etc/xtunnel
[ -d $place ] || place=/etc/wireguard
[ -d $place ] || skip "no directory of configurations"
cp right.conf $place/right.conf
cp right.conf "$place/not a name.conf"
printf 'x' >$place/right.conf~

complete() { at left "$XT_BIN" __complete "$@"; }
complete down "" >out 2>&1
grep -qx "left	running" out || fail "no running instance: $(cat out)"
grep -qx "right	$place" out || fail "no configuration: $(cat out)"
grep -q "not a name\|~" out && fail "what is no name: $(cat out)"
grep -qx ":files" out || fail "no files: $(cat out)"
complete down r >out 2>&1
grep -q left out && fail "another prefix: $(cat out)"
ok "names of instances and configurations"
complete why left "" >out 2>&1
grep -qx "some peer	$PUB_right" out || fail "no peer of a running instance: $(cat out)"
complete why right "so" >out 2>&1
grep -qx "some peer	$PUB_left" out || fail "no peer of a file: $(cat out)"
complete why neither "" >out 2>&1
[ ! -s out ] || fail "peers of no instance: $(cat out)"
complete capture left -w x "" >out 2>&1
grep -q "some peer" out || fail "a value counts as an operand: $(cat out)"
grep -q "$KEY_left\|$KEY_right" out && fail "a private key"
"$XT_BIN" disable $place/right.conf "$PUB_left" 2>err || fail "disable: $(cat err)"
for verb in enable remove; do
	complete $verb right "" 2>err >out
	grep -q "$PUB_left" out || fail "$verb: no disabled peer: $(cat out err)"
done
complete disable right "" >out 2>&1
grep -q "$PUB_left" out && fail "disable: a disabled peer: $(cat out)"
ok "peers of a running instance and of a file, disabled ones"
XT_RUN_DIR=/nowhere complete down l >out 2>&1
grep -q running out && fail "another run directory: $(cat out)"
ok "where no instance runs"
stop left
