#!/bin/bash
# SPDX-License-Identifier: MIT
# Owner: root creates the interface once; then `run` of that user needs no capability; `down` of
# root removes the interface.
. "$(dirname "$0")/lib.sh"
[ "$(awk '{print $3; exit}' /proc/self/uid_map)" -gt 65534 ] || skip "one user only in this namespace"
command -v setpriv >/dev/null || skip "no setpriv"
id nobody >/dev/null 2>&1 || skip "no user nobody"
tunnel_prepare
mkdir -m 755 /run/open
install -m 755 "$XT_BIN" /run/open/xtunnel
sed 's/^ListenPort.*/&\n#: Owner = nobody/' left.conf >/run/open/left.conf
chmod 600 /run/open/left.conf
install -d -m 700 -o nobody /run/open/run /run/open/state
# As udev sets it up: every user may open the device, but attach only to interfaces of its own.
mknod /run/open/tun c 10 200 && chmod 666 /run/open/tun
mount --bind /run/open/tun /dev/net/tun
start right

at left "$XT_BIN" up /run/open/left.conf >up.log 2>&1 || fail "up: $(cat up.log)"
pings left 10.7.0.2 || fail "no answer as root: $(cat ping.log)"
pid=$(json left left .pid)
kill -TERM "$pid"
await 5 "its end" gone "$pid"
at left ip link show left >/dev/null 2>&1 || fail "the interface is not persistent"
at left ip -d link show left | grep -q "persist on user nobody" || fail "owner: $(at left ip -d link show left)"
ok "root made a persistent interface of nobody's"

chown nobody /run/open/left.conf
chmod 711 "$T"
ip netns exec left env XT_RUN_DIR=/run/open/run XT_STATE_DIR=/run/open/state \
	setpriv --reuid=nobody --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all \
	/run/open/xtunnel run /run/open/left.conf >nobody.log 2>&1 </dev/null &
PID[left]=$!
await 5 "the instance of nobody" has "is ready" nobody.log
for pid in $(processes left); do
	[ "$(awk '/^CapEff/ {print $2}' "/proc/$pid/status")" = 0000000000000000 ] ||
		fail "it has capabilities: $(cat "/proc/$pid/comm")"
	[ "$(awk '/^Uid/ {print $2}' "/proc/$pid/status")" = 65534 ] ||
		fail "it does not run as nobody: $(cat "/proc/$pid/comm")"
done
both_families left 2
ok "nobody's run needs no capability and carries traffic"
stop left
at left ip link show left >/dev/null 2>&1 || fail "the interface went with nobody's run"

at left "$XT_BIN" down left >down.log 2>&1 || fail "down by root: $(cat down.log)"
at left ip link show left >/dev/null 2>&1 && fail "down left the interface"
ok "down by root removes it"
