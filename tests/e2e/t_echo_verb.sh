#!/bin/bash
# SPDX-License-Identifier: MIT
# xtunnel echo: a TUN, no key, no peer; every other address of its networks answers.
. "$(dirname "$0")/lib.sh"
netns_add left

gone_from() { ! at "$1" ip link show "$2" >/dev/null 2>&1; }
begin() { # begin ARGS…
	: >echo.log
	ip netns exec left "$XT_BIN" echo echo0 "$@" >echo.out 2>echo.log </dev/null &
	PID[echo]=$!
	await 5 "the echo interface" has "is ready" echo.log
}
end() {
	instance_end echo 5 INT
	[ $CODE = 0 ] || fail "echo ends with $CODE"
	at left ip link show echo0 >/dev/null 2>&1 && fail "the interface is left"
	true
}

begin 192.168.7.1/24 fd07::1/64
for to in 192.168.7.2 192.168.7.254 fd07::2 fd07::ffff:1; do
	pings left $to || fail "$to does not answer: $(cat ping.log)"
done
for size in 0 1 1472 1473 9000 65507; do
	pings left 192.168.7.9 -s $size || fail "ping -s $size: $(cat ping.log)"
	pings left fd07::9 -s $size || fail "ping -6 -s $size: $(cat ping.log)"
done
at left ping -n -q -f -c 2000 -W 2 192.168.7.2 >ping.log 2>&1 || fail "flood: $(cat ping.log)"
grep -q " 0% packet loss" ping.log || fail "flood: $(cat ping.log)"
ok "every other address answers, sizes to 65507, a flood of 2000"
pings left 192.168.7.255 -b -W1 && fail "the broadcast address answers"
flow left udp-send 192.168.7.2 9 hello
pings left 192.168.7.2 || fail "no answer after UDP"
end
grep -q "192.168.7.1 -> 192.168.7.2 echo id=.* seq=1" echo.out || fail "no line a request: $(head -n 3 echo.out)"
grep -q "answered, [1-9][0-9]* not answered" echo.out || fail "no counts: $(tail -n 1 echo.out)"
ok "the broadcast address and UDP are not answered but counted; a line a request"

begin 192.168.7.1 192.168.7.2 --hexdump
at left ip addr show echo0 | grep -q "192.168.7.1 peer 192.168.7.2" || fail "no pair: $(at left ip addr show echo0)"
pings left 192.168.7.2 -p 58545f50 || fail "the pair's other end does not answer"
pings left 192.168.7.3 -W1 && fail "an address outside of the pair answers"
end
grep -q "request, 84 bytes" echo.out && grep -q "reply, 84 bytes" echo.out && grep -q "XT_PXT_P" echo.out ||
	fail "--hexdump: $(head -n 20 echo.out)"
ok "a point-to-point pair, --hexdump"

begin 192.168.7.1/24 --swap-only
pings left 192.168.7.2 || fail "--swap-only: a swapped request is answered by the host itself"
end
ok "--swap-only: the host answers its own swapped request"

begin 192.168.7.1/24 --count 3
at left ping -n -q -i 0.01 -c3 -W2 192.168.7.2 >ping.log 2>&1 || fail "count: $(cat ping.log)"
instance_ended echo
[ $CODE = 0 ] || fail "echo --count 3 ends with $CODE"
ok "--count"

refuses 2 "" at left "$XT_BIN" echo echo0
refuses 2 "not an ADDRESS/PREFIX" at left "$XT_BIN" echo echo0 192.168.7.1/33
refuses 2 "no other address" at left "$XT_BIN" echo echo0 192.168.7.1/32
refuses 2 "not a name" at left "$XT_BIN" echo "a b" 192.168.7.1/24
refuses 2 "no host can" at left "$XT_BIN" echo echo0 127.0.0.1/8
refuses 2 "one family" at left "$XT_BIN" echo echo0 192.168.7.1 fd07::1
ok "refusals"

ip netns exec left "$XT_BIN" echo echo0 192.168.7.1/24 2>echo.log </dev/null | head -n 1 >echo.out &
await 5 "the echo interface" has "is ready" echo.log
at left ping -n -q -i 0.05 -c 5 -W 1 192.168.7.2 >ping.log 2>&1
await 5 "the end of echo" gone_from left echo0
ok "it ends when the reader of its output does"
