#!/bin/bash
# SPDX-License-Identifier: MIT
# The tasks of docs/fleet.md for Ansible, run twice: changed, then ok. Where ansible-playbook is not
# installed, the commands and conditions of the tasks are run by the shell.
# timeout: 300
. "$(dirname "$0")/lib.sh"
tunnel_prepare
start right
mkdir bin managed play
ln -s "$XT_BIN" bin/xtunnel
PATH=$T/bin:$PATH
mv left.conf play/left.conf

# tasks NUMBER: the file of that block of tasks, with the files of this test
tasks() {
	awk -v want="$1" '/^```yaml/ { n++; on = n == want; next } /^```/ { on = 0 } on' "$SOURCE/docs/fleet.md" |
		sed "s|/etc/xtunnel/|$T/managed/|; s|\(xtunnel [a-z]* \)left |\1$T/managed/left.conf |"
}
tasks 1 >play/up.yml
tasks 2 >play/down.yml
grep -q "xtunnel up $T/managed/left.conf --reload" play/up.yml && grep -q "down .* --if-running" play/down.yml ||
	fail "docs/fleet.md: the tasks are not as expected: $(cat play/*.yml)"
field() { sed -n "s|^ *$2: *||p" "play/$1.yml" | head -n 1; }

# step_shell PLAY: what the tasks do, by the shell; CHANGED: how many changed something
step_shell() {
	local command condition validate
	CHANGED=0
	if [ "$1" = up ] && ! cmp -s play/left.conf managed/left.conf; then
		validate=$(field up validate)
		cp play/left.conf managed/.source.conf
		at left ${validate/\%s/$T/managed/.source.conf} >step.log 2>&1 || return 1
		mv managed/.source.conf managed/left.conf
		CHANGED=1
	fi
	command=$(field "$1" ansible.builtin.command)
	at left $command >step.log 2>step.err || return 1
	condition=$(field "$1" changed_when)
	condition=${condition#*\'}
	has "${condition%%\'*}" step.err || CHANGED=$((CHANGED + 1))
	[ "$1" = up ] || [ ! -e managed/left.conf ] || { rm managed/left.conf && CHANGED=$((CHANGED + 1)); }
}
# step_ansible PLAY: the same by the program
step_ansible() {
	printf -- '- hosts: localhost\n  gather_facts: false\n  tasks:\n' >"play/site-$1.yml"
	sed 's/^/    /' "play/$1.yml" >>"play/site-$1.yml"
	at left env HOME="$T" ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1 LC_ALL=C.UTF-8 \
		ansible-playbook -i localhost, -c local -e "ansible_python_interpreter=$PYTHON" \
		"play/site-$1.yml" >step.log 2>&1 || return 1
	CHANGED=$(sed -n 's/^localhost .*changed=\([0-9]*\).*/\1/p' step.log)
}

expect() { # expect CHANGED WHAT PLAY
	"step_$HOW" "$3" || fail "$HOW, $2: $(cat step.log step.err 2>/dev/null)"
	[ "$CHANGED" = "$1" ] || fail "$HOW, $2: $CHANGED tasks changed something, not $1: $(cat step.log)"
}

all_steps() {
	expect 2 "the first run" up
	pings left 10.7.0.2 || fail "$HOW: no answer"
	expect 0 "again" up
	handshakes=$(at left wg show left latest-handshakes)
	cp play/left.conf kept.conf
	sed -i 's/^ListenPort.*/ListenPort = 51811/' play/left.conf
	expect 2 "another file" up
	[ "$(at left wg show left listen-port)" = 51811 ] || fail "$HOW: the port has not changed"
	[ "$(at left wg show left latest-handshakes)" = "$handshakes" ] || fail "$HOW: a session was ended"
	expect 0 "another file, again" up
	at left wg set left listen-port 51999
	expect 1 "what wg(8) has changed" up
	[ "$(at left wg show left listen-port)" = 51811 ] || fail "$HOW: the port is not the file's"
	sed -i 's/^ListenPort.*/ListenPort = x/' play/left.conf
	"step_$HOW" up && fail "$HOW: a bad file is no error"
	has "ListenPort" managed/left.conf && ! has "ListenPort = x" managed/left.conf ||
		fail "$HOW: a bad file came into use"
	cp kept.conf play/left.conf
	expect 2 "the end" down
	at left ip link show left >/dev/null 2>&1 && fail "$HOW: it still runs"
	expect 0 "the end, again" down
	ok "$HOW: each step changes something once, and then nothing"
}

HOW=shell
all_steps
if command -v ansible-playbook >/dev/null; then
	HOW=ansible
	all_steps
else
	echo "not run: ansible-playbook is not installed"
fi
stop right
