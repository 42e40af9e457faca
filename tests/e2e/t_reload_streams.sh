#!/bin/bash
# SPDX-License-Identifier: MIT
# A hub with three peers that stream and ping: nothing is lost while a fourth peer joins, one goes,
# the port, addresses, routes and name servers change, and a hundred reloads run.
. "$(dirname "$0")/lib.sh"
ROUNDS=100
[ -z "$XT_SANITIZE" ] || ROUNDS=20

printf 'nameserver 192.0.2.1\n' >resolv.conf
host_files_cover resolv.conf
resolvers_absent

# The hub is 198.18.N.1 on the wire to peer N, and 10.7.0.1 inside; peer N is 10.7.0.1N.
netns_add hub p1 p2 p3 p4
keys_make hub p1 p2 p3 p4
for n in 1 2 3 4; do
	veth_add hub wire$n "198.18.$n.1/24" p$n wire "198.18.$n.2/24"
	key=KEY_p$n
	cat >p$n.conf <<-EOF
		[Interface]
		PrivateKey = ${!key}
		Address = 10.7.0.1$n/24
		[Peer]
		PublicKey = $PUB_hub
		AllowedIPs = 10.7.0.0/24, 10.8.0.0/24
		Endpoint = 198.18.$n.1:51800
		PersistentKeepalive = 5
	EOF
done
hub_write() { # hub_write PORT ADDRESS EXTRA-NETWORK DNS PEER…: hub.conf
	local port=$1 address=$2 extra=$3 dns=$4 n public
	shift 4
	{
		printf '[Interface]\nPrivateKey = %s\nListenPort = %s\nAddress = %s\n' "$KEY_hub" "$port" "$address"
		[ -z "$dns" ] || echo "DNS = $dns"
		for n; do
			public=PUB_p$n
			printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.7.0.1%s/32%s\n#: Name = p%s\n' "${!public}" "$n" \
				"${extra:+, 10.20$n.0.0/$extra}" "$n"
		done
	} >hub.new
	mv hub.new hub.conf # as editors do: no reload finds half a file
}
reload() {
	at hub "$XT_BIN" reload hub >out 2>err || fail "reload: exit $?: $(cat out err)"
}

hub_write 51800 10.7.0.1/24 "" "" 1 2 3
start hub
for n in 1 2 3; do
	start p$n
	pings p$n 10.7.0.1 || fail "no tunnel to p$n"
done
at hub wg show hub latest-handshakes | sort >handshakes

# --- streams of some seconds in both directions, and a ping each 5 ms from each peer
seconds=25
streams=()
for n in 1 2 3; do
	for side in hub:p$n:10.7.0.1$n p$n:hub:10.7.0.1; do
		IFS=: read -r from to address <<<"$side"
		port=$((21000 + 10 * n + ${#from}))
		serve "$to" tcp-serve $port
		ip netns exec "$from" "$PYTHON" "$SOURCE/scripts/flow.py" tcp-send "$address" $port \
			20000000:$seconds >"stream.$from.$to" 2>&1 &
		streams+=($!)
	done
	ip netns exec p$n ping -n -q -i 0.01 -W 5 10.7.0.1 >ping.p$n 2>&1 &
	pinger[n]=$!
done

# --- many reloads, each with another port, other routes, addresses and name servers
began=$(now_ms)
for ((i = 1; i <= ROUNDS; i++)); do
	peers="1 2 3"
	[ $((i % 3)) != 0 ] || peers="1 2 3 4"
	dns=""
	[ $((i % 4)) = 0 ] || dns=10.7.0.5$((i % 4))
	extra=""
	[ $((i % 2)) = 0 ] || extra=$((16 + i % 5))
	address=10.7.0.1/24
	[ $((i % 5)) -gt 1 ] || address="10.7.0.1/24, 10.8.0.$((i % 5 + 1))/24"
	# shellcheck disable=SC2086
	hub_write $((51800 + i % 2)) "$address" "$extra" "$dns" $peers
	reload
	has 'reloaded; sessions go on' out || fail "reload $i changed nothing: $(cat out)"
	[ "$(at hub wg show hub listen-port)" = $((51800 + i % 2)) ] || fail "reload $i: the port: $(at hub wg show hub; printf "get=1\n\n" | nc -U -N -w 2 /run/wireguard/hub.sock | cat -v)"
done
echo "# $ROUNDS reloads in $(($(now_ms) - began)) ms"

# --- a fourth joins, the third goes
hub_write 51802 10.7.0.1/24 "" 10.7.0.53 1 2 3 4
reload
sed -i 's/:51800/:51802/' p4.conf
start p4
pings p4 10.7.0.1 || fail "the peer that joins has no tunnel"
kill -INT "${pinger[3]}"
wait "${pinger[3]}"
for job in "${streams[@]}"; do wait "$job" || fail "a stream broke: $(cat stream.*)"; done
hub_write 51802 10.7.0.1/24 "" "" 1 2 4
reload
has '- \[Peer\] p3' out || fail "the peer that goes: $(cat out)"
for n in 1 2; do pings p$n 10.7.0.1 || fail "p$n has no tunnel any more"; done
pings p3 10.7.0.1 && fail "the peer that went has a tunnel still"
for n in 1 2; do
	kill -INT "${pinger[n]}"
	wait "${pinger[n]}"
done
for n in 1 2 3; do
	read -r sent received < <(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 \2/p' ping.p$n)
	echo "# p$n: $sent pings, $received answered"
	[ "$sent" -ge 20 ] || fail "p$n hardly pinged: $(cat ping.p$n)"
	[ "$sent" = "$received" ] || [ "$sent" = $((received + 1)) ] || # the last one was cut off
		fail "p$n lost pings: $(cat ping.p$n)"
done
ok "streams and pings of three peers lose nothing while $ROUNDS reloads run"
at hub wg show hub latest-handshakes | sort >handshakes.now
for n in 1 2; do
	public=PUB_p$n
	[ "$(grep "${!public}" handshakes)" = "$(grep "${!public}" handshakes.now)" ] ||
		echo "# p$n made another handshake meanwhile"
done
[ "$(cat resolv.conf)" = "nameserver 192.0.2.1" ] || fail "resolv.conf: $(cat resolv.conf)"
ok "a peer joins and one goes"
for n in 1 2 3 4; do stop p$n; done
stop hub
