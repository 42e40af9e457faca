#!/bin/bash
# SPDX-License-Identifier: MIT
# innernet as the control plane of a fleet that runs xtunnel only: a server and three clients, all
# pairs ping; while traffic runs, a fourth joins and one is disabled.
# labels: implementations
# timeout: 240
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/implementations.sh"
implementation_find innernet-server
SERVER=$PROGRAM
implementation_find innernet
CLIENT=$PROGRAM

# One outer network with a switch. The namespaces share /run, so interfaces have different names.
netns_add switch hub one two three four
ip -n switch link add fabric type bridge
ip -n switch link set fabric up
i=0
for host in hub one two three four; do
	i=$((i + 1))
	veth_add $host wire 198.18.0.$i/24 switch $host ""
	ip -n switch link set $host master fabric
done
await 10 "the wire" at four ping -c1 -W1 -q 198.18.0.1

cat >xtunnel <<-END
	#!/bin/sh
	exec "$XT_BIN" "\$@" 2>>"$T/xtunnel.log" # innernet calls PROGRAM INTERFACE
END
chmod 755 xtunnel
export WG_USERSPACE_IMPLEMENTATION=$T/xtunnel

server() { at hub "$SERVER" -c "$T/hub.conf" -d "$T/hub.data" --backend userspace "$@"; }
client() { # client HOST VERB…
	local host=$1
	shift
	# innernet lists interfaces by these files
	WG_TUN_NAME_FILE=/run/wireguard/$host.name at "$host" "$CLIENT" -c "$T/$host.conf" -d "$T/$host.data" --backend userspace "$@" \
		</dev/null >>"$host.log" 2>&1
}
invite() {
	server add-peer fleet --name "$1" --auto-ip --cidr hosts --admin false --yes \
		--save-config "$T/$1.toml" --invite-expires 1d >>hub.log 2>&1 || fail "add-peer $1"
}
join() {
	client "$1" install --name "$1" --delete-invite --no-write-hosts --no-nat-traversal \
		"$T/$1.toml" || fail "$1 does not join"
}
fetch() { client "$1" fetch --no-write-hosts --no-nat-traversal "$1"; }
inner() { at "$1" ip -4 -o addr show dev "$1" | sed -E 's/.* inet ([0-9.]+).*/\1/'; }

{
	server new --network-name fleet --network-cidr 10.7.0.0/16 \
		--external-endpoint 198.18.0.1:51820 --listen-port 51820 &&
		server add-cidr fleet --name hosts --cidr 10.7.1.0/24 --parent fleet --yes
} >hub.log 2>&1 || fail "no network"
for host in one two three; do invite $host; done
ip netns exec hub "$SERVER" -c "$T/hub.conf" -d "$T/hub.data" serve --backend userspace \
	--no-write-hosts fleet </dev/null >>hub.log 2>&1 &
PID[hub]=$!
await 10 "the server" at hub wg show fleet listen-port
for host in one two three; do join $host; done
ok "a server and three clients: every interface is from xtunnel ($(at hub wg show interfaces))"

# The server announces the endpoints of the peers that it has seen.
reach() { # reach HOST…: each fetches, then pings each of the others
	local a b
	for a; do fetch "$a"; done
	for a; do
		pings "$a" 10.7.0.1 -W1 || return 1
		for b; do
			[ "$a" = "$b" ] || pings "$a" "$(inner "$b")" -W1 || return 1
		done
	done
}
await 60 "all pairs" reach one two three
[ "$(at one wg show one endpoints | grep -c 198.18)" = 3 ] || fail "not direct: $(at one wg show one)"
ok "all pairs ping, directly"

to_two=$(inner two)
ip netns exec one ping -n -q -i0.02 "$to_two" >traffic.log 2>&1 &
traffic=$!
tcp one three "$(inner three)" 5000000
invite four
join four
await 60 "all pairs of four" reach one two three four
ok "a fourth joins while traffic runs"
disabled=$(inner three)
pings one "$disabled" || fail "three is not there before"
server disable-peer fleet --name three --yes >>hub.log 2>&1 || fail "disable-peer"
for host in one two four; do fetch $host; done
pings one "$disabled" -W1 && fail "three is disabled and answers"
at hub wg show fleet allowed-ips | grep -q "$disabled" && fail "three is still a peer of the server"
reach one two four || fail "the others do not reach each other: $(cat ping.log)"
kill -INT $traffic
wait $traffic
grep -q ' 0% packet loss' traffic.log || fail "the traffic suffers: $(cat traffic.log)"
ok "one is disabled, the rest goes on; no packet of $(sed -n 's/ packets.*//p' traffic.log) was lost"

for host in one two four; do
	client $host down $host || fail "down"
	await 3 "$host is down" eval "! at $host ip link show $host"
done
instance_end hub
rm -f /run/wireguard/*.sock # ends the instances that are left: those of the server and of `three`
await 5 "the end of all" eval "! pgrep -f '$XT_BIN'"
ok "down ends an interface, and so does the removal of its socket"
