#!/bin/bash
# SPDX-License-Identifier: MIT
# An interface with the default route goes down and up: nothing leaves in the clear meanwhile, and
# addresses, routes and rules are made again. A crash fails closed. A deleted interface, or the end
# of its namespace, ends the instance.
# waits
. "$(dirname "$0")/lib.sh"
hosts_link
ip -n right addr add 10.99.0.1/32 dev lo
ip -n right addr add fd99::1/128 dev lo nodad
configs_write
sed -i 's|^AllowedIPs.*|AllowedIPs = 0.0.0.0/0, ::/0|' left.conf
ip -n left route add default via $R4
ip -n left -6 route add default via $R6

steady() { # what the kernel has of the tunnel
	{
		at left ip -o addr show left scope global
		at left ip -4 route show table all
		at left ip -6 route show table all
		at left ip -4 rule
		at left ip -6 rule
	} 2>/dev/null | sed -E 's/^[0-9]+: //; s/(valid|preferred)_lft [^ ]*//g; s/ expires [0-9]+sec//' |
		grep -v 'fe80\|ff00\|linkdown' | sort
}
start right
steady >none
start left
both() { pings left 10.99.0.1 && pings left fd99::1; }
both || fail "no answer at first: $(cat ping.log)"
steady >before
capture left wire wire.pcap host 10.99.0.1 or ip6 host fd99::1
for times in 1 2; do
	ip -n left link set left down
	at left ping -n -q -c2 -i 0.2 -W1 10.99.0.1 >/dev/null 2>&1 && fail "an answer while it is down"
	at left ping -n -q -c2 -i 0.2 -W1 fd99::1 >/dev/null 2>&1 && fail "an answer while it is down"
	ip -n left link set left up
	restored() { steady | diff before - >diff.log; }
	awaits 5 restored || fail "not as before: $(cat diff.log)"
	both || fail "no answer after down and up: $(cat ping.log)"
	ok "down and up, time $times"
done
for i in 1 2 3 4 5; do # faster than the instance can look
	ip -n left link set left down
	ip -n left link set left up
done
awaits 5 restored || fail "not as before: $(cat diff.log)"
ok "down and up at once"

crash left
await 3 "the kernel's part" eval "! at left ip link show left"
at left ping -n -q -c2 -i 0.2 -W1 10.99.0.1 >/dev/null 2>&1 && fail "an answer after a crash"
at left ping -n -q -c2 -i 0.2 -W1 fd99::1 >/dev/null 2>&1 && fail "an answer after a crash"
capture_stop
tcpdump -n -r wire.pcap 2>/dev/null >clear.log
[ ! -s clear.log ] || fail "in the clear: $(head -n 3 clear.log)"
ok "nothing leaves in the clear while the interface is down, nor after a crash"
refuses 3 "left: a crash left its rules and an unreachable route" at left "$XT_BIN" show left
refuses 3 "xtunnel down left" at left "$XT_BIN" ping left peer
at left "$XT_BIN" show left --json >show.json 2>/dev/null
[ "$(jq -c '[.name, .running, .fails_closed]' show.json)" = '["left",false,true]' ] ||
	fail "show --json: $(cat show.json)"
at left "$XT_BIN" show >show.out || fail "show: exit status $?"
has "not running: a crash left its rules" show.out || fail "show: $(cat show.out)"
[ "$(at left "$XT_BIN" show --json | jq -c '[.[] | select(.fails_closed) | .name]')" = '["left"]' ] ||
	fail "show --json: $(at left "$XT_BIN" show --json)"
at left "$XT_BIN" down left >down.log 2>&1 || fail "down after a crash: $(cat down.log)"
steady | diff none - >diff.log || fail "down after a crash leaves: $(cat diff.log)"
refuses 3 "left is not running" at left "$XT_BIN" show left
has crash err && fail "down NAME leaves: $(cat err)"
start left
both || fail "no answer from the next start"
crash left
start left
both || fail "no answer from a start after a crash"
has "left: removed what a crash had left" left.log || fail "the log of the next start"
steady | diff before - >diff.log || fail "a start after a crash: $(cat diff.log)"
stop left
steady | diff none - >diff.log || fail "stop leaves: $(cat diff.log)"
ok "down NAME and the next start remove what a crash leaves"

# The last process of a killed instance holds its state file a moment longer.
crash_held() {
	start left
	crash left
	rm -f held
	flock /run/xtunnel/left.state -c "touch held; sleep 0.5" &
	holder=$!
	await 3 "the lock" [ -e held ]
}
crash_held
start left
wait $holder
has "left: removed what a crash had left" left.log || fail "the log of a start in the meantime"
both || fail "no answer from a start in the meantime"
steady | diff before - >diff.log || fail "a start in the meantime: $(cat diff.log)"
stop left
crash_held
at left "$XT_BIN" down left >down.log 2>&1 || fail "down in the meantime: $(cat down.log)"
steady | diff none - >diff.log || fail "down in the meantime leaves: $(cat diff.log)"
ok "both wait for the end of its last process"

# Messages of the kernel are lost while another program makes many routes: the instance looks at
# everything again, here twice before the monitor has answered the first time, and goes on.
start left
"$PYTHON" -c 'for i in range(20000):
	print(f"route add 10.{100 + i // 65536}.{i // 256 % 256}.{i % 256}/32 dev wire table 77")' >routes
tunnel=$(tunnel_process "${PID[left]}")
[ "$tunnel" = "${PID[left]}" ] || kill -STOP "${PID[left]}"
for i in 1 2; do
	kill -STOP "$tunnel"
	ip -n left -batch routes || fail "many routes"
	ip -n left route flush table 77
	kill -CONT "$tunnel"
	pings left 10.7.0.2 || fail "no answer while another program makes routes: $(cat left.log)"
done
kill -CONT "${PID[left]}"
pings left 10.7.0.2 || fail "no answer after many routes of another program: $(cat left.log)"
ok "many routes of another program"

ip -n left link del left
instance_ended left
[ $CODE != 0 ] && [ $CODE != 127 ] || fail "deleted under run: exit status $CODE"
steady | diff none - >diff.log || fail "a deleted interface leaves: $(cat diff.log)"
ok "deleted under run: exit status $CODE"

sed -i 's|^AllowedIPs.*|AllowedIPs = 10.7.0.2/32, fd07::2/128|' left.conf
start left
netns_add other
ip -n left link set left netns other
link_up other left 10.7.0.1/24 fd07::1/64
ip -n other route replace 10.7.0.2 dev left
pings other 10.7.0.2 || fail "no answer from the other namespace: $(cat ping.log)"
ip -n other link set left mtu 1300
mtu_is() { [ "$(json left left .mtu)" = "$1" ]; }
await 3 "the MTU there" mtu_is 1300
ip netns del other
instance_ended left 10
[ $CODE != 0 ] || fail "its namespace ended: exit status 0"
ok "the end of its namespace ends the instance"
stop right
