#!/bin/bash
# SPDX-License-Identifier: MIT
# /run is emptied while an instance runs: both sockets and the state file come back, traffic goes
# on, every verb and wg(8) reach the instance, and nothing is left after `down`, nor after a crash
# and `down`.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
command -v nft >/dev/null || skip "no nft"
tunnel_prepare
sed -i 's|^AllowedIPs.*|AllowedIPs = 10.7.0.2/32, 0.0.0.0/0|' left.conf
ip -n left route add default via $R4
start right
start left
pings left 10.7.0.2 || fail "no answer at first"
rules() { at left ip rule | grep -cE 'fwmark|suppress'; }
[ -s /run/xtunnel/left.state ] || fail "no state file: $(ls /run/xtunnel)"

back() { # back WHAT
	await 5 "$1: show" at left "$XT_BIN" show left
	await 5 "$1: wg show" at left wg show left
	await 5 "$1: the state file" [ -s /run/xtunnel/left.state ]
	[ "$(stat -c %a /run/wireguard/left.sock)" = 600 ] || fail "$1: the mode of the socket"
	at left "$XT_BIN" ping left 10.7.0.2 -c1 >/dev/null || fail "$1: ping"
	at left wg set left peer "$PUB_right" persistent-keepalive 25 || fail "$1: wg set"
	pings left 10.7.0.2 || fail "$1: traffic"
	at left "$XT_BIN" save left >save.log 2>&1 || fail "$1: save: $(cat save.log)"
	ok "$1"
}
wipe() { find /run -mindepth 1 -maxdepth 1 ! -name netns -exec rm -rf {} + 2>/dev/null; }
wipe
back "all of /run is removed"
wipe
wipe
back "again, twice"
rm -rf /run/wireguard 2>/dev/null # may fail: the socket is back
back "only the folder of the UAPI sockets"
rm -f /run/wireguard/left.sock
back "only the UAPI socket"
mv /run/wireguard /run/elsewhere
back "its folder is renamed"
rm -rf /run/elsewhere

[ "$(rules)" -gt 0 ] || fail "no rules of the default route"
wipe
back "before a crash"
crash left
await 3 "the kernel's part" eval "! at left ip link show left"
at left "$XT_BIN" down left >down.log 2>&1 || fail "down after a crash: $(cat down.log)"
[ "$(rules)" = 0 ] || fail "rules are left: $(at left ip rule)"
at left nft list tables | grep -q left && fail "a table is left"
ok "down takes back what a crash left after /run was emptied"

at left "$XT_BIN" up "$T/left.conf" >up.log 2>&1 </dev/null || fail "up: $(cat up.log)"
pings left 10.7.0.2 || fail "no answer after up"
wipe
await 5 "the control socket" at left "$XT_BIN" show left
at left "$XT_BIN" down left >down.log 2>&1 || fail "down: $(cat down.log)"
[ "$(rules)" = 0 ] || fail "rules are left: $(at left ip rule)"
for file in wireguard/left.sock xtunnel/left.sock xtunnel/left.state; do
	[ ! -e /run/$file ] || fail "/run/$file is left"
done
ok "down finds the instance and leaves nothing"
stop right
