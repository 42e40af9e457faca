#!/bin/bash
# SPDX-License-Identifier: MIT
# Verbs for scripts that run again: up of what runs, up --reload, down --if-running.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
start right

run_verb() { # run_verb STATUS WORD VERB…
	local status=$1 word=$2
	shift 2
	at left "$XT_BIN" "$@" >out 2>&1
	[ $? = "$status" ] || fail "$*: exit status, not $status: $(cat out)"
	[ -z "$word" ] || has "$word" out || fail "$*: no \"$word\": $(cat out)"
}
handshakes() { at left wg show left latest-handshakes; }

run_verb 3 "left is not running" down left
run_verb 0 "left is not running: nothing was changed" down left --if-running
run_verb 0 "" down ./left.conf --if-running
run_verb 2 "" down left --if-runing
ok "down --if-running of what does not run"

run_verb 0 "" up ./left.conf
pings left 10.7.0.2 || fail "no answer"
before=$(handshakes)
run_verb 0 "left is running already, and its file is unchanged" up ./left.conf
run_verb 0 "its file is unchanged" up "$T/left.conf"
run_verb 0 "its file is unchanged" up --reload ./left.conf
mkdir other && ln -s ../left.conf other/left.conf
run_verb 0 "its file is unchanged" up other/left.conf
touch left.conf
cp left.conf copied && mv copied left.conf # as tools replace a file
run_verb 0 "its file is unchanged" up ./left.conf
[ "$(handshakes)" = "$before" ] || fail "up of what runs has ended sessions"
ok "up of what runs with an unchanged file"

cp left.conf good.conf
sed -i 's/^ListenPort.*/ListenPort = 51811/' left.conf
run_verb 1 "left is running already, and its file has changed" up ./left.conf
has "xtunnel reload left" out || fail "up suggests nothing: $(cat out)"
[ "$(at left wg show left listen-port)" = 51801 ] || fail "up has changed the port"
run_verb 0 "ListenPort: 51801 -> 51811" up ./left.conf --reload
[ "$(at left wg show left listen-port)" = 51811 ] || fail "up --reload has not changed the port"
[ "$(handshakes)" = "$before" ] || fail "up --reload has ended sessions"
run_verb 0 "unchanged" up ./left.conf --reload
run_verb 0 "unchanged" up ./left.conf
pings left 10.7.0.2 || fail "no answer after up --reload"
ok "a changed file: up says so, up --reload applies it"

# What a program has set is no change of the file.
at left wg set left peer "$PUB_right" persistent-keepalive 21
run_verb 0 "its file is unchanged; what is in force was changed by wg(8)" up ./left.conf
at left wg show left persistent-keepalive | grep -q 21 || fail "up has taken it back"
sed -i 's/^ListenPort.*/ListenPort = 51801/' left.conf
run_verb 1 "has changed" up ./left.conf
run_verb 0 "set by wg(8)" up ./left.conf --reload
at left wg show left persistent-keepalive | grep -q 21 && fail "up --reload leaves what wg has set"
wg genkey >left.key
sed -i "s|^PrivateKey.*|PrivateKey = $(cat left.key)|" left.conf
run_verb 1 "has changed" up ./left.conf
cp good.conf left.conf
ok "what wg(8) has set is told from a change of the file"

echo "Nonsense = 1" >>left.conf
run_verb 4 "left.conf:[0-9]*:[0-9]*: error" up ./left.conf
run_verb 4 "left.conf:[0-9]*:[0-9]*: error" up ./left.conf --reload
mkdir elsewhere && cp good.conf elsewhere/left.conf
run_verb 1 "with another file: .*left.conf" up elsewhere/left.conf
run_verb 1 "with another file" up elsewhere/left.conf --reload
run_verb 1 "No such file" up nowhere/left.conf
cp good.conf left.conf
[ "$(at left wg show left listen-port)" = 51801 ] || fail "a refused up has changed the port"
ok "a file with an error, and another file, are refused"

run_verb 0 "" down ./left.conf --if-running
at left ip link show left >/dev/null 2>&1 && fail "down --if-running has left the interface"
run_verb 0 "" up ./left.conf --reload
pings left 10.7.0.2 || fail "up --reload does not start"
run_verb 0 "" down left
at left "$XT_BIN" left || fail "no start without a file"
run_verb 1 "left is running already" up ./left.conf
run_verb 1 "left is running already" up ./left.conf --reload
run_verb 0 "" down left --if-running
stop right
ok "up --reload of a stopped one starts it; one without a file is refused"
