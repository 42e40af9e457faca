#!/bin/sh
# SPDX-License-Identifier: MIT
# t_echo.sh FOLDER [WINE]: xtunnel echo over the double of wintun.dll, by wine: every other address
# of its networks answers, in sizes up to the largest; a pair; the end of the adapter; refusals.
# FOLDER has xtunnel.exe, wintun_echo.exe and wintun.dll.
set -u
folder=$1
wine=${2:-}
work=$(mktemp -d)
failed=0
pid=''
name=wec$(($$ % 100000))
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
	echo "$*"
	head -n 20 out err
	failed=1
}
has() { # has FILE TEXT
	grep -qF -- "$2" "$1" || fail "$1 lacks: $2"
}
begin() { # begin ARGUMENT…
	# shellcheck disable=SC2086
	$wine "$folder/xtunnel.exe" echo "$@" >out 2>err </dev/null &
	pid=$!
	for _ in $(seq 120); do
		grep -q "is ready" err && return
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.5
	done
	fail "echo $*: is not ready"
}
send() { # send NAME WHAT
	# shellcheck disable=SC2086
	$wine "$folder/wintun_echo.exe" "$@" || fail "wintun_echo $*: status $?"
}
await_end() {
	wait "$pid" || fail "echo ended with status $?"
	pid=''
}
refuse() { # refuse TEXT ARGUMENT…
	text=$1
	shift
	# shellcheck disable=SC2086
	$wine "$folder/xtunnel.exe" echo "$@" >out 2>err </dev/null
	status=$?
	[ "$status" = 2 ] || fail "echo $*: status $status, not 2"
	has err "$text"
}

begin "$name" 10.9.7.1/24 fd07::1/64 --count 8
send "$name" all
await_end
has out "10.9.7.1 -> 10.9.7.254 echo id=7 seq=5 65515 bytes"
has out "fd07::1 -> fd07::9 echo"
has out "8 answered, 2 not answered"

begin "$name-b" 10.9.7.1 10.9.7.2 --hexdump --count 1
send "$name-b" pair
await_end
has out "request, 84 bytes"
has out "1 answered"

begin "$name-c" 10.9.7.1/24
send "$name-c" end
await_end
has err "is gone"
has out "0 answered"

refuse "not an ADDRESS/PREFIX" "$name" 10.9.7.1/33
refuse "no other address" "$name" 10.9.7.1/32
refuse "not a name" "a b" 10.9.7.1/24
exit $failed
