#!/bin/bash
# SPDX-License-Identifier: MIT
# How long traffic stops when something around a tunnel changes. Where the host itself can know of
# the change, it flows again at once; otherwise when a timer of WireGuard is over.
# RECOVERY_WITH=go (or debian, boringtun, gotatun, built by scripts/peers) measures that
# implementation at both ends as well, and prints the table of docs/recovery.md.
# labels: datapath
# waits
# timeout: 600
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/implementations.sh"
command -v nft >/dev/null || skip "no nft"
other=${RECOVERY_WITH:-}
[ -z "$other" ] || implementation_find "$other"
LIMIT=45 # seconds; what takes longer is called never

# left has two uplinks to the router `net`, right has one.
netns_add left net right
uplink_add() { # uplink_add N
	veth_add left up"$1" "198.18.$1.2/24 fd18:$1::2/64" net to"$1" "198.18.$1.1/24 fd18:$1::1/64 fe80::1/64"
}
at net sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
uplink_add 1
uplink_add 2
veth_add right wire "198.18.3.2/24 fd18:3::2/64" net to3 "198.18.3.1/24 fd18:3::1/64 fe80::1/64"
ip -n right route add default via 198.18.3.1
await 5 "the route" ip -n right -6 route replace default via fd18:3::1
routes_reset() {
	ip -n left route replace default via 198.18.1.1 metric 100
	await 5 "the route" ip -n left -6 route replace default via fd18:1::1 metric 100
	await 5 "the way to right" at left ping -n -q -c1 -W1 198.18.3.2
	await 5 "the way to right" at left ping -n -q -c1 -W1 fd18:3::2
}
nat_on() {
	at net nft -f - <<-EOT || skip "no NAT in this kernel"
		table ip nat {
			chain out {
				type nat hook postrouting priority 100;
				oifname "to3" meta l4proto udp masquerade to :20000-60000 random
			}
		}
	EOT
}
nat_off() { at net nft delete table ip nat; }
# IPCTNL_MSG_CT_DELETE without a tuple: all mappings
nat_flush() {
	at net $PYTHON -c '
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(struct.pack("=IHHII4x", 20, (1 << 8) | 2, 5, 1, 0))
if struct.unpack_from("=i", s.recv(4096), 16)[0]: raise SystemExit("refused")'
}

# probe.py ADDRESS MARK LIMIT: pings each 10 ms. MARK appears and holds the time from when on it
# counts: the milliseconds until a request that was sent after that is answered, or "never".
cat >probe.py <<'EOT'
import os, socket, struct, sys, time
to, mark, limit = sys.argv[1], sys.argv[2], float(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.settimeout(0.01)
own, since, begun, seq = os.getpid() & 0xffff, None, time.time(), 0
def checksum(b):
    n = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    n = (n >> 16) + (n & 0xffff)
    return ~(n + (n >> 16)) & 0xffff
def request():
    global seq
    seq = (seq + 1) & 0xffff
    body = struct.pack("!d", time.time())
    head = struct.pack("!BBHHH", 8, 0, 0, own, seq)
    head = struct.pack("!BBHHH", 8, 0, checksum(head + body), own, seq)
    try:
        s.sendto(head + body, (to, 0))
    except OSError:
        pass
sent = 0.0
while True:
    now = time.time()
    if now - sent >= 0.01:
        request()
        sent = now
    if since is None and os.path.exists(mark):
        since = float(open(mark).read())
    if now - (since or begun) > limit:
        print("never")
        break
    try:
        packet = s.recv(2000)
    except OSError:
        continue
    icmp = packet[(packet[0] & 15) * 4:]
    if len(icmp) < 16 or icmp[0] != 0 or struct.unpack("!H", icmp[4:6])[0] != own:
        continue
    at = struct.unpack("!d", icmp[8:16])[0]
    if since is not None and at >= since:
        print(round((time.time() - since) * 1000))
        break
EOT

# probe_start FROM: pings from there to the other end
probe_start() {
	local to=10.7.0.2
	[ "$1" = left ] || to=10.7.0.1
	rm -f mark mark.new
	ip netns exec "$1" $PYTHON probe.py $to mark $LIMIT >probe.out 2>probe.log &
	PROBE=$!
}
counts() { # from now on
	echo "$EPOCHREALTIME" >mark.new
	mv mark.new mark
}

declare -A RESULT CAUSE
ROWS=()
# row TEXT CAUSE BOUND: the probe's result. CAUSE: by what xtunnel knows. BOUND in ms, generous, of
# xtunnel.
row() {
	local ms
	wait $PROBE
	ms=$(cat probe.out)
	[ -n "$ms" ] || fail "$1: no result: $(cat probe.log)"
	result "$@" "$ms"
}
result() { # result TEXT CAUSE BOUND MS
	local bound=$3
	[ -z "$XT_SANITIZE" ] || bound=$((3 * bound))
	RESULT[$implementation.$1]=$4
	if [ "$implementation" = xtunnel ]; then
		ROWS+=("$1")
		CAUSE[$1]=$2
		{ [ "$4" != never ] && [ "$4" -le "$bound" ]; } || fail "$1: $4 ms, at most $bound"
	fi
	ok "$implementation: $1: $4 ms"
}

finish_one() { # finish_one NAME: the instance of either kind
	[ -n "${PID[$1]:-}" ] || return
	if [ "$implementation" = xtunnel ]; then stop "$1"; else stop_other "$1"; fi
}
CLOCKS=no
begin_one() {
	if [ "$implementation" != xtunnel ]; then
		start_other "$implementation" "$1"
	elif [ $CLOCKS = yes ]; then
		clock_start "$1"
	else
		start "$1"
	fi
}
# pair [LINES]: both begin anew with new keys; LINES of left's [Peer]. right learns left's endpoint.
pair() {
	finish_one left
	finish_one right
	configs_write 198.18.1.2 198.18.3.2
	sed -i '/^Endpoint/d' right.conf
	printf '%s\n' "$@" >>left.conf
	begin_one right
	begin_one left
	both_families left 2
}
gone_hard() { # gone_hard NAME: kill -9, and its interface goes
	instance_end "$1" 5 KILL
	ip -n "$1" link del "$1" 2>/dev/null
	rm -f "/run/wireguard/$1.sock"
}
forgets() { # right has lost its session: what a day does to one that does not sleep
	local endpoint
	endpoint=$(at right wg show right endpoints | cut -f2)
	at right wg set right peer "$PUB_left" remove
	at right wg set right peer "$PUB_left" allowed-ips 10.7.0.1/32,fd07::1/128 endpoint "$endpoint"
}

case_restart() {
	pair
	await 5 "the record of the peer" eval "grep -qF 198.18.1.2: $XT_STATE_DIR/*.peers || [ $implementation != xtunnel ]"
	probe_start left
	gone_hard right
	begin_one right
	counts
	row "peer restarted after a crash, data to it" "restart detection of the peer" 3000
}

case_nat() {
	nat_on
	pair
	probe_start left
	sleep 0.3
	nat_flush || fail "the mappings cannot be removed"
	counts
	row "NAT mapping lost, data from inside" "the data" 3000
	pair "PersistentKeepalive = 5"
	probe_start right
	sleep 0.3
	kill -STOP $PROBE # its answers would make the mapping again
	nat_flush
	kill -CONT $PROBE
	counts
	row "NAT mapping lost, data from outside, keepalive of 5 s" "timer: the keepalive" 12000
	nat_off
}

case_address() {
	pair
	sleep 0.3
	probe_start right
	ip -n left route replace default via 198.18.2.1 metric 100
	ip -n left addr del 198.18.1.2/24 dev up1
	counts
	row "address replaced by one of another network, data to the host" "the host's routes" 3000
	ip -n left addr add 198.18.1.2/24 dev up1
	routes_reset
}

case_families() {
	pair
	probe_start left
	at left wg set left peer "$PUB_right" endpoint "[fd18:3::2]:51802"
	counts
	row "Endpoint set from IPv4 to IPv6" "\`wg set\`" 3000
	probe_start left
	at left wg set left peer "$PUB_right" endpoint 198.18.3.2:51802
	counts
	row "Endpoint set from IPv6 to IPv4" "\`wg set\`" 3000
}

# The host loses one of the two families of its addresses.
case_lists() {
	pair
	[ "$implementation" != xtunnel ] || {
		finish_one left
		sed -i 's/^Endpoint = .*/&, [fd18:3::2]:51802/' left.conf
		begin_one left
		both_families left 2
	}
	sleep 0.3
	probe_start left
	ip -n left addr del 198.18.1.2/24 dev up1
	ip -n left addr del 198.18.2.2/24 dev up2
	counts
	row "IPv4 lost, IPv6 stays, Endpoint has both" "the host's routes" 3000
	probe_start left
	ip -n left addr add 198.18.1.2/24 dev up1
	ip -n left addr add 198.18.2.2/24 dev up2
	routes_reset
	ip -n left -6 route flush default
	ip -n left -6 route del fd18:1::/64 dev up1
	counts
	row "IPv6 lost, IPv4 is back" "the host's routes" 3000
	ip -n left -6 route replace fd18:1::/64 dev up1
	routes_reset
}

# Another host with the key of right takes over at another address, and does not know where left is.
case_names() {
	: >queries
	echo "right.test 198.18.3.2" >records
	echo "nameserver 127.0.0.1" >resolv.conf
	echo "hosts: dns" >nsswitch.conf
	chmod 644 resolv.conf nsswitch.conf
	mount --bind resolv.conf /etc/resolv.conf && mount --bind nsswitch.conf /etc/nsswitch.conf || return
	ip netns exec left "$PYTHON" "$SOURCE/tests/e2e/names.py" serve records queries >server.out 2>server.log &
	await 5 "the name server" has ready server.out
	local server=$!
	pair
	[ "$implementation" != xtunnel ] || {
		finish_one left
		sed -i 's/^Endpoint = .*/Endpoint = right.test:51802/' left.conf
		begin_one left
		await 10 "the name" pings left 10.7.0.2
	}
	probe_start left
	gone_hard right
	rm -f "$XT_STATE_DIR"/*.peers
	echo "right.test 198.18.3.9" >records
	ip -n right addr del 198.18.3.2/24 dev wire
	ip -n right addr add 198.18.3.9/24 dev wire
	ip -n right route replace default via 198.18.3.1
	begin_one right
	counts
	row "DNS changed, the old address is dead" "timers: 15 s of silence, 5 s without an answer" 45000
	finish_one right
	ip -n right addr del 198.18.3.9/24 dev wire
	ip -n right addr add 198.18.3.2/24 dev wire
	ip -n right route replace default via 198.18.3.1
	kill $server
	umount /etc/resolv.conf /etc/nsswitch.conf
}

case_interface() {
	local from
	for from in left right; do
		pair
		sleep 0.3
		probe_start $from
		ip -n left link del up1
		sleep 1
		uplink_add 1
		routes_reset
		counts
		if [ $from = left ]; then from="data from the host"; else from="data to the host"; fi
		row "outer interface deleted and made again, $from" "the host's routes" 3000
	done
}

case_carrier() {
	nat_on
	pair
	sleep 0.3
	ip -n net link set to1 down
	nat_flush
	probe_start right
	sleep 1
	ip -n net link set to1 up
	ip -n net addr replace fd18:1::1/64 dev to1 nodad
	ip -n net addr replace fe80::1/64 dev to1 nodad
	counts
	row "link without carrier for a second, its NAT mapping lost, data to the host" "the link" 3000
	nat_off
	routes_reset
}

case_run() {
	local since
	pair
	since=$(now_ms)
	rm -rf /run/wireguard /run/xtunnel 2>/dev/null
	mkdir -p /run/wireguard
	if awaits 10 at left wg show left; then
		result "/run emptied, until wg show works" "the watch of the files" 3000 $(($(now_ms) - since))
	else
		result "/run emptied, until wg show works" "the watch of the files" 3000 never
	fi
	probe_start left
	counts
	row "/run emptied, data" "nothing stops" 3000
}

# A program in Go reads the clock without the C library. That its host's clock went back shows
# itself to its peer as a timestamp of before that is greater.
case_clock() {
	local years=315360000
	[ $CLOCKS = yes ] || return
	clock_move left 0 0 0
	clock_move right 0 0 0
	pair
	clock_move left 0 0 $years
	if [ "$implementation" = xtunnel ]; then
		probe_start left
		at left wg set left peer "$PUB_right" remove
		at left wg addconf left <(wg-quick strip ./left.conf | sed -n '/Peer/,$p')
		counts
		row "clock set ten years forth, then a handshake" "the next bound on file" 3000
	else
		finish_one left
		implementation=xtunnel begin_one left
		both_families left 2
	fi
	implementation=xtunnel finish_one left
	clock_move left 0 0 0
	rm -f /run/wireguard/left.sock
	begin_one left
	probe_start left
	counts
	row "clock set ten years back, and a restart" "the bound on file" 3000
}

case_suspend() {
	local from day=86400
	[ $CLOCKS = yes ] || return
	for from in left right; do
		clock_move left 0 0 0
		clock_move right 0 0 0
		nat_on
		pair
		sleep 0.3
		kill -STOP $(processes left)
		clock_move left 0 $day $day
		if [ "$implementation" = xtunnel ]; then clock_move right $day $day $day; else forgets; fi
		nat_flush
		probe_start $from
		sleep 0.2
		kill -CONT $(processes left)
		[ "$implementation" != xtunnel ] || clock_jumped left
		counts
		if [ $from = left ]; then from="data from the host"; else from="data to the host"; fi
		row "suspended for a day behind a NAT, $from" "the jump of the clocks" 3000
		nat_off
	done
}

routes_reset
for implementation in xtunnel $other; do
	if [ -z "$XT_SANITIZE" ] && [ -f "$(dirname "$XT_BIN")/e2e_clock.so" ]; then
		clocks_prepare left right
		CLOCKS=yes
	fi
	case_restart
	case_nat
	case_address
	case_families
	case_lists
	case_names
	case_interface
	case_carrier
	case_clock
	case_suspend
	case_run
	finish_one left
	finish_one right
done
[ -n "$other" ] || exit 0
printf '\n| change | xtunnel knows by | xtunnel | %s |\n|---|---|---|---|\n' "$other"
seconds() { if [ "${1:-}" = never ]; then echo never; else awk "BEGIN { printf \"%.2f s\", ${1:-0} / 1000 }"; fi; }
for text in "${ROWS[@]}"; do
	theirs=${RESULT[$other.$text]:-}
	printf '| %s | %s | %s | %s |\n' "$text" "${CAUSE[$text]}" "$(seconds "${RESULT[xtunnel.$text]}")" \
		"$([ -n "$theirs" ] && seconds "$theirs" || echo "not measured")"
done
