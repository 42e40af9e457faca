#!/bin/bash
# SPDX-License-Identifier: MIT
# Another implementation as the peer, IMPLEMENTATION-ROLE-FAMILY: xtunnel begins, or answers; IPv4
# or IPv6 outside. Pings of all sizes, TCP with hashes, a pre-shared key, roaming in the middle of a
# transfer, restart of one side; tshark finds nothing malformed and decrypts the traffic.
# labels: implementations datapath
# timeout: 200
# cases: debian-begins-4 debian-begins-6 debian-answers-4 debian-answers-6
# cases: go-begins-4 go-begins-6 go-answers-4 go-answers-6
# cases: boringtun-begins-4 boringtun-begins-6 boringtun-answers-4 boringtun-answers-6
# cases: gotatun-begins-4 gotatun-begins-6 gotatun-answers-4 gotatun-answers-6
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/implementations.sh"
IFS=- read -r peer role outer <<<"${1:-debian-begins-4}"
implementation_find "$peer"
hosts_link

# The side that begins is `from`, on the host left; only it has an Endpoint.
if [ "$role" = begins ]; then from=xtunnel to=$peer; else from=$peer to=xtunnel; fi
psk=$(wg genpsk)
L=$L4 R=$R4 moved=198.18.0.77/24 bits=24
[ "$outer" = 4 ] || { L=$L6 R=$R6 moved=fd18::77/64 bits=64; }
configs_write "$L" "$R" "" "PresharedKey = $psk"
sed -i '/^Endpoint/d' right.conf
# boringtun connects a socket to each peer, which keeps its first local address.
[ "$from" != boringtun ] || OPTIONS=--disable-connected-udp
if [ "$outer" = 6 ]; then # one message per frame, so that tshark can decrypt each
	export WG_KEYLOGFILE=$T/keys
	for side in left right; do ip -n $side link set wire gso_max_segs 1; done
fi
capture left wire all.pcap -B 65536 udp
begin right "$to"
begin left "$from"
both_families left 2
both_families right 1
for side in left right; do # boringtun reports the age of the handshake, which is 0 at first
	await 3 "a handshake" eval "[ \$(handshakes $side $side) -gt 0 ]"
done
for size in 0 1 15 16 17 1391 1392 1393 9000 65507; do
	pings left 10.7.0.2 -s $size || fail "ping -s $size: $(cat ping.log)"
done
ok "IPv$outer outside, $from begins, $to answers: pings of all sizes, with a pre-shared key"
tcp left right 10.7.0.2 20000000
tcp right left fd07::1 20000000
ok "20 MB of TCP each way, hashes agree"

# The side that began changes its address while it sends.
roam() {
	awaits 20 far || fail "the transfer does not get far"
	ip -n left addr add $moved dev wire nodad 2>/dev/null || ip -n left addr add $moved dev wire
	ip -n left addr del "$L/$bits" dev wire
	# Debian's wireguard-go keeps a source address that is gone until its port changes.
	[ "$from" != debian ] || at left wg set left listen-port 51888
	sent >at_roam
}
sent() { at left wg show left transfer | cut -f3; }
before=$(sent)
far() { [ "$(sent)" -gt $((before + 4000000)) ]; }
roam &
tcp left right 10.7.0.2 20000000:3
wait $!
[ "$(cat at_roam)" -lt $((before + 19000000)) ] || fail "it had all been sent before"
now_at=$(at right wg show right endpoints | cut -f2 | tr -d '[]')
[ "${now_at%:*}" = "${moved%/*}" ] || fail "right stays with $now_at"
both_families right 1
ok "$from roams in the middle of 20 MB of TCP, $to follows"
capture_stop
[ "$from" = xtunnel ] && ours=left || ours=right
whole "$ours"
dissects all.pcap
if [ "$outer" = 6 ]; then
	decrypts all.pcap
	ok "tshark: $N messages, none malformed; with our key log it reads them"
	unset WG_KEYLOGFILE
else
	ok "tshark: $N messages, none malformed"
fi

# The side that began is killed, starts again and is heard at once. xtunnel announces its restart to
# its peers, so that the other side can send first.
port=51801
[ "$from" != debian ] || port=51888
sed -i "s/^ListenPort.*/ListenPort = $port/" left.conf
crash left
begin left "$from"
if [ "$from" = xtunnel ]; then
	ms=$(flow right pong 10.7.0.1 20) ||
		fail "no answer after the restart of xtunnel"
	awk -v ms="$ms" 'BEGIN { exit !(ms < 400) }' || fail "$to talks after our kill -9: $ms ms"
else
	ms=$(flow left pong 10.7.0.2 20) ||
		fail "no answer after its restart"
fi
tcp right left 10.7.0.1 200000
ok "$from restarts and is heard: $ms ms"
# The side that answered is killed, and the other one notices by its timer: 15 s.
if [ "$outer" = 4 ]; then
	crash right
	begin right "$to"
	ms=$(flow left pong 10.7.0.2 40) ||
		fail "no answer after a restart of the responder"
	tcp left right fd07::2 200000
	ok "$to restarts, $from finds out by its timer: $ms ms"
else
	crash left
	sed -i "s|^PresharedKey.*|PresharedKey = $(wg genpsk)|" left.conf
	begin left "$from"
	pings left 10.7.0.2 -W2 && fail "a wrong pre-shared key is answered"
	ok "a wrong pre-shared key is refused"
fi
