#!/bin/bash
# SPDX-License-Identifier: MIT
# With CAP_NET_ADMIN and /dev/net/tun alone, as in a container: no other capability, a read-only
# /proc/sys, no nft, no ip and no shell.
. "$(dirname "$0")/lib.sh"
command -v setpriv >/dev/null || skip "no setpriv"
tunnel_prepare
sed -i 's|^ListenPort.*|&\nDNS = 10.7.0.53|' left.conf
sed -i 's|^AllowedIPs.*|AllowedIPs = 0.0.0.0/0, ::/0|' left.conf
touch resolv.conf
mount --bind "$T/resolv.conf" /etc/resolv.conf
mkdir none
start right

# bare ARG…: xtunnel with that one capability, in an empty PATH
bare() {
	at left unshare -m sh -c '
		mount -o bind,ro /proc/sys /proc/sys || exit 1
		exec setpriv --bounding-set=-all,+net_admin --inh-caps=-all,+net_admin \
			--no-new-privs env PATH='"$T"'/none "$0" "$@"' "$XT_BIN" "$@"
}
at left sysctl -q -w net.ipv4.conf.all.src_valid_mark=0
bare up "$T/left.conf" >up.log 2>&1 || fail "up: $(cat up.log)"
has "nft is not installed" up.log || fail "nothing is reported of nft: $(cat up.log)"
has "src_valid_mark cannot be set" up.log || fail "nothing is reported of src_valid_mark: $(cat up.log)"
pings left 10.7.0.2 || fail "no answer: $(cat ping.log)"
pings left fd07::2 || fail "no answer by IPv6: $(cat ping.log)"
at left ip rule | grep -q "not from all fwmark 0xca6c lookup 51820" || fail "no rules"
has "nameserver 10.7.0.53" /etc/resolv.conf || fail "no name server"
grep -q "^CapBnd:.*0000001000$" "/proc/$(pgrep -o -f "$T/left.conf")/status" || fail "it has more rights"
bare down left >down.log 2>&1 || fail "down: $(cat down.log)"
[ ! -s down.log ] || fail "down complains: $(cat down.log)"
at left ip rule | grep -q 51820 && fail "rules are left"
[ ! -s /etc/resolv.conf ] || fail "resolv.conf: $(cat /etc/resolv.conf)"
ok "CAP_NET_ADMIN and /dev/net/tun are enough; what is missing is reported"

at left sysctl -q -w net.ipv4.conf.all.src_valid_mark=1
bare up "$T/left.conf" >up.log 2>&1 || fail "up: $(cat up.log)"
has "src_valid_mark" up.log && fail "it is reported though it is set: $(cat up.log)"
monitor=$(pgrep -o -f "$T/left.conf")
kill -KILL "$monitor"
await 3 "the end of the monitor, which has the state file" gone "$monitor"
await 3 "the kernel's part" eval "! at left ip link show left"
bare down left >down.log 2>&1 || fail "down after kill -9: $(cat down.log)"
at left ip rule | grep -q 51820 && fail "rules are left after a crash"
[ ! -s /etc/resolv.conf ] || fail "resolv.conf: $(cat /etc/resolv.conf)"
ok "a crash is cleaned up there too"
stop right
