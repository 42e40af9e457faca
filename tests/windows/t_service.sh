#!/bin/sh
# SPDX-License-Identifier: MIT
# t_service.sh FOLDER WINE: an instance as a service of wine's service manager (instances.sh). It
# starts, carries packets, refuses a pause, stops by the manager, by `down` and by its removal, and
# says with which status it has ended.
set -u
# shellcheck source=tests/windows/instances.sh
. "${0%/*}/instances.sh"
overrides='HKCU\Software\Wine\AppDefaults\xtunnel.exe\DllOverrides'
places=''

tool() { # tool WORD…: a program of Windows; out has its output
	# shellcheck disable=SC2086
	$wine "$@" >out 2>/dev/null </dev/null
}

tidy() {
	program service remove "$a" >/dev/null 2>&1 </dev/null
	tool reg delete "$overrides" /f
	for place in $places; do
		rm -rf "$place/$a.conf"
		chmod 755 "$place" # where no instance has done so
		rmdir "$place" 2>/dev/null
	done
	exec 7>&-
	# shellcheck disable=SC2086
	kill $pids 2>/dev/null
	rm -rf "$work"
}
trap tidy EXIT

state_is() { # state_is TEXT: of the service, within 20 s
	for _ in $(seq 40); do
		expect 0 service list
		grep -qF "$a	$1" out && return
		sleep 0.5
	done
	echo "the service is not $1:"
	cat out
	failed=1
}

# Services end with the last program of wine, and those that start with the host start again with
# the next one: a program that waits for its input makes one session of this test.
mkfifo held
# shellcheck disable=SC2086
$wine cmd <held >/dev/null 2>&1 &
exec 7>held
# The manager gives a service an environment of its own. wine 8 has another %ProgramData% in it than
# on a console.
tool reg add "$overrides" /v iphlpapi /d native,builtin /f
pair_make
# shellcheck disable=SC2086
for place in $($wine winepath -u 'C:\ProgramData' 'C:\users\Public' 2>/dev/null | tr -d '\r'); do
	places="$places $place/xtunnel"
	mkdir -p "$place/xtunnel"
	chmod 777 "$place/xtunnel" # below the real %ProgramData% every user may make files
	cp -p "$a.conf" "$place/xtunnel/"
done

expect 0 service install "$a"
has err "now: sc start xtunnel\$$a"
state_is stopped
tool sc start "xtunnel\$$a"
state_is running
taken=0
for place in $places; do
	[ -n "$(find "$place/xtunnel" -maxdepth 0 -perm -o+w)" ] || taken=1
done
[ $taken = 1 ] || {
	echo "others may still write to the directory"
	failed=1
}
instances_start "$b"
# shellcheck disable=SC2086
$wine "$folder/wintun_ping.exe" "$a" "$b" 20 1 || failed=1
expect 0 show "$a" dump
has out "$(cat "$b.pub")"

# What the service manager asks for.
tool sc pause "xtunnel\$$a" && {
	echo "the service lets itself be paused"
	failed=1
}
state_is running
tool sc stop "xtunnel\$$a" || failed=1
state_is stopped
expect 3 show "$a"

# `down` ends the service, and it is not started again.
tool sc start "xtunnel\$$a"
state_is running
expect 0 down "$a"
state_is stopped
tool sc query "xtunnel\$$a"
has out "WIN32_EXIT_CODE    : 0"

# A removal ends it first.
tool sc start "xtunnel\$$a"
state_is running
expect 0 service remove "$a"
expect 3 show "$a"
expect 0 service list
grep -qF "$a	" out && {
	echo "a removed service is listed"
	failed=1
}

# A file with an error: the status of `xtunnel run` is the service's.
for place in $places; do
	echo "[Interface" >"$place/$a.conf"
done
expect 0 service install "$a"
tool sc start "xtunnel\$$a"
state_is stopped
tool sc query "xtunnel\$$a"
has out "WIN32_EXIT_CODE    : 1066"
has out "SERVICE_EXIT_CODE  : 4"
expect 0 service remove "$a"

instances_end "$b"
exit $failed
