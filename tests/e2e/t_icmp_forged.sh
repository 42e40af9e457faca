#!/bin/bash
# SPDX-License-Identifier: MIT
# A forged ICMP error "fragmentation needed" fragments no datagram of a tunnel, whatever size it
# claims: data does not follow the kernel's path MTU cache.
# labels: datapath
. "$(dirname "$0")/lib.sh"
tunnel_start

# forge MTU: right sends left the error, in the name of a router, for a datagram of the tunnel
forge() {
	at right "$PYTHON" - "$1" $L4 $R4 <<-'PY' || fail "cannot forge an ICMP error"
		import socket, struct, sys
		mtu, left, right = int(sys.argv[1]), *map(socket.inet_aton, sys.argv[2:])
		def total(data):
		    n = sum(struct.unpack(f"!{len(data) // 2}H", data))
		    n = (n >> 16) + (n & 0xffff)
		    return ~(n + (n >> 16)) & 0xffff
		inner = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 1480, 7, 0, 64, 17, 0, left, right)
		inner += struct.pack("!HHHH", 51801, 51802, 1460, 0)
		icmp = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + inner
		icmp = icmp[:2] + struct.pack("!H", total(icmp)) + icmp[4:]
		raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
		raw.sendto(icmp, (socket.inet_ntoa(left), 0))
	PY
}
fragments() { at left nstat -a -s -z -j IpFragCreates | jq '.kernel.IpFragCreates'; }
errors() { at left nstat -a -s -z -j IcmpInDestUnreachs | jq '.kernel.IcmpInDestUnreachs'; }
has_errors() { [ "$(errors)" -ge "$1" ]; }

seen=$(errors)
for mtu in 68 552 600 1300; do
	forge $mtu
	seen=$((seen + 1))
	await 3 "the error arrives" has_errors $seen
	before=$(fragments)
	pings left 10.7.0.2 -s 1372 || fail "no answer after an error of $mtu: $(cat ping.log)"
	tcp left right 10.7.0.2 4000000
	[ "$(fragments)" = "$before" ] || fail "MTU $mtu: $(($(fragments) - before)) fragments"
	ok "an error that claims MTU $mtu fragments nothing"
done

# A link that is smaller still fragments, as WireGuard in the kernel does.
ip -n left link set wire mtu 1000
ip -n right link set wire mtu 1000
before=$(fragments)
pings left 10.7.0.2 -s 1372 || fail "no answer on a small link: $(cat ping.log)"
[ "$(fragments)" -gt "$before" ] || fail "a small link: no fragments"
ok "a small link fragments"
instances_stop
