#!/bin/bash
# SPDX-License-Identifier: MIT
# The log: its level by file, environment, reload and `xtunnel log`; JSON; journald by its protocol
# and syslog, in the background and under systemd; why a peer does not answer; what is quiet.
# labels: datapath
. "$(dirname "$0")/lib.sh"
# A /dev of this test: /dev/log is its own. What the test needs of the host's is bound into it.
dev_cover() {
	local name
	mkdir olddev && mount --rbind /dev olddev && mount -t tmpfs tmpfs /dev && mkdir -p /dev/net || return
	for name in null zero full random urandom tty net/tun; do
		[ -e "olddev/$name" ] || continue
		: >"/dev/$name"
		mount --bind "olddev/$name" "/dev/$name" || return
	done
	ln -s /proc/self/fd /dev/fd
	ln -s /proc/self/fd/0 /dev/stdin
	ln -s /proc/self/fd/1 /dev/stdout
	ln -s /proc/self/fd/2 /dev/stderr
}
dev_cover || skip "/dev cannot be covered"
# receiver PATH FILE: what comes to a datagram socket, with two empty lines after each; RECEIVER
receiver() {
	: >"$2"
	mkdir -p "${1%/*}"
	"$PYTHON" - "$1" >"$2" 2>receiver.log <<-'EOT' &
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		if os.path.exists(sys.argv[1]):
		    os.unlink(sys.argv[1])
		s.bind(sys.argv[1])
		while True:
		    print(s.recv(65536).decode(), end="\n\n", flush=True)
	EOT
	RECEIVER=$!
	await 10 "the socket $1" [ -S "$1" ]
}
receiver_end() { # receiver_end PATH: as at a restart, its file goes too
	kill -TERM $RECEIVER
	wait $RECEIVER 2>/dev/null
	rm -f "$1"
}
level() { at left "$XT_BIN" log left; }
tunnel_prepare '' '' '' '#: Name = the "other" \ one'

# Levels.
start right
sed -i 's/^ListenPort.*/&\nMTU = 1400\nMTU = 1420\nPostUp = true/' left.conf
LOG_FORMAT=json start left
sed -i '/^MTU/d; /^PostUp/d' left.conf
[ "$(level)" = notice ] || fail "the default: $(level)"
at left "$XT_BIN" log left debug || fail "log left debug"
[ "$(level)" = debug ] || fail "after log left debug: $(level)"
refuses 2 "silent, error, warning" at left "$XT_BIN" log left loud
refuses 2 "" at left "$XT_BIN" log left debug debug
refuses 2 "" at left "$XT_BIN" log
refuses 3 "not running" at left "$XT_BIN" log nothing debug
[ "$(level)" = debug ] || fail "after refusals: $(level)"
at left "$XT_BIN" reload left >/dev/null || fail reload
[ "$(level)" = debug ] || fail "a reload that changes nothing set $(level)"
sed -i 's/^ListenPort.*/&\n#: LogLevel = warning/' left.conf
at left "$XT_BIN" reload left | grep -q "LogLevel: (none) -> warning" || fail "reload does not say it"
[ "$(level)" = warning ] || fail "after a reload: $(level)"
at left "$XT_BIN" log left verbose
at left "$XT_BIN" save left >/dev/null || fail save
grep -q "^#: LogLevel = warning" left.conf || fail "save: $(grep -i loglevel left.conf)"
[ "$(level)" = verbose ] || fail "save set $(level)"
sed -i '/LogLevel/d' left.conf
at left "$XT_BIN" reload left >/dev/null
[ "$(level)" = notice ] || fail "without LogLevel: $(level)"
ok "xtunnel log, LogLevel by reload, and save"

# JSON.
both_families left 2
await 10 "a session in the log" has session left.log
kill -USR1 "${PID[left]}"
await 10 "the state in the log" has '"message":"  listening port: 51801"' left.log
stop left
has 'MTU.*"level":"warning"\|"level":"warning".*MTU' left.log || fail "no warning of the file: $(cat left.log)"
jq -e -s 'all(.[]; .interface == "left" and (.message | type) == "string" and (.level | type) == "string"
	and (.time | test("^20[0-9-]{8}T[0-9:]{8}[.][0-9]{3}Z$")))' left.log >/dev/null || fail "not JSON: $(cat left.log)"
jq -e -s '[.[] | select(.code == "session")] | length >= 1 and
	(.[0] | .peer == "the \"other\" \\ one" and .level == "notice")' left.log >/dev/null || fail "session: $(cat left.log)"
jq -e -s '[.[] | select(.message | startswith("left is ready"))] | length == 1' left.log >/dev/null ||
	fail "ready: $(cat left.log)"
LOG_FORMAT=xml start left
stop left
[ "$(grep -c "LOG_FORMAT=xml: text or json" left.log)" = 1 ] || fail "LOG_FORMAT=xml: $(cat left.log)"
LOG_FORMAT=xml at left "$XT_BIN" up left.conf >up.log 2>&1 || fail "up: $(cat up.log)"
[ "$(grep -c "LOG_FORMAT=xml: text or json" up.log)" = 1 ] || fail "up with LOG_FORMAT=xml: $(cat up.log)"
at left "$XT_BIN" down left || fail down
ok "LOG_FORMAT=json: each line is an object; another word is reported once"

# Environment before file, at the start.
sed -i 's/^ListenPort.*/&\n#: LogLevel = error/' left.conf
LOG_LEVEL=verbose start left
[ "$(level)" = verbose ] || fail "LOG_LEVEL and LogLevel: $(level)"
stop left
start left
[ "$(level)" = error ] || fail "LogLevel: $(level)"
stop left
sed -i '/LogLevel/d' left.conf

# The background: syslog, then journald.
receiver /dev/log syslog.out
at left "$XT_BIN" up left.conf >up.log 2>&1 || fail "up: $(cat up.log)"
[ ! -s up.log ] || fail "up prints $(cat up.log)"
PID[left]=$(json left left .pid)
await 10 "ready in syslog" grep -q '^<29>[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]* xtunnel\['"${PID[left]}"'\]: left: ready: UDP port 51801' syslog.out
both_families left 2
await 10 "a session in syslog" grep -q 'left: the "other" .* one: session established, 198.18.0.2:51802$' syslog.out
receiver_end /dev/log
# It comes back, as after a restart of the daemon.
at left "$XT_BIN" log left debug
mtu_change() {
	sed -i '/^MTU/d' left.conf
	sed -i "s/^ListenPort.*/&\nMTU = 13$((RANDOM % 90 + 10))/" left.conf
	at left "$XT_BIN" reload left >reload.log 2>&1 || fail "reload: $(cat reload.log)"
}
mtu_change
receiver /dev/log syslog.out
mtu_change
await 10 "syslog again" has "left: the configuration file was applied" syslog.out
has "log line.* lost: the log was not read in time" syslog.out || fail "nothing was counted: $(cat syslog.out)"
SYSLOG=$RECEIVER
receiver /run/systemd/journal/socket journal.out
mtu_change
await 10 "journald" has "^MESSAGE=left: the configuration file was applied" journal.out
for field in PRIORITY=5 CODE=reload XTUNNEL_INTERFACE=left SYSLOG_IDENTIFIER=xtunnel; do
	has "^$field$" journal.out || fail "no $field: $(cat journal.out)"
done
ok "the background: syslog, gone and back, and journald"
# Neither stops the instance when it does not read.
kill -STOP $RECEIVER $SYSLOG
for _ in {1..40}; do mtu_change; done
pings left 10.7.0.2 || fail "no ping while the log is not read"
kill -CONT $RECEIVER $SYSLOG
mtu_change
await 10 "the number of lost lines" has "log lines were lost" journal.out
ok "a log that is not read costs lines, and they are counted"
stop left
receiver_end /run/systemd/journal/socket
kill -TERM $SYSLOG
rm -f /dev/log
# Without either it runs all the same; with LOG_LEVEL its lines go where `up` was called.
at left "$XT_BIN" up left.conf >up.log 2>&1 || fail "up: $(cat up.log)"
PID[left]=$(json left left .pid)
stop left
LOG_LEVEL=verbose at left "$XT_BIN" up left.conf >up.log 2>&1 || fail "up: $(cat up.log)"
PID[left]=$(json left left .pid)
both_families left 2
await 10 "a session where up was called" has "^xtunnel: notice: left: .*session established" up.log
stop left
ok "neither journal nor syslog, and LOG_LEVEL"

# Under systemd: standard error is the journal's stream.
receiver /run/systemd/journal/socket journal.out
ip netns exec left bash -c 'exec 2>stream.log; JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$0" run left.conf' \
	"$XT_BIN" </dev/null >stream.out &
PID[left]=$!
await 10 "left is ready" ready left
both_families left 2
await 10 "the session in the journal" has "^CODE=session" journal.out
has '^PEER=the "other" \\ one$' journal.out || fail "no PEER: $(cat journal.out)"
has "^MESSAGE=left is ready: " journal.out || fail "ready: $(cat journal.out)"
[ ! -s stream.log ] || fail "the stream has lines too: $(cat stream.log)"
stop left
receiver_end /run/systemd/journal/socket
JOURNAL_STREAM=1:2 start left
stop left
has "^xtunnel: left is ready" left.log || fail "another stream: $(cat left.log)"
ok "JOURNAL_STREAM"

# Why a peer does not answer: a peer that is down, behind a filter.
stop right
at right nft -f - <<-'EOT'
	table inet t { chain c { type filter hook input priority 0; udp dport 51802 drop; }; }
EOT
: >left.log
start left
ip netns exec left "$XT_BIN" events left --json >events.json </dev/null 2>events.log &
EVENTS=$!
at left ping -c1 -W1 -q 10.7.0.2 >/dev/null
await 30 "the reason" has "no answer to the handshake initiation, 198.18.0.2:51802: ." left.log
line=$(grep "no answer to the handshake initiation" left.log)
[ "$(wc -l <<<"$line")" = 1 ] || fail "it says it $(wc -l <<<"$line") times: $line"
has "198.18.0.2" <(printf %s "${line#*: no answer to the handshake initiation, 198.18.0.2:51802: }") ||
	fail "the sentence: $line"
unanswered() { jq -e -s '[.[] | select(.code == "unanswered" and .why == "silent")] | length == 1' events.json >/dev/null; }
await 10 "the event with its reason" unanswered
# It heals.
at right nft delete table inet t
start right
healed() { pings left 10.7.0.2 && [ "$(grep -c "session established" left.log)" = 1 ]; }
await 30 "the session that follows" healed
ok "a peer that does not answer is explained once"

# Strangers write no lines.
lines=$(wc -l <left.log)
ip netns exec right "$PYTHON" - <<-'EOT'
	import os, socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for i in range(1000):
	    s.sendto(b"\1\0\0\0" + os.urandom(144), ("198.18.0.1", 51801))
EOT
pings left 10.7.0.2 || fail "no answer after the junk"
after=$(wc -l <left.log)
[ $((after - lines)) -le 1 ] || fail "$((after - lines)) lines: $(tail -n 3 left.log)"
ok "1,000 handshakes of strangers write no line each"
stop left
await 10 "the events end" gone $EVENTS
stop right
