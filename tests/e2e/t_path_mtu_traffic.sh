#!/bin/bash
# SPDX-License-Identifier: MIT
# What is done with the path's MTU, IMPLEMENTATION-FAMILY: traffic passes a path on which large
# datagrams vanish, the routes say so to the host, and a stream goes on when the path shrinks.
# labels: datapath
# timeout: 200
# cases: xtunnel-4 xtunnel-6
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/path_mtu.sh"
sed -i 's/^AllowedIPs.*/&, 10.77.0.0\/16, fd77::\/48/' left.conf
export LOG_LEVEL=verbose

both_ways() {
	tcp left right 10.7.0.2 "$1"
	tcp right left 10.7.0.1 "$1"
	tcp left right fd07::2 "$1"
	tcp right left fd07::1 "$1"
}
route_says() { ip -n left route get "$1" | grep -q "mtu $2"; }
route_free() { ! ip -n left route get "$1" | grep -q mtu; }
for size in 1400 1280; do
	hole $size
	[ -z "${PID[right]:-}" ] || stop right
	begin right "$peer"
	restart
	await 10 "a path of $size is found" path_is "$(passes $size)"
	await 5 "the route has its MTU" route_says 10.77.0.1 "$(passes $size)"
	await 5 "the IPv6 route has no less than 1280" route_says fd77::1 \
		$(($(passes $size) < 1280 ? 1280 : $(passes $size)))
	both_ways 3000000
	ok "path $size: TCP completes in both directions and families"
done

# Datagrams: without DF they become fragments, with DF the sender is told.
size=$(passes 1280)
pings left 10.7.0.2 -s 1372 -M dont || fail "fragments: $(cat ping.log)"
before=$(verdict left left drop_mtu)
at left ping -n -c1 -W1 -M do -s $((size - 27)) 10.7.0.2 >ping.log 2>&1
grep -qi "frag needed.*mtu = $size\|message too long" ping.log || fail "told: $(cat ping.log)"
[ "$(verdict left left drop_mtu)" = $((before + 1)) ] || fail "not counted"
pings left 10.7.0.2 -s $((size - 28)) -M do || fail "what fits: $(cat ping.log)"
ok "datagrams above the path"

hole 1500
stop left
stop right # which keeps to the smaller path until it looks again
begin right "$peer"
start left
pings left 10.7.0.2 || fail "no answer: $(cat ping.log)"
await 10 "an open path" path_is 1420
route_free 10.77.0.1 || fail "an open path: $(ip -n left route get 10.77.0.1)"

# A stream under which the path shrinks: the longest pause between two reads.
cat >pauses.py <<-'PY'
	import socket, sys, time
	if sys.argv[1] == "serve":
	    server = socket.create_server(("", 20003), family=socket.AF_INET6, dualstack_ipv6=True)
	    print("ready", flush=True)
	    conn, worst = server.accept()[0], 0.0
	    while conn.recv(1 << 18):
	        at = time.monotonic() if not worst else last
	        last = time.monotonic()
	        worst = max(worst, last - at, 1e-9)
	    print("worst", int(worst * 1000), flush=True)
	    sys.exit()
	conn, end = socket.create_connection((sys.argv[1], 20003)), time.monotonic() + 8
	while time.monotonic() < end:
	    conn.sendall(bytes(8192))
	    time.sleep(0.002)
PY
ip netns exec right "$PYTHON" pauses.py serve >pauses.out 2>&1 &
SERVER=$!
await 10 "a server" has ready pauses.out
ip netns exec left "$PYTHON" pauses.py 10.7.0.2 >send.log 2>&1 &
STREAM=$!
stream_runs 1000000
hole 1280
wait $STREAM || fail "the stream: $(cat send.log)"
wait $SERVER
path_is "$size" || fail "the path under the stream: $(path)"
worst=$(awk '/worst/ { print $2 }' pauses.out)
[ "${worst:-99999}" -lt 6000 ] || fail "a pause of $worst ms: $(cat pauses.out)"
ok "a stream goes on when the path shrinks: a pause of $worst ms"

await 60 "the path grows" route_free 10.77.0.1 &
GROWN=$!
hole 1500
wait $GROWN || fail "the route keeps an MTU: $(ip -n left route get 10.77.0.1)"
ok "the route is free again when the path grows"
stop left
