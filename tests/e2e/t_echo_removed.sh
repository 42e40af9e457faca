#!/bin/bash
# SPDX-License-Identifier: MIT
# The echo responder keeps fragments by peer. When a peer ends, those that it had sent are dropped:
# the next peer in the same memory does not complete them.
# labels: datapath
. "$(dirname "$0")/lib.sh"
hosts_link
configs_write
sed -i '/^ListenPort/a Echo = peer' right.conf
# Probes of the path's MTU are answered as well.
sed -i '/^ListenPort/a MTU = 1420' left.conf right.conf
instances_start
pings left 10.7.0.2 || fail "no answer at first: $(cat ping.log)"
# fragment ID first|last: a half of an echo request, by left's interface
fragment() {
	at left "$PYTHON" - "$1" "$2" <<-'PY'
		import socket, struct, sys
		ident, first = int(sys.argv[1]), sys.argv[2] == "first"
		echo = struct.pack("!BBHHH", 8, 0, 0, 7, 7) + bytes(range(40))
		words = struct.unpack("!24H", echo)
		total = sum(words)
		total = (total >> 16) + (total & 0xFFFF)
		echo = echo[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + echo[4:]
		part, where = (echo[:24], 0x2000) if first else (echo[24:], 3)
		head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), ident, where, 64, 1, 0,
		                   socket.inet_aton("10.7.0.1"), socket.inet_aton("10.7.0.2"))
		s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
		s.sendto(head + part, ("10.7.0.2", 0))
	PY
}
answered() { [ "$(json right right .echo.answered_peer)" = "$1" ]; }
fragment 1 first
fragment 1 last
await 5 "the answer to both halves" answered 2
kept=$(verdict right right taken_fragment)
fragment 2 first
arrived() { [ "$(verdict right right taken_fragment)" = $((kept + 1)) ]; }
await 5 "the first half" arrived
for side in left right; do # all peers are replaced, by the same ones
	sed '/^\(Address\|Echo\|MTU\)/d' $side.conf >$side.wg
	at $side wg setconf $side $side.wg || fail "wg setconf"
done
fragment 2 last
pings left 10.7.0.2 || fail "no answer from the new peer: $(cat ping.log)"
answered 3 || fail "answered: $(json right right .echo.answered_peer), not 3"
ok "fragments end with their peer"
instances_stop
