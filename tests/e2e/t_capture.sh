#!/bin/bash
# SPDX-License-Identifier: MIT
# `capture`: lines and pcapng, inner and outer packets of both families, dropped ones with their
# verdict, counts, filters, peers, pipes, file modes and rights.
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "no tshark"
tunnel_start "" "" "" "Name = far"

# captures FILE WORD...: `xtunnel capture` with these words, which has begun on return; CAPTURING
captures() {
	local file=$1
	shift
	: >"$file.err"
	ip netns exec left "$XT_BIN" capture left "$@" >"$file" 2>"$file.err" &
	CAPTURING=$!
	await 5 "the capture" has capturing "$file.err"
}
shark() { tshark -n -r "$@" 2>/dev/null; }

# --- lines ---
captures lines far -c 4
both_families left 2
wait $CAPTURING || fail "exit $?: $(cat lines.err)"
for line in 'inner out 10.7.0.1 > 10.7.0.2 icmp echo request' \
	'inner in  10.7.0.2 > 10.7.0.1 icmp echo reply' \
	'inner out fd07::1 > fd07::2 icmp6 echo request' 'inner in  fd07::2 > fd07::1 icmp6 echo reply'; do
	grep -q -- "$line" lines || fail "no '$line': $(cat lines)"
done
[ "$(wc -l <lines)" = 4 ] || fail "-c 4: $(cat lines)"
grep -q "^xtunnel: 4 packets captured, 0 dropped by the instance" lines.err || fail "$(cat lines.err)"
ok "lines on standard output, -c ends after that number"

# --- pcapng: interfaces, directions, addresses, checksums, dropped packets ---
ip -n left route add 10.9.0.0/24 dev left
captures out -w all.pcapng --outer
[ "$(stat -c %a all.pcapng)" = 600 ] || fail "mode $(stat -c %a all.pcapng)"
both_families left 2
at left ping -c1 -W1 -q 10.9.0.1 >/dev/null
at right "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"not a message", ("198.18.0.1", 51801))
s.sendto(b"\4\0\0\0" + bytes(28), ("198.18.0.1", 51801))
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.sendto(b"nor this", ("fd18::1", 51801))
'
await 5 "three datagrams" eval \
	'[ $(($(verdict left left drop_message) + $(verdict left left drop_index))) -ge 3 ]'
capture_end out
[ "$(capinfos -I all.pcapng 2>/dev/null | grep -c "Encapsulation = Raw IP")" = 2 ] || fail "$(capinfos -I all.pcapng)"
capinfos -I all.pcapng 2>/dev/null | grep -q nanoseconds || fail "no nanoseconds"
[ -z "$(shark all.pcapng -Y _ws.malformed)" ] || fail "$(shark all.pcapng -Y _ws.malformed)"
# every checksum is right
checks=(-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE)
[ -z "$(shark all.pcapng "${checks[@]}" -Y 'frame.interface_id == 1 && !(udp.checksum.status == 1)')" ] ||
	fail "$(shark all.pcapng "${checks[@]}" -Y 'frame.interface_id == 1 && !(udp.checksum.status == 1)')"
[ -z "$(shark all.pcapng "${checks[@]}" -Y 'ip.checksum.status == 0')" ] || fail "an IPv4 header checksum"
for both in \
	'frame.interface_id == 0 && frame.packet_flags_direction == 2 && ip.dst == 10.7.0.2 && icmp.type == 8' \
	'frame.interface_id == 0 && frame.packet_flags_direction == 1 && ip.src == 10.7.0.2 && icmp.type == 0' \
	'frame.interface_id == 0 && frame.packet_flags_direction == 2 && ipv6.dst == fd07::2' \
	'frame.interface_id == 0 && frame.packet_flags_direction == 1 && ipv6.src == fd07::2' \
	'frame.interface_id == 1 && frame.packet_flags_direction == 2 && ip.src == 198.18.0.1 && ip.dst == 198.18.0.2 && udp.srcport == 51801 && udp.dstport == 51802 && wg.type == 4' \
	'frame.interface_id == 1 && frame.packet_flags_direction == 1 && ip.src == 198.18.0.2 && ip.dst == 198.18.0.1 && udp.srcport == 51802 && udp.dstport == 51801 && wg.type == 4' \
	'frame.interface_id == 1 && ipv6.src == fd18::2 && frame.comment contains "drop_message: datagram of no known message type"' \
	'frame.interface_id == 1 && ip.src == 198.18.0.2 && frame.comment contains "drop_message:"' \
	'frame.interface_id == 1 && ip.src == 198.18.0.2 && frame.comment contains "drop_index:"' \
	'frame.interface_id == 0 && ip.dst == 10.9.0.1 && icmp.type == 8 && frame.comment contains "drop_no_route: no peer"'; do
	[ -n "$(shark all.pcapng -Y "$both")" ] || fail "none of '$both': $(shark all.pcapng)"
done
[ "$(grep -c PRIVATE all.pcapng)" = 0 ] || fail "keys without --secrets"
ok "inner and outer packets with true headers, dropped ones with their verdict"

# --- what ends inside of the device: altered, repeated, not from there, of another key ---
captures bad --outer -w bad.pcapng
both_families left 2
kill -INT $CAPTURING
wait $CAPTURING
shark bad.pcapng -Y 'wg.type == 4 && ip.src == 198.18.0.2' -T fields -e udp.payload | head -1 >data
[ -s data ] || fail "no datagram of right"
captures bad --outer -w bad.pcapng
at right "$PYTHON" -c '
import socket
data = bytes.fromhex(open("data").read().strip())
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(data, ("198.18.0.1", 51801))
data = data[:8] + (2**32).to_bytes(8, "little") + data[16:]
s.sendto(data, ("198.18.0.1", 51801))
'
ip -n right addr add 10.7.0.99/24 dev right
at right ping -c1 -W1 -q -I 10.7.0.99 10.7.0.1 >/dev/null
netns_add third
veth_add third wire 198.18.3.2/24 left third 198.18.3.1/24
keys_make third
config_write third 3 left 1 198.18.3.1 "" ""
start third
at third ping -c1 -W1 -q 10.7.0.1 >/dev/null
for label in drop_replay drop_auth drop_source drop_unknown_peer; do
	await 5 $label eval "[ \$(verdict left left $label) -ge 1 ]"
done
stop third
ip -n left route add unreachable 198.18.0.2/32
at left ping -c1 -W1 -q 10.7.0.2 >/dev/null
await 5 drop_udp eval "[ \$(verdict left left drop_udp) -ge 1 ]"
ip -n left route del unreachable 198.18.0.2/32
capture_end bad
for both in \
	'frame.interface_id == 1 && frame.comment contains "drop_replay: counter seen before"' \
	'frame.interface_id == 1 && frame.packet_flags_direction == 2 && ip.dst == 198.18.0.2 && frame.comment contains "drop_udp: the UDP socket did not take"' \
	'frame.interface_id == 1 && frame.comment contains "drop_auth: authentication tag wrong"' \
	'frame.interface_id == 1 && frame.comment contains "drop_source:"' \
	'frame.interface_id == 0 && ip.src == 10.7.0.99 && icmp && frame.packet_flags_direction == 1 && frame.comment contains "drop_source: inner source"' \
	'frame.interface_id == 1 && ip.src == 198.18.3.2 && wg.type == 1 && frame.comment contains "drop_unknown_peer: initiation"'; do
	[ -n "$(shark bad.pcapng -Y "$both")" ] || fail "none of '$both': $(shark bad.pcapng)"
done
[ -z "$(shark bad.pcapng -Y 'frame.interface_id == 0 && (frame.comment contains "drop_replay" || frame.comment contains "drop_auth")')" ] ||
	fail "a plaintext that was never accepted"
ok "replayed, altered and foreign datagrams, and a refused source, with their verdicts"

# --- a peer, and a filter ---
captures peer far --outer -w peer.pcapng
both_families left 2
at left ping -c1 -W1 -q 10.9.0.1 >/dev/null
capture_end peer
[ -n "$(shark peer.pcapng -Y icmp)" ] && [ -z "$(shark peer.pcapng -Y 'ip.dst == 10.9.0.1')" ] ||
	fail "of that peer: $(shark peer.pcapng)"
[ -n "$(shark peer.pcapng -Y 'wg.type == 4')" ] || fail "no datagrams of that peer"
captures filter 10.7.0.2 -w filter.pcapng icmp or tcp port 443
both_families left 2
capture_end filter
[ "$(shark filter.pcapng | wc -l)" = 2 ] && [ "$(shark filter.pcapng -Y icmp | wc -l)" = 2 ] ||
	fail "filter: $(shark filter.pcapng)"
captures filter -c 1 icmp6 and dst host fd07::2
both_families left 2
wait $CAPTURING || fail "exit $?"
grep -q "fd07::1 > fd07::2" filter && [ "$(wc -l <filter)" = 1 ] || fail "$(cat filter)"
ok "one peer's packets, by name and inner address; a filter of libpcap, with -c and without a peer"

# --- refusals ---
refuses 2 "no peer has this Name or public key; nor is it a filter" at left "$XT_BIN" capture left nonsense
refuses 2 "filter" at left "$XT_BIN" capture left far "tcp port nonsense"
refuses 2 "secrets.*-w" at left "$XT_BIN" capture left --secrets
refuses 2 "count" at left "$XT_BIN" capture left -c 0
refuses 2 "printable" at left "$XT_BIN" capture left "$(printf 'a\377\377\377')"
refuses 3 "not running" at left "$XT_BIN" capture other
refuses 1 "none" at left "$XT_BIN" capture left -w "$T/none/x.pcapng"
refuses 2 "terminal" at left script -qec "$XT_BIN capture left -w -" /dev/null
printf 'dummy' >world.pcapng
chmod 666 world.pcapng
captures world --secrets -w world.pcapng
[ "$(stat -c %a world.pcapng)" = 600 ] || fail "mode $(stat -c %a world.pcapng)"
kill -INT $CAPTURING
wait $CAPTURING
if [ "$(awk '{print $3; exit}' /proc/self/uid_map)" -gt 65534 ]; then
	chmod 666 /run/xtunnel/left.sock
	"$PYTHON" - <<-'EOT' || fail "an observer may capture"
		import os, socket, sys
		os.setgid(65534); os.setuid(65534)
		s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect("/run/xtunnel/left.sock")
		s.sendall(b'{"do":"capture"}\n')
		sys.exit(b'"code":-13' not in s.recv(4096).replace(b" ", b""))
	EOT
fi
for i in 1 2 3 4; do captures many$i -w many$i.pcapng; MANY[i]=$CAPTURING; done
refuses 1 "four captures" at left "$XT_BIN" capture left
for i in 1 2 3 4; do kill -INT "${MANY[i]}"; wait "${MANY[i]}" || fail "capture $i: exit $?"; done
ok "what is wrong is refused with a sentence, observers and a fifth capture too"

# --- live, through a pipe ---
ip netns exec left "$XT_BIN" capture left far --outer -c 8 -w - 2>live.err | tshark -n -l -r - >live 2>/dev/null &
LIVE=$!
await 5 "the capture" has capturing live.err
both_families left 2
wait $LIVE
[ "$(grep -c "Echo (ping)" live)" = 4 ] && [ "$(wc -l <live)" = 8 ] || fail "live: $(cat live live.err)"
ok "a pipe to tshark"

# --- ends: pipe closed, killed, instance down ---
mkfifo pipe
head -c 400 pipe >/dev/null &
READER=$!
captures pipe.out --outer -w pipe
wait $READER
for _ in 1 2 3 4 5; do
	at left ping -c1 -W1 -q 10.7.0.2 >/dev/null
done
await 10 "the end of a capture whose reader has closed" gone $CAPTURING
wait $CAPTURING || fail "closed pipe: exit $?: $(cat pipe.out.err)"
captures killed -w killed.pcapng
kill -KILL $CAPTURING
wait $CAPTURING 2>/dev/null
both_families left 2
for i in 1 2 3 4; do captures many$i -w many$i.pcapng; MANY[i]=$CAPTURING; done
for i in 1 2 3 4; do kill -INT "${MANY[i]}"; wait "${MANY[i]}" || fail "capture $i: exit $?"; done
captures down --outer -w down.pcapng
both_families left 2
stop left
wait $CAPTURING || fail "instance down: exit $?: $(cat down.err)"
[ "$(shark down.pcapng -Y 'icmp || icmpv6' | wc -l)" -ge 4 ] || fail "$(shark down.pcapng)"
[ "$(capinfos -I down.pcapng 2>/dev/null | grep -c "stat entries = 1")" = 2 ] || fail "no statistics"
stop right
ok "a closed pipe, a killed client and the end of the instance end a capture"
