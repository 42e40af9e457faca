#!/bin/bash
# SPDX-License-Identifier: MIT
# Every refusal has its message and exit code, and nothing is left or changed.
. "$(dirname "$0")/lib.sh"
tunnel_prepare
run() { refuses "$1" "$2" at left "$XT_BIN" "${@:3}"; }

at left "$XT_BIN" up "$T/left.conf" >/dev/null 2>&1 || fail "up"
pid=$(json left left .pid)
PID[left]=$pid
run 0 "left is running already, and its file is unchanged" up "$T/left.conf"
run 1 "left is running already" run "$T/left.conf"
at left "$XT_BIN" show left >/dev/null || fail "left does not run any longer"
ok "up twice"
cp left.conf other.conf
run 1 "other: cannot bind UDP port 51801: in use" up "$T/other.conf"
at left ip link show other >/dev/null 2>&1 && fail "an interface is left"
[ ! -e /run/xtunnel/other.sock ] || fail "a socket is left"
ok "a port that is taken"
at left "$XT_BIN" down left || fail "down"
unset "PID[left]"

ip -n left link add left type dummy 2>/dev/null || ip -n left link add left type bridge
run 1 "cannot make the interface left: the name is in use" up "$T/left.conf"
ip -n left link show left >/dev/null || fail "the interface of another owner was removed"
ip -n left link del left
ok "an interface name that is taken"
# As that of an instance that was killed a moment ago.
ip -n left link add left type bridge
(sleep 0.3 && ip -n left link del left) &
at left "$XT_BIN" up "$T/left.conf" >out 2>&1 || fail "a name that becomes free: $(cat out)"
wait $!
at left "$XT_BIN" down left || fail "down"
ok "one that becomes free is waited for"

for word in of 1 OFF; do
	refuses 1 "XT_OFFLOAD: auto, all, off, tun or udp is wanted" \
		at left env "XT_OFFLOAD=$word" "$XT_BIN" up "$T/left.conf"
done
refuses 1 "XT_URING: auto or off is wanted" at left env XT_URING=on "$XT_BIN" up "$T/left.conf"
for word in 0 65 -1 two 1x; do
	refuses 1 "WG_THREADS: auto or a number from 1 to 64 is wanted" \
		at left env "WG_THREADS=$word" "$XT_BIN" up "$T/left.conf"
done
at left ip link show left >/dev/null 2>&1 && fail "an interface is left"
sed 's/^\[Interface\]/&\nThreads = 3\nOffload = off/' left.conf >kept.conf
chmod 600 kept.conf
cores=$(nproc)
auto=$((cores < 4 ? 1 : cores < 8 ? cores / 2 : 4))
for want in "XT_OFFLOAD= WG_THREADS= 3 off" "XT_OFFLOAD=auto WG_THREADS=auto $auto gso"; do
	read -r offload threads n gso <<<"$want"
	at left env "$offload" "$threads" "$XT_BIN" up "$T/kept.conf" >/dev/null 2>&1 || fail "up, $want"
	[ "$(json left kept .threads)" = "$n" ] || fail "$want: threads $(json left kept .threads)"
	at left "$XT_BIN" show kept | grep -q "offload.*$gso" || fail "$want: $(json left kept .offload)"
	at left "$XT_BIN" down kept || fail "down"
done
ok "variables with wrong words, empty ones, and their precedence over the file"

cp left.conf "a-name-too-long-for-it.conf"
run 4 "1 to 15 letters" up "$T/a-name-too-long-for-it.conf"
cp left.conf "sp ace.conf"
run 4 "1 to 15 letters" up "$T/sp ace.conf"
run 2 "not a name" up "a b"
run 2 "usage" up --
run 2 "unknown option" up --nam
run 2 "" up one two
run 2 "did you mean" upp left
run 3 "is not running" down left
run 3 "is not running" show left
run 3 "is not running" ping left right
run 1 "nofile.conf.*No such file" up "$T/nofile.conf"
run 1 "nowhere.conf.*No such file" up nowhere
ok "bad names, bad usage, not running, no file"

bare() { # bare CMD: without capabilities, as another user
	at left setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
mkdir -m 755 /run/open
if ! mknod /run/open/tun c 10 200 2>/dev/null || ! (: <>/run/open/tun) 2>/dev/null; then
	echo "skip-part: no rights: device nodes cannot be made here"
elif [ "$(cat /proc/self/uid_map | awk '{print $3; exit}')" -gt 65534 ]; then
	cp "$XT_BIN" /run/open/xtunnel && chmod 755 /run/open/xtunnel
	install -m 600 -o 65534 left.conf /run/open/left.conf
	chmod 666 /run/open/tun && mount --bind /run/open/tun /dev/net/tun
	export HOME=/nonexistent
	refuses 1 "cannot make the interface left: not permitted" bare /run/open/xtunnel up /run/open/left.conf
	umount /dev/net/tun
	at left ip link show left >/dev/null 2>&1 && fail "an interface is left"
	ok "no rights"
else
	echo "skip-part: no rights: this user namespace has no other user"
fi

# root in a container that was started without the capability
uncapped() { at left setpriv --bounding-set -net_admin --inh-caps -net_admin "$@"; }
refuses 1 "not permitted" uncapped "$XT_BIN" up "$T/left.conf"
grep -q -- "--cap-add NET_ADMIN" err || fail "root is not told which capability: $(cat err)"
grep -q "as root" err && fail "root is told to be root: $(cat err)"
refuses 1 "--cap-add NET_ADMIN" uncapped "$XT_BIN" echo echo0 192.168.7.1/24
ok "root without CAP_NET_ADMIN"

cp left.conf all.conf
run 4 "all.conf:.*keeps the name all" up "$T/all.conf"
ok "a name that the kernel keeps"

mount -t tmpfs tmpfs /dev/net
run 1 "/dev/net/tun" up "$T/left.conf"
umount /dev/net
ok "no /dev/net/tun"

sed 's|^AllowedIPs.*|AllowedIPs = 0.0.0.0/0|' left.conf >whole.conf
sed -i 's|^ListenPort.*|&\nFwMark = 254|' whole.conf
run 4 "whole.conf:$(grep -n ^AllowedIPs whole.conf | cut -d: -f1):.*FwMark" up "$T/whole.conf"
ok "a /0 whose mark is a table of the host: refused with the line"
