#!/bin/bash
# SPDX-License-Identifier: MIT
# `xtunnel events`: the life of a tunnel as JSON, in order; of one instance and of all; a reader
# that does not read loses events, is told how many, and holds nothing up.
# labels: datapath
. "$(dirname "$0")/lib.sh"
tunnel_prepare '' '' '' '#: Name = the "other" one'
sed -i "s/^Address.*/&\nPostUp = sleep 1/" left.conf
events_follow() { # events_follow NAMESPACE FILE [ARGUMENT…]: EVENTS is its process
	: >"$2"
	ip netns exec "$1" "$XT_BIN" events "${@:3}" >"$2" 2>"$2.log" </dev/null &
	EVENTS=$!
}
code_has() { # code_has FILE CODE [FILTER]
	jq -e -s "[.[] | select(.code == \"$2\") | select(${3:-true})] | length > 0" "$1" >/dev/null
}
refuses 3 "not running" at left "$XT_BIN" events left
refuses 3 "no instance is running" at left "$XT_BIN" events
refuses 2 "" at left "$XT_BIN" events left right
ok "nothing runs"
start right
launch left
# It can be followed while its PostUp hooks run.
socket_there() { [ -S /run/xtunnel/left.sock ]; }
await 10 "the control socket" socket_there
events_follow left left.json left --json
EVENTS1=$EVENTS
await 10 "ready" ready left
await 10 "the event of it" code_has left.json ready '.interface == "left"'
both_families left 2
await 10 "a session" code_has left.json session
jq -e . left.json >/dev/null || fail "not JSON: $(cat left.json)"
order=$(jq -r .code left.json | grep -v path-mtu | head -n 3 | tr '\n' ' ')
[ "$order" = "ready handshake-sent session " ] || fail "the order: $order"
jq -e -s --arg key "$PUB_right" '.[] | select(.code == "session") |
	.peer == "the \"other\" one" and .name == .peer and .public_key == $key and
	.endpoint == "198.18.0.2:51802" and .interface == "left" and
	(.time | test("^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z$")) and
	(.timestamp | type) == "number" and (.timestamp - now | fabs) < 600 and
	(.message | startswith("left: the \"other\" one: session established"))' left.json >/dev/null ||
	fail "a session: $(cat left.json)"
jq -e -s 'map(.timestamp) | . == sort' left.json >/dev/null || fail "times go back: $(cat left.json)"
ok "ready, handshake and session in order, with peer, key, address and time"
sed -i 's/^MTU.*//; s/^Address.*/&\nMTU = 1380/' left.conf
at left "$XT_BIN" reload left >reload.log 2>&1 || fail "reload: $(cat reload.log)"
await 10 "a reload" code_has left.json reload
await 10 "the MTU" code_has left.json mtu '.message | contains("1380")'
echo "Nonsense = 1" >>left.conf
at left "$XT_BIN" reload left >reload.log 2>&1 && fail "nonsense was applied"
await 10 "a refused reload" code_has left.json reload-failed
sed -i '/^Nonsense/d' left.conf
ok "reload, refused reload and MTU"
# The peer moves to another address of its host.
ip -n right addr add 198.18.0.77/24 dev wire
ip -n right addr del $R4/24 dev wire
at right ping -c1 -W1 10.7.0.1 >/dev/null 2>&1
await 20 "roamed" code_has left.json roamed '.endpoint == "198.18.0.77:51802"'
ok "the peer moved"
# All instances, one of which starts later.
events_follow left all.json --json
ALL=$EVENTS
keys_make third
config_write third 3 left 1 "$L4" '' ''
sed -i 's/10[.]7/10.8/; s/fd07/fd08/' third.conf
start third left
third_seen() {
	at left ping -c1 -W1 -q 10.8.0.1 >/dev/null 2>&1
	jq -e -s '[.[] | select(.interface == "third")] | length > 0' all.json >/dev/null
}
await 20 "an instance that started later" third_seen
stop third
kill -0 $ALL || fail "events of all ended with one instance: $(cat all.json.log)"
kill -TERM $ALL
ok "all instances, also one that starts later"
# Text, with the reader's end.
ip netns exec left "$XT_BIN" events left >text.out 2>text.log </dev/null &
TEXT=$!
text_seen() {
	sed -i "s/^MTU.*/MTU = 13$((RANDOM % 90 + 10))/" left.conf
	at left "$XT_BIN" reload left >/dev/null
	grep -q "^20.*Z reload: left: " text.out
}
await 20 "a line" text_seen
ok "text"
# A reader that does not read.
ip netns exec left "$PYTHON" - /run/xtunnel/left.sock slow.go slow.out <<-'EOT' &
	import json, os, socket, sys, time
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	s.sendall(b'{"do":"events","protocol":1}\n')
	first = json.loads(s.makefile("rb", 0).readline())
	assert first["interface"] == "left", first
	open(sys.argv[2] + ".ready", "w").close()
	end = time.time() + 60
	while not os.path.exists(sys.argv[2]) and time.time() < end:
	    time.sleep(0.01)
	s.settimeout(30)
	n = 0
	for line in s.makefile("rb"):
	    event = json.loads(line)
	    if event.get("progress"):
	        continue
	    n += 1
	    if event.get("code") == "lost":
	        open(sys.argv[3], "w").write(f"{event['lost']} {n} {event['message']}\n")
	        break
EOT
SLOW=$!
await 10 "the slow reader" [ -e slow.go.ready ]
rss() { awk '/^VmRSS/ { print $2 }' "/proc/${PID[left]}/status"; }
before=$(rss)
# Each refusal of the file is an event.
sed -i '$a Nonsense = 1' left.conf
ip netns exec left "$PYTHON" - /run/xtunnel/left.sock >make.log 2>&1 <<-'EOT' &
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	answers = s.makefile("rb")
	for i in range(2600):
	    s.sendall(b'{"do":"reload"}\n')
	    assert b"result" in answers.readline()
EOT
MAKER=$!
PINGS=0
while kill -0 $MAKER 2>/dev/null; do
	at left ping -n -q -c1 -W10 10.7.0.2 >ping.log 2>&1 || fail "a ping is lost: $(cat ping.log)"
	PINGS=$((PINGS + 1))
	sleep 0.2
done
wait $MAKER || fail "events are not made: $(cat make.log)"
after=$(rss)
: >slow.go
await 20 "the slow reader reads on" gone $SLOW
wait $SLOW || fail "the slow reader"
read -r lost got message <slow.out || fail "no event says what was lost"
[ "$lost" -gt 100 ] && [ "$lost" -lt 2600 ] || fail "$lost events were lost"
[ "$message" = "left: $lost events were lost: this reader did not keep up" ] || fail "$message"
[ -n "$XT_SANITIZE" ] || [ $((after - before)) -lt 3000 ] || fail "$((after - before)) KiB for a slow reader"
ok "a slow reader lost $lost events and got $got, during $PINGS pings"
[ "$(grep -c "was not applied" left.log)" -lt 10 ] || fail "the log has each: $(grep -c "was not applied" left.log)"
sed -i '/^Nonsense/d' left.conf
# More readers than there may be; those that end make room.
ip netns exec left "$PYTHON" - /run/xtunnel/left.sock >many.log 2>&1 <<-'EOT' || fail "many readers: $(cat many.log)"
	import json, socket, sys, time
	def follow():
	    s = socket.socket(socket.AF_UNIX)
	    s.connect(sys.argv[1])
	    s.sendall(b'{"do":"events"}\n')
	    return s, json.loads(s.makefile("rb", 0).readline())
	readers = [follow() for i in range(40)]
	refused = [a for s, a in readers if "error" in a]
	assert 8 <= len(refused) <= 12, refused
	assert "too many readers" in refused[0]["error"], refused
	for s, a in readers:
	    s.close()
	end = time.time() + 20
	while "error" in follow()[1]:
	    assert time.time() < end
	    time.sleep(0.05)
EOT
ok "the number of readers is bounded"
stop left
await 10 "the reader of left ends" gone $EVENTS1
wait $EVENTS1 || fail "events ended with $?: $(cat left.json.log)"
[ "$(tail -n 1 left.json | jq -r .code)" = end ] || fail "the last one: $(tail -n 1 left.json)"
wait $TEXT || fail "events as text ended with $?: $(cat text.log)"
ok "events end with the instance, and exit with 0"
stop right
