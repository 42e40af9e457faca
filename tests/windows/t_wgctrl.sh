#!/bin/sh
# SPDX-License-Identifier: MIT
# t_wgctrl.sh FOLDER [WINE]: the library wgctrl, in a program in Go for Windows (wgctrl/), reads and
# changes an instance over its pipe. scripts/peers builds that program.
set -u
source=$(cd "${0%/*}/../.." && pwd)
client=$("$source/scripts/peers" --bin wgctrl) || {
	echo "skip: $client"
	exit 77
}
# shellcheck source=tests/windows/instances.sh
. "${0%/*}/instances.sh"
export WGCTRL_NAMES="$a $b absent"

wgctrl() { # wgctrl STATUS WORD…: out and err have the output
	expected=$1
	shift
	# shellcheck disable=SC2086
	$wine "$client" "$@" >out 2>err </dev/null
	status=$?
	[ "$status" = "$expected" ] && return
	echo "wgctrl $*: status $status, not $expected:"
	head -n 20 out err
	failed=1
}

# wine 8 has none of these; another wine, and Windows, do.
library='C:\windows\system32\bcryptprimitives.dll'
double=Z:$(echo "$folder/bcryptprimitives.dll" | tr / '\\')
# shellcheck disable=SC2086
[ -z "$wine" ] || $wine cmd /c "if not exist $library copy $double $library" >/dev/null </dev/null

pair_make
peer=$(cat "$b.pub")
instances_start "$a" "$b"
psk=$(program genpsk)

wgctrl 0 list
has out "$a	$(cat "$a.pub")	1"
has out "$b	$(cat "$b.pub")	1"
wgctrl 0 show "$a"
has out "interface $a"
has out "public $(cat "$a.pub")"
has out "port $port"
has out "peer $peer"
has out "endpoint 127.0.0.1:$((port + 1))"
has out "allowed 10.9.0.2/32"
has out "keepalive 0"

# A peer is changed: the library, and the program itself, read it back.
wgctrl 0 set "$a" "$peer" keepalive=25 "endpoint=127.0.0.2:$port" "psk=$psk" \
	allowed=10.9.7.0/24,fd09:7::/64
wgctrl 0 show "$a"
has out "endpoint 127.0.0.2:$port"
has out "allowed 10.9.7.0/24,fd09:7::/64"
has out "keepalive 25"
has out "psk $psk"
expect 0 show "$a" dump
has out "$peer	$psk	127.0.0.2:$port	10.9.7.0/24,fd09:7::/64"

# A peer comes and goes.
program genkey | program pubkey >new.pub
wgctrl 0 set "$a" "$(cat new.pub)" allowed=10.9.8.0/24
wgctrl 0 list
has out "$a	$(cat "$a.pub")	2"
wgctrl 0 set "$a" "$(cat new.pub)" remove
wgctrl 0 list
has out "$a	$(cat "$a.pub")	1"

# What is wrong, or not there, changes nothing.
wgctrl 3 show absent
has err "file does not exist"
wgctrl 3 set absent "$peer" keepalive=5
wgctrl 1 set "$a" "${peer%?}" keepalive=5
wgctrl 1 set "$a" "$peer" keepalive=70000
wgctrl 0 show "$a"
has out "keepalive 25"

instances_end "$a" "$b"
wgctrl 3 show "$a"
wgctrl 0 list
[ ! -s out ] || {
	echo "instances that have ended are listed:"
	cat out
	failed=1
}
exit $failed
