#!/bin/bash
# SPDX-License-Identifier: MIT
# A peer behind a slow link is flooded: pings to another peer by another link, and handshakes with
# it, go on, whatever queue discipline the slow link has. Rootless: without the right to a send
# buffer that is larger than the queue of the link.
# labels: datapath
# waits
# cases: root rootless
[ "${1:-}" != rootless ] || export XT_E2E_ROOTLESS=1
. "$(dirname "$0")/lib.sh"
command -v tc >/dev/null || skip "no tc"
netns_add left slow quick
veth_add left wire1 198.18.1.1/24 slow wire 198.18.1.2/24
veth_add left wire2 198.18.2.1/24 quick wire 198.18.2.2/24
keys_make left slow quick
cat >left.conf <<-EOF2
	[Interface]
	PrivateKey = $KEY_left
	ListenPort = 51801
	Address = 10.7.0.1/24
	[Peer]
	PublicKey = $PUB_slow
	AllowedIPs = 10.7.0.2/32
	Endpoint = 198.18.1.2:51802
	[Peer]
	PublicKey = $PUB_quick
	AllowedIPs = 10.7.0.3/32
	Endpoint = 198.18.2.2:51803
EOF2
config_write slow 2 left 1 198.18.1.1 "" ""
config_write quick 3 left 1 198.18.2.1 "" ""
sed -i 's/, fd07[^ ]*//' slow.conf quick.conf
start left
start slow
start quick

# limit KIND: the slow link has 2 Mbit/s and that queue discipline; false: the kernel lacks it
limit() {
	at left tc qdisc del dev wire1 root 2>/dev/null
	case $1 in
	tbf) at left tc qdisc add dev wire1 root tbf rate 2mbit burst 70k limit 300k ;;
	*)
		at left tc qdisc add dev wire1 root handle 1: htb default 1 &&
			at left tc class add dev wire1 parent 1: classid 1:1 htb rate 2mbit burst 70k &&
			at left tc qdisc add dev wire1 parent 1:1 $1
		;;
	esac 2>tc.log
}
# flood: 100 Mbit/s through the tunnel to the slow peer, which this host can seal in any build
flood() {
	at left "$PYTHON" - <<-'PY'
		import socket, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		end, data = time.time() + 9, bytes(1350)
		while time.time() < end:
		    for _ in range(64):
		        try:
		            s.sendto(data, ("10.7.0.2", 9))
		        except OSError:
		            pass
		    time.sleep(0.0069)
	PY
}
# Dropped by the socket's bound of a peer, and by the queue of the link.
losses() { json left left '.counters.drop_udp + .udp.egress_drops'; }
for kind in "pfifo limit 1000" fq_codel tbf; do
	limit "$kind" || { echo "skip: this kernel has no $kind"; continue; }
	pings left 10.7.0.2 && pings left 10.7.0.3 || fail "no answer at first"
	before=$(losses)
	flood &
	flooding=$!
	sleep 0.5
	at left ping -n -q -i 0.2 -c 40 -W 1 10.7.0.3 >ping.log 2>&1
	got=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' ping.log)
	wait $flooding
	lost=$(($(losses) - before))
	echo "$kind: $got of 40 pings, $lost datagrams or messages counted as lost"
	[ "$lost" -gt 0 ] || fail "$kind: nothing is counted: $(at left "$XT_BIN" show left)"
	[ "$got" -ge 38 ] || fail "$kind: $got of 40 pings"
	ok "$kind: another peer is reached while the slow one is flooded"
done
at left "$XT_BIN" show left >show.out
has "dropped: .*: the \(UDP socket did not\|queue of a link\)" show.out || fail "$(cat show.out)"
stop left
stop slow
stop quick
