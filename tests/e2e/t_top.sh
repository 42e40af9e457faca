#!/bin/bash
# SPDX-License-Identifier: MIT
# top in real terminals of several sizes, with and without colour; its keys; plain and JSON output.
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || skip "no tmux"
tunnel_prepare
sed -i 's/^PublicKey/#: Name = right\n&/' left.conf
cat >>left.conf <<-EOF
	[Peer]
	#: Name = absent
	PublicKey = $(wg genkey | wg pubkey)
	AllowedIPs = 10.9.0.0/24
	Endpoint = 198.18.0.99:51820
EOF
instances_start
both_families left 2
ip netns exec left ping -n -i 0.05 -s 1000 10.7.0.2 >/dev/null 2>&1 &
traffic=$!
ip netns exec left ping -n -i 1 10.9.0.1 >/dev/null 2>&1 &
unanswered=$!
await 20 "a peer that does not answer" eval \
	'[ "$(json left left ".peers[] | select(.name == \"absent\") | .code")" != idle ]'

# --- lines
top() { at left "$XT_BIN" top "$@"; }
top left --count 3 --interval 0.4 >plain || fail "plain: $(cat plain)"
[ "$(grep -c '^INSTANCE' plain)" = 3 ] || fail "not three looks: $(cat plain)"
tail -n 8 plain >last
grep -E '^left +[0-9.]+% +1 of 2 +[1-9]' last >/dev/null || fail "the instance: $(cat last)"
grep -E '^right +up +[0-9.]+ KiB +[0-9.]+ KiB' last >/dev/null || fail "a peer with traffic: $(cat last)"
grep '^absent' last | grep -q "198.18.0.99" || fail "a peer that is not up has no sentence: $(cat last)"
awk 'length > 132 { exit 1 }' plain || fail "a line is too long"
ok "plain: $(grep '^right' last | tr -s ' ')"
top left --json --count 2 --interval 0.3 >lines || fail "JSON"
[ "$(jq -s length lines)" = 2 ] || fail "not one object a line"
tail -n 1 lines | jq -e '.schema == 1 and (.instances[0] | .name == "left" and .peers == 2 and .up == 1
	and .cpu_percent != null) and (.peers[] | select(.peer == "right") | .rx_rate > 1000 and
	.rtt_ms != null and .handshake_age_s >= 0 and .path_mtu > 0) and (.peers[] |
	select(.peer == "absent") | .up == false and (.sentence | length) > 10)' >/dev/null ||
	fail "JSON: $(tail -n 1 lines)"
ok "JSON: rates, round trip, age, path MTU, and why a peer is not up"
[ "$(top left --json --count 1 --filter absent | jq '.peers | length')" = 1 ] || fail "--filter"
[ "$(top left --json --count 1 --sort state | jq -r '.peers[0].peer')" = absent ] || fail "--sort state"
[ "$(top left --json --count 1 --sort state --reverse | jq -r '.peers[0].peer')" = right ] || fail "--reverse"
refuses 2 "sort" top --sort nothing
refuses 2 "interval" top --interval 0
refuses 2 "together" top --plain --json
refuses 3 "not running" top absent
ok "filter, order, bad words"

# --- a terminal
# Each terminal has a server of its own: one that is about to end still accepts a client, and the
# new session ends with it.
terminal=0
tmux() { command tmux -f /dev/null -S "$T/tmux.$terminal" "$@"; }
screen() { tmux capture-pane -p -t top; }
opened() { # opened COLUMNS LINES [VARIABLE…]: top in a terminal of that size
	tmux kill-server 2>/dev/null
	terminal=$((terminal + 1))
	tmux new-session -d -s top -x "$1" -y "$2" \
		"exec ip netns exec left env LC_ALL=C.UTF-8 ${*:3} $XT_BIN top left --interval 0.3 2>$T/top.log"
	await 10 "the screen at $1x$2" eval 'screen | grep -q "^xtunnel"'
}
shows() { screen | grep -q -e "$1"; }
key() { tmux send-keys -t top "$@"; }
opened 140 30
await 5 "the peers" shows '^right  *up'
await 5 "a peer that is not up" shows '^absent .*198.18.0.99'
await 5 "a trend" shows '▁\|█'
screen >full
grep -q 'ENDPOINT' full && grep -q 'LINK' full && grep -q 'drops' full || fail "140 columns: $(cat full)"
key s
await 5 "the next order" shows 'by state'
key r
await 5 "the other way round" shows 'by state reversed'
key / a b s
await 5 "a filter" eval 'shows "/abs" && ! shows "^right"'
key Escape
await 5 "no filter" shows '^right'
key h
await 5 "help" shows 'leave'
key h
await 5 "no help" shows '^right'
key Down Down Down Up End Home PPage NPage
key Space
await 5 "a stop" shows 'paused'
key Space
tmux resize-window -t top -x 60 -y 12
await 5 "a smaller terminal" eval 'shows "^right" && ! shows ENDPOINT'
[ "$(screen | LC_ALL=C.UTF-8 wc -L)" -le 60 ] || fail "a line is wider than 60"
key q
await 5 "the end" eval '! tmux has-session -t top 2>/dev/null'
[ ! -s top.log ] || fail "it has printed: $(cat top.log)"
ok "140 columns: order, filter, help, selection, stop, resize, end"
for size in "80 24" "40 10" "20 5" "250 60" "10 2"; do
	opened $size
	await 5 "something at $size" eval '[ -n "$(screen)" ]'
	[ "$(screen | LC_ALL=C.UTF-8 wc -L)" -le "${size% *}" ] || fail "$size: $(screen)"
	key Down h h q
	await 5 "the end at $size" eval '! tmux has-session -t top 2>/dev/null'
done
ok "terminals of 10 to 250 columns"
opened 100 24 NO_COLOR=1
await 5 "the peers" shows '^absent'
tmux capture-pane -p -e -t top | grep -q $'\e\[3[12]m' && fail "colour, despite NO_COLOR"
key q
await 5 "the end" eval '! tmux has-session -t top 2>/dev/null'
opened 100 24
await 5 "colour" eval 'tmux capture-pane -p -e -t top | grep -q "$(printf "\033\\[31m")"'
key q
opened 100 24 LC_ALL=C TERM=vt100
await 5 "the peers" shows '^right'
screen | LC_ALL=C grep -q '[^ -~]' && fail "bytes beyond ASCII in the C locale: $(screen)"
stop left
await 5 "its end" eval '! tmux has-session -t top 2>/dev/null'
has "left has ended" top.log || fail "no word of the end: $(cat top.log)"
[ "$(top --json --count 1 | jq -r '.instances[].name')" = right ] || fail "all instances"
ok "without colour, without UTF-8, and when an instance ends"
kill $traffic $unanswered
stop right
