#!/bin/bash
# SPDX-License-Identifier: MIT
# `capture --secrets`: tshark opens every datagram with the file alone, whichever side began the
# session, and finds in them just the inner packets of the same file.
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "no tshark"
tunnel_prepare "" "" "" "Name = far
PresharedKey = $(wg genpsk)"
# Silence, but for what the test sends
at left sysctl -q -w net.ipv6.conf.default.router_solicitations=0
at right sysctl -q -w net.ipv6.conf.default.router_solicitations=0
instances_start
both_families left 2

shark() { tshark -n -r "$@" 2>/dev/null; }

# opened FILE LEAST: all of at least LEAST data messages; DATA
opened() {
	local data open
	data=$(shark "$1" -Y 'frame.interface_id == 1 && wg.type == 4' | wc -l)
	# Of what it opens tshark knows whether it is a keepalive, or shows the packet.
	open=$(shark "$1" -Y 'frame.interface_id == 1 && wg.type == 4 && (wg.keepalive || icmp || icmpv6 || tcp)' | wc -l)
	[ "$data" -ge "$2" ] && [ "$data" = "$open" ] ||
		fail "$1: tshark opens $open of $data: $(shark "$1"; cat "$1.err")"
	[ -z "$(shark "$1" -Y _ws.malformed)" ] || fail "malformed: $(shark "$1" -Y _ws.malformed)"
	DATA=$data
}
# same FILE LEAST: the same, and their packets are the inner ones
same() {
	opened "$@"
	"$PYTHON" - "$1" <<-'EOT' || fail "$1: inner packets and those in datagrams differ"
		import subprocess, sys
		def packets(which, first):
		    out = subprocess.run(["tshark", "-n", "-r", sys.argv[1], "-Y", which, "-T", "fields"] +
		                         [w for f in ("frame.packet_flags_direction", "ip.id", "ip.src", "ip.dst",
		                                      "ipv6.src", "ipv6.dst", "icmp.seq", "icmp.ident",
		                                      "icmpv6.echo.sequence_number", "tcp.seq_raw", "tcp.len")
		                          for w in ("-e", f)], capture_output=True, text=True).stdout
		    lines = []
		    for line in out.splitlines():
		        # of a datagram the first value of each field is the outer header's
		        fields = [v.split(",")[-1] for v in line.split("\t")]
		        if first and not any(fields[6:]):
		            continue
		        outer6 = "," not in line.split("\t")[4] and first and fields[2]
		        if outer6 and fields[2].startswith("198.18."):
		            fields[1] = fields[2] = fields[3] = ""
		        lines.append("|".join(fields))
		    return sorted(lines)
		inner = packets('frame.interface_id == 0 && !(frame.comment contains "drop_")', False)
		carried = packets("frame.interface_id == 1 && wg.type == 4 && !wg.keepalive", True)
		if inner != carried or not inner:
		    print("only inside:", sorted(set(inner) - set(carried)), "only in datagrams:",
		          sorted(set(carried) - set(inner)), len(inner), len(carried))
		    sys.exit(1)
	EOT
	ok "$1: tshark opens $DATA of $DATA datagrams, whose packets are the inner ones"
}

# --- a session from before the capture; packets on their way meanwhile ---
ip netns exec left ping -q -n -i 0.02 -c 100 10.7.0.2 >flood.log 2>&1 &
FLOOD=$!
capture_begin all.pcapng --secrets
[ "$(stat -c %a all.pcapng)" = 600 ] || fail "mode $(stat -c %a all.pcapng)"
wait $FLOOD || fail "$(cat flood.log)"
both_families left 2
both_families right 1
tcp left right 10.7.0.2 100000
capture_end all.pcapng
first=$(shark all.pcapng -Y 'wg' -T fields -e wg.type | head -1)
[ "$first" = 1 ] || fail "the first datagram is of type $first: $(shark all.pcapng | head)"
[ "$(capinfos all.pcapng 2>/dev/null | sed -n 's/^Number of decryption secrets in file: //p')" -ge 1 ] || fail "no secrets"
opened all.pcapng 200
ok "from the first initiation on tshark opens $DATA of $DATA datagrams"

# With segments what is inside is as it is in datagrams
ip netns exec left ping -q -n -i 0.02 -c 100 10.7.0.2 >flood.log 2>&1 &
FLOOD=$!
capture_begin segments.pcapng --secrets --segments
wait $FLOOD || fail "$(cat flood.log)"
both_families left 2
tcp left right 10.7.0.2 200000
tcp right left 10.7.0.1 200000
capture_end segments.pcapng
same segments.pcapng 200

capture_begin pings.pcapng --secrets
await 5 "a new session" eval '[ "$(tshark -r pings.pcapng -Y "wg.type == 2" 2>/dev/null | wc -l)" -ge 1 ]'
for _ in 1 2 3 4 5; do both_families left 2; both_families right 1; done
at left "$XT_BIN" ping left far -c 2 -i 0.1 >/dev/null || fail "ping"
capture_end pings.pcapng
same pings.pcapng 40

# --- a peer that begins: a new process with a new session, of that peer alone ---
capture_begin far.pcapng --secrets far
stop right
start right
both_families right 1
both_families left 2
capture_end far.pcapng
[ "$(shark far.pcapng -Y 'frame.interface_id == 1 && wg.type == 1 && ip.src == 198.18.0.2' | wc -l)" -ge 1 ] ||
	fail "right has begun no handshake: $(shark far.pcapng)"
same far.pcapng 8

# --- and from another port, without a session or endpoint known at the begin ---
stop left
sed -i '/^Endpoint/d' left.conf
start left
capture_begin roam.pcapng --secrets far
ip -n right addr add 198.18.0.77/24 dev wire
stop right
sed -i 's/^ListenPort.*/ListenPort = 51877/' right.conf
start right
both_families right 1
both_families left 2
capture_end roam.pcapng
same roam.pcapng 8

# --- never without the word ---
ip netns exec left "$XT_BIN" capture left --outer -w none.pcapng 2>none.err &
CAPTURING=$!
await 5 "the capture" has capturing none.err
stop right
start right
both_families right 1
capture_end none
[ "$(shark none.pcapng -Y 'wg.type == 1' | wc -l)" -ge 1 ] || fail "no handshake: $(shark none.pcapng)"
grep -aq "PRIVATE_KEY\|PRESHARED" none.pcapng && fail "keys without --secrets"
ok "no keys without --secrets"
instances_stop
