#!/bin/bash
# SPDX-License-Identifier: MIT
# start, stop, restart, status: the exit codes of an init script.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
cp left.conf /etc/xtunnel/left.conf 2>/dev/null || { mkdir -p /etc/xtunnel && cp left.conf /etc/xtunnel/; } || fail "a file in /etc/xtunnel"
code() { # code EXPECTED TEXT VERB ARGUMENTS…
	local got=0
	at left "$XT_BIN" "${@:3}" >said 2>&1 || got=$?
	[ $got = "$1" ] || fail "${*:3}: exit $got, not $1: $(cat said)"
	[ -z "$2" ] || grep -q -- "$2" said || fail "${*:3}: its message has no '$2': $(cat said)"
}
code 3 "left is not running" status left
code 0 "not running" stop left
code 0 "" start left
pid=$(at left "$XT_BIN" show left --json | jq .pid)
code 0 "left is running (pid $pid)" status left
code 0 "running" status ./left.conf
code 0 "running already" start left
[ "$(at left "$XT_BIN" show left --json | jq .pid)" = "$pid" ] || fail "a second start began another instance"
echo "MTU = 1300" >>/etc/xtunnel/left.conf
sed -i '/^\[Interface\]/a MTU = 1300' /etc/xtunnel/left.conf
sed -i '$d' /etc/xtunnel/left.conf
code 0 "running already" start left
ok "start twice, status of what runs"

code 0 "" restart left
[ "$(at left "$XT_BIN" show left --json | jq .pid)" != "$pid" ] || fail "restart left the instance as it was"
at left ip link show left | grep -q "mtu 1300" || fail "restart did not read the file"
pid=$(at left "$XT_BIN" show left --json | jq .pid)
echo "Nonsense" >>/etc/xtunnel/left.conf
code 6 "was not stopped" restart left
[ "$(at left "$XT_BIN" show left --json | jq .pid)" = "$pid" ] || fail "a refused restart ended the instance"
code 0 "" stop left
code 3 "not running" status left
code 6 "error" start left
code 6 "No such file" start none
code 6 "No such file" restart none
code 2 "not a" start "a b"
code 2 "not a" stop "a b"
code 4 "not a" status "a b"
code 2 "" start
ok "restart, stop; files that are missing or refused"

sed '/^\[Interface\]/a PostDown = echo its end; false' left.conf >/etc/xtunnel/left.conf
code 0 "" start left
pid=$(at left "$XT_BIN" show left --json | jq .pid)
code 1 "PostDown" restart left
grep -q "left was started again" said || fail "restart with a PostDown that fails: $(cat said)"
code 0 "running" status left
[ "$(at left "$XT_BIN" show left --json | jq .pid)" != "$pid" ] || fail "restart left the instance as it was"
sed 's/echo its end; false/true/; /^\[Interface\]/a PostUp = false' /etc/xtunnel/left.conf >next.conf
cp next.conf /etc/xtunnel/left.conf
code 1 "PostUp" restart left
code 3 "not running" status left
ok "restart: an end that fails, a start that fails"

cp left.conf /etc/xtunnel/left.conf
code 0 "" restart left
PID[left]=$(at left "$XT_BIN" show left --json | jq .pid)
crash left
code 1 "dead" status left
code 0 "" start left
code 0 "running" status left
PID[left]=$(at left "$XT_BIN" show left --json | jq .pid)
crash left
code 0 "removed what it had left" stop left
code 3 "not running" status left
ok "a crash: dead, started again, removed"

# What a crash leaves here is removed by a program.
if command -v nft >/dev/null; then
	sed 's,^AllowedIPs.*,AllowedIPs = 0.0.0.0/0,' left.conf >/etc/xtunnel/left.conf
	rules=$(at left ip rule | wc -l)
	code 0 "" start left
	PID[left]=$(at left "$XT_BIN" show left --json | jq .pid)
	crash left
	code 0 "removed what it had left" restart left
	code 0 "running" status left
	code 0 "" stop left
	[ "$(at left ip rule | wc -l)" = "$rules" ] || fail "rules are left: $(at left ip rule)"
	ok "a crash with a default route: restarted"

	# Before the kernel has done with the processes that were killed.
	code 0 "" start left
	pid=$(at left "$XT_BIN" show left --json | jq .pid)
	# shellcheck disable=SC2046
	kill -KILL "$pid" $(pgrep -P "$pid")
	code 0 "removed what a crash had left" start left
	grep -q "cannot write" said && fail "start at once after a crash: $(cat said)"
	code 0 "" stop left
	[ "$(at left ip rule | wc -l)" = "$rules" ] || fail "rules are left: $(at left ip rule)"
	ok "started at once after it was killed"
fi
