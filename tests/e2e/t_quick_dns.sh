#!/bin/bash
# SPDX-License-Identifier: MIT
# DNS: through resolvectl, resolvconf or a block in resolv.conf, the first that works; undone by
# down, after a crash and after a failed start; a failure never ends the tunnel.
. "$(dirname "$0")/lib.sh"
tunnel_prepare "" "" "DNS = 10.7.0.53, corp.example, fd07::53" ""

# A resolv.conf and programs of this test only.
touch resolv.conf
chmod 644 resolv.conf
mount --bind "$T/resolv.conf" /etc/resolv.conf
[ ! -d /run/systemd/resolve ] || mount -t tmpfs tmpfs /run/systemd/resolve
plain=$'# by hand\nnameserver 192.0.2.1\nsearch old.example'
printf %s "$plain" >resolv.conf
mkdir bin
PATH=$T/bin:$PATH
recorder() { # recorder NAME [EXIT]: a program that records its arguments and its input
	cat >"bin/$1" <<-END
		#!/bin/sh
		echo "$1 \$*" >>$T/calls
		[ "$1" != resolvconf ] || cat >>$T/calls
		exit ${2:-0}
	END
	chmod +x "bin/$1"
}
calls() { # calls WHAT EXPECTED
	[ "$(cat calls)" = "$2" ] || fail "$1: $(cat calls)"
	: >calls
}
untouched() { [ "$(cat resolv.conf; echo x)" = "$(printf %s "$plain"; echo x)" ] || fail "$1: $(cat resolv.conf)"; }
up() { at left "$XT_BIN" up "$T/left.conf" >up.log 2>&1 || fail "up: $(cat up.log)"; }
down() { at left "$XT_BIN" down left >down.log 2>&1 || fail "down: $(cat down.log)"; }
: >calls

recorder resolvectl
recorder resolvconf
up
[ ! -s up.log ] || fail "up prints something: $(cat up.log)"
calls "resolvectl, up" "resolvectl dns left 10.7.0.53 fd07::53
resolvectl domain left corp.example ~.
resolvectl default-route left true"
down
calls "resolvectl, down" "resolvectl revert left"
untouched "resolvectl"
ok "resolved is configured by resolvectl, and reverted"

recorder resolvectl 1
up
has "resolvectl ended with status 1" up.log || fail "its failure is not reported: $(cat up.log)"
calls "resolvconf, up" "resolvectl dns left 10.7.0.53 fd07::53
resolvconf -a left -m 0 -x
nameserver 10.7.0.53
nameserver fd07::53
search corp.example"
down
calls "resolvconf, down" "resolvectl revert left
resolvconf -d left -f"
untouched "resolvconf"
ok "without resolved, resolvconf"

sed -i.both 's/^DNS = .*/DNS = corp.example, 1.1.1.1:53/' left.conf
up
has "left.conf:[0-9]*:21: warning: DNS: neither" up.log || fail "no warning: $(cat up.log)"
calls "resolvconf with a domain only, up" "resolvectl domain left corp.example
resolvconf -a left -m 0
search corp.example"
down
: >calls
mv left.conf.both left.conf
ok "a domain only: the host keeps its own servers (no resolvconf -x)"

rm bin/resolvectl bin/resolvconf
up
[ ! -s up.log ] || fail "up prints something: $(cat up.log)"
[ "$(head -n 5 resolv.conf)" = "# xtunnel left begin
nameserver 10.7.0.53
nameserver fd07::53
nameserver 10.7.0.53
# xtunnel left end" ] || fail "the block: $(cat resolv.conf)"
[ "$(tail -n 3 resolv.conf | head -n 2 | tail -n 1)" = "search corp.example" ] ||
	fail "the domains: $(cat resolv.conf)"
down
untouched "the file"
up
sed -i.bak 's/192.0.2.1/192.0.2.9/' resolv.conf 2>/dev/null ||
	{ sed 's/192.0.2.1/192.0.2.9/' resolv.conf >new && cat new >resolv.conf; }
cat resolv.conf >/etc/resolv.conf
down
has 192.0.2.9 /etc/resolv.conf && ! has xtunnel /etc/resolv.conf || fail "changed meanwhile: $(cat /etc/resolv.conf)"
printf %s "$plain" >/etc/resolv.conf
ok "without both, a block in the file; what others change there stays"

start left
await 5 "the block" has "xtunnel left begin" /etc/resolv.conf
crash left
down
[ "$(cat /etc/resolv.conf)" = "$(printf %s "$plain")" ] || fail "down after kill -9: $(cat /etc/resolv.conf)"
start left
await 5 "the block" has "xtunnel left begin" /etc/resolv.conf
crash left
start left
await 5 "the block" has "xtunnel left begin" /etc/resolv.conf
[ "$(grep -c begin /etc/resolv.conf)" = 2 ] || fail "blocks add up: $(cat /etc/resolv.conf)"
stop left
[ "$(cat /etc/resolv.conf)" = "$(printf %s "$plain")" ] || fail "a new start: $(cat /etc/resolv.conf)"
[ -z "$(ls -A /run/xtunnel)" ] || fail "left in /run/xtunnel: $(ls -A /run/xtunnel)"
start left
await 5 "the block" has "xtunnel left begin" /etc/resolv.conf
if separate left; then
	crash_tunnel left
	[ "$(cat /etc/resolv.conf)" = "$(printf %s "$plain")" ] ||
		fail "kill -9 of the tunnel process: $(cat /etc/resolv.conf)"
else
	stop left
fi
[ -z "$(ls -A /run/xtunnel)" ] || fail "left in /run/xtunnel: $(ls -A /run/xtunnel)"
ok "after a crash down, a new start and its end, or the monitor restore it"

sed -i 's|^DNS.*|&\nPostUp = false|' left.conf
refuses 1 "PostUp on line" at left "$XT_BIN" up "$T/left.conf"
[ "$(cat /etc/resolv.conf)" = "$(printf %s "$plain")" ] || fail "a failing PostUp: $(cat /etc/resolv.conf)"
sed -i '/^PostUp/d' left.conf
ok "a failing PostUp takes it back"

mount -o remount,bind,ro /etc/resolv.conf
up
has "resolv.conf: .*the host keeps its name servers" up.log || fail "read-only: $(cat up.log)"
pings left 10.7.0.1 || fail "the tunnel does not run"
down
[ ! -s down.log ] || fail "down complains: $(cat down.log)"
mount -o remount,bind,rw /etc/resolv.conf
ok "a read-only file is a warning"

# A program that hangs is ended; a signal meanwhile takes effect at once.
printf '#!/bin/sh\nexec sleep 60\n' >bin/resolvectl
chmod +x bin/resolvectl
launch left
await 5 "resolvectl hangs" pgrep -f "sleep 60"
begin=$(now_ms)
printf '#!/bin/sh\nexit 0\n' >bin/resolvectl
instance_end left 10
[ $(($(now_ms) - begin)) -lt 5000 ] || fail "ending took $(($(now_ms) - begin)) ms"
pgrep -f "sleep 60" >/dev/null && fail "resolvectl lives on"
at left ip link show left >/dev/null 2>&1 && fail "the interface is there"
[ -z "$(ls -A /run/xtunnel)" ] || fail "left in /run/xtunnel: $(ls -A /run/xtunnel)"
ok "a signal while resolvectl hangs: the end, at once and clean"

# The name of the peer is found although the name servers change.
printf '198.18.0.2 right.test\n' >hosts
cat /etc/hosts >>hosts
chmod 644 hosts # a process without rights reads it
mount --bind "$T/hosts" /etc/hosts
recorder resolvectl
: >calls
sed -i 's|^Endpoint.*|Endpoint = right.test:51802|' left.conf
sed -i 's|^AllowedIPs.*|AllowedIPs = 0.0.0.0/0|' left.conf
start right
up
pings left 10.7.0.2 || fail "no answer from a peer by name: $(cat ping.log)"
[ "$(at left wg show left endpoints | cut -f2)" = 198.18.0.2:51802 ] || fail "the endpoint"
down
stop right
ok "an Endpoint's name is found beside the name servers of the tunnel"

sed -i 's|^Endpoint.*|Endpoint = nowhere.invalid:51802|' left.conf
: >calls
start left
await 5 "the name is not found" has "nowhere.invalid" left.log
grep -q 'resolvectl dns left' calls || fail "the start waits for the name: $(cat calls)"
at left ip rule | grep -q 51820 || fail "the start waits for the name: no rules"
stop left
at left ip link show left >/dev/null 2>&1 && fail "the interface is there"
[ -z "$(ls -A /run/xtunnel)" ] || fail "left in /run/xtunnel: $(ls -A /run/xtunnel)"
ok "a name that is not found is not waited for"
