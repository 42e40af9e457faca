#!/bin/sh
# SPDX-License-Identifier: MIT
# t_program.sh XTUNNEL.EXE [WINE]: the verbs that need no instance, by wine: keys, files, checks,
# texts in UTF-8, and verbs that Windows refuses.
set -u
program=$1
wine=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
cd "$work" || exit 1

# A line end that Windows has put in would be seen below: nothing is removed from the output.
run() { # run STATUS ARGUMENT…: out and err have the output
	expected=$1
	shift
	# shellcheck disable=SC2086
	$wine "$program" "$@" <"${input:-/dev/null}" >out 2>err
	status=$?
	[ "$status" = "$expected" ] && return
	echo "xtunnel $*: status $status, not $expected:"
	head -n 20 out err
	failed=1
}

has() { # has FILE TEXT
	grep -qF -- "$2" "$1" && return
	echo "$1 lacks: $2"
	head -n 20 "$1"
	failed=1
}

run 0 genkey
cp out key
[ "$(wc -c <key)" = 45 ] || { echo "genkey: $(wc -c <key) bytes"; failed=1; }
input=key run 0 pubkey
cp out public
[ "$(wc -c <public)" = 45 ] || { echo "pubkey: $(wc -c <public) bytes"; failed=1; }
run 0 genpsk
run 0 --version
has out "xtunnel "
run 0 --help
has out "genkey"
run 0 help check
run 2 chekc
has err "check"

# Two ends, in a directory whose name is no ASCII.
mkdir "tünnel"
run 0 new left.example right.example -o "tünnel"
run 0 check "tünnel/left.conf" "tünnel/right.conf"
run 0 check 'tünnel\left.conf'
run 1 new left.example right.example -o "tünnel"
has err "not overwritten"
run 0 strip "tünnel/left.conf"
has out "PrivateKey = "
grep -q "Address" out && { echo "strip left an Address"; failed=1; }

# A hub, and a peer of it.
mkdir hubs
run 0 new --hub hub.example anna -o hubs
run 0 add hubs/hub.conf ben --endpoint hub.example:51820 -o hubs
run 0 list hubs/hub.conf
has out "ben"
run 0 remove hubs/hub.conf ben
run 0 rotate hubs/hub.conf

printf '[Interface]\nPrivateKey = x\n' >bad.conf
run 4 check bad.conf
has out "bad.conf:2:15: error:"
{ echo "[Interface]"; echo "PrivateKey = $(cat key)"; echo "#: Sandbox = strict"; } >strict.conf
run 2 run strict.conf
has err "unconfined"
{ echo "[Interface]"; echo "#: PrivateKeyCommand = type key"; } >command.conf
run 4 run command.conf
has err "not on Windows"

# What is not there says so.
run 2 up "tünnel/left.conf"
has err "service install"
for verb in "upgrade left" lab bench exporter; do
	# shellcheck disable=SC2086
	run 2 $verb
	has err "not on Windows"
done
run 3 show left
has err "left is not running"
has err "start it: xtunnel run left"
run 3 down left

# Services, of which none is started: they are wine's alone.
run 0 service install svc-left
run 0 service install svc-right
run 1 service install svc-left
has err "already"
# Lines of the event log are read by the messages of that program.
# shellcheck disable=SC2086
$wine reg query 'HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\xtunnel' >out 2>err
has out 'System32\EventCreate.exe'
run 0 service list
has out "svc-left	stopped"
run 0 service remove svc-left
run 3 service remove svc-left
run 0 service install svc-left
run 0 service remove --all
run 0 service list
grep -q . out && { echo "remove --all left:"; cat out; failed=1; }
run 0 service remove --all
run 2 service install --all
run 2 service install "no name"
run 2 service
run 2 service run left
has err "for the service manager"
exit $failed
