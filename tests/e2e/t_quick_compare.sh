#!/bin/bash
# SPDX-License-Identifier: MIT
# Compared with wg-quick(8) and wireguard-go: the same file gives the same addresses, MTU, routes
# and rules, and down leaves the same behind.
# timeout: 300
# waits
. "$(dirname "$0")/lib.sh"
command -v wg-quick >/dev/null && command -v wireguard-go >/dev/null || skip "no wg-quick or wireguard-go"
command -v nft >/dev/null || skip "no nft"
ip link add probe type wireguard 2>/dev/null && skip "the kernel has WireGuard: wg-quick would use it"

# Two identical hosts, one for each; what they write belongs to this test.
keys_make own peer other
netns_add beyond
for where in quick ours; do
	netns_add $where
	veth_add $where wire "$L4/24 $L6/64" beyond "to-$where" ""
	ip -n $where link set wire mtu 1480
	{
		ip -n $where route add default via $R4 &&
			ip -n $where -6 route add default via $R6 &&
			ip -n $where route add 198.19.0.0/16 via $R4 mtu 1300
	} || fail "routes"
done
mkdir conf

# Only ours has a route that refuses default-route traffic while the interface is down.
picture() { # picture NAMESPACE
	{
		at "$1" ip -o addr show dev both | grep -v 'inet6 fe80' | sed 's/^[0-9]*: //; s/ \\ *valid.*//; s/valid_lft.*//'
		at "$1" ip -o link show both | grep -o 'mtu [0-9]*'
		at "$1" ip -o link show both | grep -o ',UP'
		at "$1" ip -4 route show table all | grep -v '^unreachable default'
		at "$1" ip -6 route show table all | grep -v 'fe80\|ff00\|^unreachable default'
		at "$1" ip -4 rule
		at "$1" ip -6 rule
		at "$1" wg show both dump 2>/dev/null | cut -f1-4 | head -n 1 | cut -f2-
		at "$1" cat /proc/sys/net/ipv4/conf/all/src_valid_mark
	} 2>/dev/null | sed -E 's/ (nodad|proto [a-z_]+|scope [a-z]+|pref medium|metric 1024)//g; s/ expires [0-9]+sec//
		s/ linkdown//; s/ +$//' | sort
}

left_over() { picture "$1"; find /run/wireguard /run/xtunnel -name 'both*'; at "$1" nft list tables; }

compare() { # compare WHAT; the file is conf/both.conf
	at quick sysctl -q -w net.ipv4.conf.all.src_valid_mark=0
	at ours sysctl -q -w net.ipv4.conf.all.src_valid_mark=0
	at quick env WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go LOG_LEVEL=silent wg-quick up "$T/conf/both.conf" \
		>quick.log 2>&1 || fail "$1: wg-quick up: $(cat quick.log)"
	picture quick >quick.txt
	at quick wg-quick down "$T/conf/both.conf" >quick.log 2>&1 || fail "wg-quick down: $(cat quick.log)"
	await 5 "wireguard-go's end" eval "! at quick ip link show both"
	left_over quick >quick.after
	at ours "$XT_BIN" up "$T/conf/both.conf" >ours.log 2>&1 || fail "$1: xtunnel up: $(cat ours.log)"
	picture ours >ours.txt
	at ours "$XT_BIN" down both >ours.log 2>&1 || fail "$1: xtunnel down: $(cat ours.log)"
	left_over ours >ours.after
	[ -s quick.txt ] || fail "$1: nothing to compare"
	diff quick.txt ours.txt >diff.log || fail "$1: wg-quick <, xtunnel >: $(cat diff.log)"
	diff quick.after ours.after >diff.log || fail "$1, after down: $(cat diff.log)"
	ok "$1"
}

file() { # file INTERFACE ALLOWED [ENDPOINT] [MORE]
	cat >conf/both.conf <<-END
		[Interface]
		PrivateKey = $KEY_own
		ListenPort = 51820
		$(printf "$1")
		[Peer]
		PublicKey = $PUB_peer
		AllowedIPs = $2
		${3:+Endpoint = $3}
		$(printf "${4:-}")
	END
}

file "Address = 10.7.0.1/24" "10.7.0.2/32" $R4:51802
compare "one address, a peer in its network"
file "Address = 10.7.0.1/24, fd07::1/64" "10.7.0.0/24, 10.8.0.0/16, 10.8.1.0/24, fd07:1::/48" $R4:51802
compare "routes beside and inside of each other"
file "Address = 10.7.0.1\nAddress = fd07::1" "10.7.0.2, fd07::2" "[$R6]:51802"
compare "addresses without a prefix, a peer by IPv6"
file "Address = 10.7.0.1/32\nMTU = 1380" "10.7.0.0/24" $R4:51802
compare "an MTU of the file"
file "Address = 10.7.0.1/24" "10.7.0.0/24"
compare "no endpoint: the MTU of the default route"
file "Address = 10.7.0.1/24" "10.7.0.0/24" 198.19.0.9:51802
compare "an endpoint whose route has an MTU"
file "Address = 10.7.0.1/24, fd07::1/64" "0.0.0.0/0, ::/0" $R4:51802
compare "both default routes"
file "Address = 10.7.0.1/24" "0.0.0.0/0" $R4:51802
compare "the IPv4 default route"
file "Address = fd07::1/64" "::/0" "[$R6]:51802"
compare "the IPv6 default route"
file "Address = 10.7.0.1/24, fd07::1/64" "0.0.0.0/0, 10.9.0.0/16, ::/0" $R4:51802
compare "default routes and another"
file "Address = 10.7.0.1/24\nFwMark = 0x1234" "0.0.0.0/0" $R4:51802
compare "a default route with a mark of the file's"
file "Address = 10.7.0.1/24\nFwMark = 0x1234" "10.9.0.0/16" $R4:51802
compare "a mark without default route"
file "Address = 10.7.0.1/24, fd07::1/64\nTable = 1234" "0.0.0.0/0, ::/0, 10.9.0.0/16" $R4:51802
compare "a table of the file's"
file "Address = 10.7.0.1/24\nTable = off" "0.0.0.0/0, 10.9.0.0/16" $R4:51802
compare "no routes"
file "Address = 10.7.0.1/24\nTable = auto" "0.0.0.0/1, 128.0.0.0/1" $R4:51802
compare "halves of a family"
file "Address = 10.7.0.1/24" "10.7.0.0/25" $R4:51802 "[Peer]\nPublicKey = $PUB_other\nAllowedIPs = 0.0.0.0/0, 10.7.0.128/25\nEndpoint = 198.18.0.7:7\n"
compare "two peers, one with the default route"
for where in quick ours; do ip -n $where route add 203.0.113.0/24 dev wire table 51820; done
file "Address = 10.7.0.1/24" "0.0.0.0/0" $R4:51802
compare "a default route while the table is taken"
