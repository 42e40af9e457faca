#!/bin/bash
# SPDX-License-Identifier: MIT
# check: findings with their codes, both ends, --strict, --json, and what this host has: networks of
# other interfaces and running instances.
. "$(dirname "$0")/lib.sh"
hosts_link
command -v jq >/dev/null || skip "no jq"

# finds STATUS CODES ARGUMENTS...: check on the host left exits so, and finds these codes, in order
finds() {
	local wanted=$1 codes=$2 code
	shift 2
	at left "$XT_BIN" check "$@" >out 2>err
	code=$?
	[ $code = "$wanted" ] || fail "check $*: exit $code: $(cat out err)"
	[ ! -s err ] || fail "check $* writes to standard error: $(cat err)"
	[ "$(sed -n 's/.* \[\([a-z0-9-]*\)\]$/\1/p' out | paste -sd' ')" = "$codes" ] ||
		fail "check $*: not '$codes': $(cat out)"
}
says() { has "$1" out || fail "no '$1': $(cat out)"; }

umask 077
"$XT_BIN" new left.example right.example -a 10.7.0.0/24,fd07::/64 2>new.log || fail "new: $(cat new.log)"
finds 0 "" left.conf --strict
finds 0 "" right.conf --strict
finds 0 "" left.conf right.conf --strict
says "left.conf, right.conf: valid: both ends agree"
finds 0 "" right.conf left.conf --strict
cp "$SOURCE"/conf/*.conf "$SOURCE"/conf/xtunnel.conf.example .
for file in road-warrior.conf site-to-site.conf xtunnel.conf.example; do
	finds 0 "" ./$file --strict
done
ok "the examples are clean"
ok "the files of new are clean, each by itself and as a pair"

chmod 644 left.conf
finds 0 "file-mode" left.conf
says "left.conf: valid: interface left, 1 peer; 1 warning"
finds 4 "file-mode" left.conf --strict
chmod 600 left.conf
sed 's/^Endpoint.*/Endpoint = left.example:5/; s/^ListenPort.*//' right.conf >hint.conf
finds 0 "keepalive" hint.conf --strict
says "hint.conf: valid: interface hint, 1 peer; 1 hint"
sed 's/^PublicKey.*/PublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=/' left.conf >weak.conf
finds 4 "weak-key" weak.conf
says "weak.conf: not valid: 1 error"
sed 's/^PrivateKey = .*/PrivateKeyFile = nowhere/' left.conf >nowhere.conf
finds 4 "unreadable" nowhere.conf
sed 's/^PrivateKey = .*/PrivateKeyCommand = false/' left.conf >command.conf
finds 0 "key-command" command.conf --strict
sed 's/^ListenPort/ListenPrt/' left.conf >typed.conf
finds 4 "unknown-key" typed.conf right.conf
says "typed.conf, right.conf: not valid: 1 error"
ok "exit 0 with warnings, 4 with errors, 4 with warnings and --strict; hints never count"
refuses 1 "missing.conf" at left "$XT_BIN" check left.conf missing.conf
refuses 1 "missing.conf" at left "$XT_BIN" check missing.conf
refuses 2 "not a name" at left "$XT_BIN" check left.conf "na me"
refuses 2 "" at left "$XT_BIN" check left.conf right.conf left.conf
ok "a missing file, no file, too many"

sed 's/^\(PresharedKey = \).*/\1'"$(wg genpsk | sed 's|[&/]|\\&|g')"'/; s/:51820$/:51821/' right.conf >changed.conf
finds 4 "psk-differ endpoint-port" left.conf changed.conf
line() { grep -n "^$1" "$2" | cut -d: -f1; }
says "left.conf:$(line PresharedKey left.conf):1: error: .*; see changed.conf:$(line PresharedKey changed.conf) "
says "changed.conf:$(line Endpoint changed.conf):1: warning: .*; see left.conf:$(line ListenPort left.conf) "
for key in PrivateKey PresharedKey; do
	for file in left.conf changed.conf; do
		grep -qF "$(sed -n "s/^$key = //p" $file)" out && fail "a secret is printed: $(cat out)"
	done
done
at left "$XT_BIN" check left.conf changed.conf --json >out 2>err && fail "--json: exit 0"
[ "$(jq -r '.[] | "\(.file) \(.line) \(.severity) \(.code) \(.other_file) \(.other_line)"' out)" = \
	"left.conf $(line PresharedKey left.conf) error psk-differ changed.conf $(line PresharedKey changed.conf)
changed.conf $(line Endpoint changed.conf) warning endpoint-port left.conf $(line ListenPort left.conf)" ] ||
	fail "--json: $(cat out)"
[ "$(at left "$XT_BIN" check left.conf --json | jq -c .)" = "[]" ] || fail "--json of a clean file"
at left "$XT_BIN" check missing.conf --json >out 2>err
[ "$(jq -r '.[].code' out)" = unreadable ] || fail "--json of a missing file: $(cat out)"
ok "both ends: both places, no secret; JSON"

{
	cat left.conf
	for _ in $(seq 30); do
		printf '[Peer]\nPublicKey = %s\n' "$(wg genkey | wg pubkey)"
	done
} >many.conf
finds 0 "$(yes no-allowed-ips | head -21 | paste -sd' ')" many.conf
says "10 more of this kind are not listed"
says "many.conf: valid: interface many, 31 peers; 30 warnings"
ok "of many findings of one code the first are listed, and all are counted"

mkdir open
chmod 777 open
{ cat left.conf; printf '[Interface]\nPostUp = true\n'; } >open/hook.conf
if [ "$(id -u)" = 0 ] && [ -z "${XT_E2E_ROOTLESS:-}" ]; then
	finds 4 "untrusted" open/hook.conf
	chmod 755 open
	chown 1234 open/hook.conf && finds 0 "untrusted-owner" open/hook.conf
	ok "who may change a file with hooks"
fi

ip -n left link add lan type veth peer name port
ip -n left addr add 192.168.77.5/24 dev lan
ip -n left addr add fd77::5/64 dev lan nodad
sed 's|^AllowedIPs.*|&, 192.168.77.0/24|' left.conf >office.conf
finds 0 "lan-overlap" office.conf
says "office.conf:$(line AllowedIPs office.conf):1: warning: .*192.168.77.0/24 .* of lan on this host .192.168.77.5/24"
finds 0 "" office.conf right.conf
sed 's|^AllowedIPs.*|&, 192.168.0.0/16, 0.0.0.0/0, ::/0|' left.conf >office.conf
finds 0 "lan-inside" office.conf --strict
sed 's|^AllowedIPs.*|&, 192.168.78.0/24|' left.conf >office.conf
finds 0 "" office.conf
sed 's|^Address.*|Address = fd77::1/64|; s|^AllowedIPs.*|AllowedIPs = fd07::2/128|' left.conf >office.conf
finds 0 "lan-overlap" office.conf
ok "networks of this host, in the form for one file"

mkdir old
mv left.conf old/left.conf
cp old/left.conf left.conf
start left
finds 0 "" left.conf --strict
sed 's|^\(PrivateKey = \).*|\1'"$(wg genkey | sed 's|[&/]|\\&|g')"'|; s|^Address.*|Address = 10.9.0.1/24|' left.conf >next.conf
finds 0 "instance-port lan-overlap lan-overlap instance-network instance-network" next.conf
says "ListenPort 51820 is that of left, which runs on this host"
sed -i 's/^ListenPort.*/ListenPort = 51900/; s|^AllowedIPs.*|AllowedIPs = 10.9.0.2/32|' next.conf
finds 0 "" next.conf --strict
cp left.conf copy.conf
finds 0 "instance-key" copy.conf --strict
finds 0 "" right.conf --strict
mkdir empty
XT_RUN_DIR=$T/empty finds 0 "instance-key" copy.conf
ok "running instances of this host"
