#!/bin/bash
# SPDX-License-Identifier: MIT
# A path whose MTU changes, IMPLEMENTATION-FAMILY: one that shrinks under a stream, without an ICMP
# error; errors that are forged, which change nothing; loss that looks like a smaller path; one that
# grows again.
# labels: datapath
# timeout: 200
# cases: xtunnel-4 xtunnel-6
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/path_mtu.sh"
hole 1500
begin right "$peer"
export LOG_LEVEL=verbose
restart
await 10 "an open path" path_is 1420

# forge MTU: right sends left the error that a router would send, about a datagram of the tunnel
forge() {
	at right "$PYTHON" - "$1" "$L" "$R" <<-'PY' || fail "cannot forge an ICMP error"
		import socket, struct, sys
		mtu, left, right = int(sys.argv[1]), sys.argv[2], sys.argv[3]
		udp = struct.pack("!HHHH", 51801, 51802, 1460, 0)
		if ":" in left:
		    pack = lambda a: socket.inet_pton(socket.AF_INET6, a)
		    inner = struct.pack("!IHBB", 6 << 28, 1460, 17, 64) + pack(left) + pack(right)
		    raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
		    raw.sendto(struct.pack("!BBHI", 2, 0, 0, mtu) + inner + udp + bytes(500), (left, 0))
		    sys.exit()
		def total(data):
		    n = sum(struct.unpack(f"!{len(data) // 2}H", data))
		    n = (n >> 16) + (n & 0xffff)
		    return ~(n + (n >> 16)) & 0xffff
		pack = socket.inet_aton
		inner = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 1480, 7, 0, 64, 17, 0, pack(left), pack(right))
		icmp = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + inner + udp
		icmp = icmp[:2] + struct.pack("!H", total(icmp)) + icmp[4:]
		raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
		raw.sendto(icmp, (left, 0))
	PY
}
probes() { verdict left left pass_probe; }
before=$(probes)
for mtu in 68 552 600 1300 1280; do forge $mtu; done
tcp left right 10.7.0.2 4000000
[ "$(probes)" -le $((before + 20)) ] || fail "$(($(probes) - before)) probes by five errors"
path_is 1420 || fail "forged errors: $(path)"
[ "$(json left left .udp.refused)" = 0 ] || fail "refused: $(json left left .udp.refused)"
ok "forged errors change nothing"
ip -n left -6 route flush cache # which IPv6 data follows, but not the probes

# One message of ten is lost, both ways: a stream that seems to stall starts probes, no more.
low=0
for side in left right; do
	at $side nft add chain netdev hole loss "{ type filter hook ingress device \"wire\" priority 1; }"
	at $side nft add rule netdev hole loss meta l4proto udp numgen random mod 10 0 drop
done
serve right tcp-serve 20002 0
ip netns exec left "$PYTHON" "$SOURCE/scripts/flow.py" tcp-send 10.7.0.2 20002 4000000000 >lossy.log 2>&1 &
STREAM=$!
for _ in {1..40}; do
	sleep 0.25
	path_is 1420 || low=$(path)
done
kill $STREAM "$SERVER"
wait $STREAM "$SERVER" 2>/dev/null
[ $low = 0 ] || fail "10 % loss: $low"
hole 1500
ok "10 % loss lowers nothing"

serve right tcp-serve 20001
ip netns exec left "$PYTHON" "$SOURCE/scripts/flow.py" tcp-send 10.7.0.2 20001 4000000000 >stream.log 2>&1 &
STREAM=$!
stream_runs 4000000
hole 1400
await 10 "a path that shrinks" path_is "$(passes 1400)"
ok "a path that shrinks under a stream is noticed: $(path)"
kill $STREAM $SERVER
wait $STREAM $SERVER 2>/dev/null

hole 1500
await 50 "a path that grows" path_is 1420
ok "a path that grows is noticed"
grep -q 'path MTU: packets of up to [0-9]* bytes' left.log || fail "no line in the log"
stop left
