#!/bin/bash
# SPDX-License-Identifier: MIT
# In the machine: the installed tree is /mnt/xt/root, this script's output the serial console. Two
# instances, left here and right in the network namespace far, are units of systemd.
set -u
ok() { echo "ok: $*"; }
shown() { sed 's/^/    /'; }
fail() {
	echo "FAIL: $*"
	systemctl status --no-pager --full "xtunnel*" 2>&1 | shown
	journalctl --no-pager -o cat -n 60 -u 'xtunnel*' 2>&1 | shown
	echo "end: 1"
	exit 1
}
await() { # await SECONDS WHAT COMMAND…
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || fail "$what: not within time ($*)"
		sleep 0.2
	done
}
property() { systemctl show -P "$2" "$1"; }
restarts() { [ "$(property "$1" NRestarts)" -gt "$2" ] && systemctl -q is-active "$1"; }
pings() { ping -q -c 1 -W 2 10.7.0.2 >/dev/null; }
reaches() { await 20 "ping $*" pings; }
journal_has() { journalctl --no-pager -o cat -u "$1" | grep -q -- "$2"; }
tunnel_process() { pgrep -P "$(property "$1" MainPID)" -x xtunnel-tunnel; }
unit_processes() { cat "/sys/fs/cgroup$(property "$1" ControlGroup)/cgroup.procs"; }

cp -a /mnt/xt/root/. /
{ systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload; } ||
	fail "installation"
[ "$(stat -c '%U:%G %a' /etc/xtunnel)" = "root:xtunnel 750" ] || fail "/etc/xtunnel"
ok "$(uname -r), $(systemctl --version | head -n 1): sysusers and tmpfiles"

# --- the wire and the far end
ip netns add far
ip link add wire0 type veth peer name wire1 netns far
ip addr add 198.18.0.1/24 dev wire0
ip link set wire0 up
ip -n far addr add 198.18.0.2/24 dev wire1
ip -n far link set wire1 up
ip -n far link set lo up
umask 077
wg genkey >/root/left.key
wg genkey >/root/right.key
config_write() { # config_write NAME THIS OTHER PORT OTHERPORT [INTERFACE LINE…]
	local name=$1 this=$2 other=$3 other_name=right
	[ "$name" = left ] || other_name=left
	printf '[Interface]\nPrivateKey = %s\nListenPort = %s\nAddress = 10.7.0.%s/24\n' \
		"$(cat "/root/$name.key")" "$4" "$this"
	printf '%s\n' "${@:6}"
	printf '[Peer]\nPublicKey = %s\nEndpoint = 198.18.0.%s:%s\nAllowedIPs = 10.7.0.%s/32\n' \
		"$(wg pubkey <"/root/$other_name.key")" "$other" "$5" "$other"
}
mkdir -p /etc/systemd/system/xtunnel@right.service.d
printf '[Service]\nNetworkNamespacePath=/run/netns/far\n' \
	>/etc/systemd/system/xtunnel@right.service.d/far.conf
systemctl daemon-reload
config_write right 2 1 443 443 >/etc/xtunnel/right.conf
systemctl start xtunnel@right || fail "xtunnel@right does not start"

# --- a file with every ordinary hook, on a port below 1024
nat='POSTROUTING -s 10.7.0.0/24 -o wire0 -j MASQUERADE'
config_write left 1 2 443 443 \
	"PostUp = iptables -t nat -C $nat 2>/dev/null || iptables -t nat -A $nat" \
	'PostUp = sysctl -w net.ipv4.ip_forward=1' \
	'PostUp = ip rule del priority 777 2>/dev/null || :; ip rule add from 10.9.0.0/24 table 77 priority 777' \
	'PostUp = echo %i >/etc/from-hook' \
	'PreDown = rm /etc/from-hook; ip rule del priority 777' \
	"PostDown = iptables -t nat -D $nat" >/etc/xtunnel/left.conf
sysctl -q -w net.ipv4.ip_forward=0
hooks_ran() {
	iptables -t nat -S POSTROUTING | grep -q MASQUERADE && ip rule | grep -q '^777:' &&
		[ "$(sysctl -n net.ipv4.ip_forward)" = 1 ] && [ "$(cat /etc/from-hook)" = left ]
}
systemctl start xtunnel@left || fail "xtunnel@left does not start"
hooks_ran || fail "a hook has not run: $(iptables -t nat -S; ip rule; ls -l /etc/from-hook)"
reaches "after start"
ok "systemctl start, hooks, ping: $(property xtunnel@left StatusText)"
xtunnel show left | grep -i sandbox | shown
journal_has xtunnel@left "sandbox: on" || fail "not every lock is taken"
[ "$(stat -c %U "/proc/$(tunnel_process xtunnel@left)")" = xtunnel ] ||
	fail "the tunnel process is not of the user xtunnel"
for pid in $(unit_processes xtunnel@left); do
	printf '%s %s\n' "$(stat -c %U "/proc/$pid")" \
		"$(grep -E '^(Name|CapEff|Seccomp):' "/proc/$pid/status" | tr -s '\t\n' ' ')" | shown
done
ok "every lock is taken under the unit"

# --- reload
sed -i 's/^ListenPort.*/ListenPort = 51820/' /etc/xtunnel/left.conf
systemctl reload xtunnel@left || fail "reload"
[ "$(wg show left listen-port)" = 51820 ] || fail "the port after reload"
reaches "after reload"
systemctl kill -s HUP --kill-who=main xtunnel@left || fail "SIGHUP"
cp /etc/xtunnel/left.conf /root/left.good
echo nonsense >>/etc/xtunnel/left.conf
systemctl reload xtunnel@left 2>/dev/null && fail "reload of a bad file"
cp /root/left.good /etc/xtunnel/left.conf
await 10 "active after a bad file" systemctl -q is-active xtunnel@left
systemctl reload xtunnel@left || fail "reload of the good file again"
reaches "after reloads"
ok "systemctl reload; of a bad file it fails, and the instance goes on"

# --- a new program: reload goes on with it
n=$(property xtunnel@left NRestarts)
before=$(property xtunnel@left MainPID)
handshakes=$(wg show left latest-handshakes)
program=$(command -v xtunnel)
ping -q -i 0.01 -c 200 10.7.0.2 >/root/pings &
pinging=$!
cp -p "$program" "$program.new" && touch "$program.new" && mv "$program.new" "$program"
systemctl reload xtunnel@left || fail "reload with a new program"
wait $pinging || fail "pings while the program is replaced: $(cat /root/pings)"
after=$(property xtunnel@left MainPID)
[ "$after" != "$before" ] || fail "the program before goes on"
[ "$(property xtunnel@left NRestarts)" = "$n" ] || fail "an upgrade is a restart"
[ "$(wg show left latest-handshakes)" = "$handshakes" ] || fail "an upgrade takes a handshake"
grep -q ' 0% packet loss' /root/pings || fail "lost while the program is replaced: $(grep -E "packets|rtt" /root/pings | tr "\n" " ")"
systemctl -q is-active xtunnel@left || fail "not active after an upgrade"
journal_has xtunnel@left "another process goes on" || fail "no word of it in the journal"
reaches "after an upgrade"
systemctl reload xtunnel@left || fail "reload after an upgrade"
[ "$(property xtunnel@left MainPID)" = "$after" ] || fail "the same program is replaced"
ok "systemctl reload with a new program: $before, then $after; $(tail -n 2 /root/pings | head -n 1)"

# --- crash of either side, and a hang
n=$(property xtunnel@left NRestarts)
kill -9 "$(property xtunnel@left MainPID)"
await 60 "restart of the monitor" restarts xtunnel@left "$n"
reaches "after a kill of the monitor"
hooks_ran || fail "hooks after a restart"
ok "kill -9 of the monitor: started again"
n=$(property xtunnel@left NRestarts)
kill -9 "$(tunnel_process xtunnel@left)"
await 60 "restart of the tunnel process" restarts xtunnel@left "$n"
reaches "after a kill of the tunnel process"
ok "kill -9 of the tunnel process: started again"
mkdir -p /run/systemd/system/xtunnel@left.service.d
printf '[Service]\nWatchdogSec=4\n' >/run/systemd/system/xtunnel@left.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart xtunnel@left || fail "restart"
sleep 9 # the time in which a watchdog that is not fed would end it
[ "$(property xtunnel@left NRestarts)" = 0 ] || fail "the watchdog is not fed"
kill -STOP "$(tunnel_process xtunnel@left)"
await 60 "restart by the watchdog" restarts xtunnel@left 0
journal_has xtunnel@left "[Ww]atchdog timeout" || fail "not by the watchdog"
reaches "after the watchdog"
ok "a tunnel process that hangs: the watchdog has it started again"

# --- the end: each PreDown runs to its end, although it begins when systemd signals
for _ in 1 2 3; do
	systemctl restart xtunnel@left || fail "restart"
	journal_has xtunnel@left "PreDown .* was ended" && fail "a hook of the way down is cut short"
done
systemctl stop xtunnel@left || fail "stop"
for what in "ip link show left" "ls /run/wireguard/left.sock" "ls /run/xtunnel/left.sock" \
	"ls /etc/from-hook" "iptables -t nat -C $nat" "grep -r . /sys/fs/cgroup/system.slice/system-xtunnel.slice/xtunnel@left.service/cgroup.procs"; do
	$what >/dev/null 2>&1 && fail "stop leaves: $what"
done
ip rule | grep -q '^777:' && fail "stop leaves a rule"
[ "$(property xtunnel@left Result)" = success ] || fail "stop: $(property xtunnel@left Result)"
ok "systemctl stop leaves nothing"

# --- SaveConfig, a default route, a credential
config_write left 1 2 51820 443 'SaveConfig = true' >/etc/xtunnel/left.conf
systemctl start xtunnel@left || fail "start with SaveConfig"
wg set left peer "$(wg genkey | wg pubkey)" allowed-ips 10.99.0.0/24
systemctl stop xtunnel@left
grep -q '10.99.0.0/24' /etc/xtunnel/left.conf || fail "SaveConfig: $(cat /etc/xtunnel/left.conf)"
default_route() { sed 's,^AllowedIPs.*,AllowedIPs = 0.0.0.0/0,'; }
config_write left 1 2 51820 443 | default_route >/etc/xtunnel/left.conf
systemctl start xtunnel@left || fail "start with a default route"
reaches "by a default route"
ip -4 rule | grep -q suppress_prefixlength || fail "no policy rule"
[ "$(sysctl -n net.ipv4.conf.all.src_valid_mark)" = 1 ] || fail "no src_valid_mark"
systemctl stop xtunnel@left
ip -4 rule | grep -q suppress_prefixlength && fail "a policy rule is left"
ok "SaveConfig, a default route"
printf '[Service]\nLoadCredential=key:/root/left.key\n' \
	>/run/systemd/system/xtunnel@left.service.d/key.conf
systemctl daemon-reload
config_write left 1 2 51820 443 | sed 's,^PrivateKey = .*,PrivateKeyFile = %d/key,' \
	>/etc/xtunnel/left.conf
systemctl start xtunnel@left || fail "start with LoadCredential"
reaches "with the key of LoadCredential"
systemctl reload xtunnel@left || fail "reload with LoadCredential"
systemctl stop xtunnel@left
ok "LoadCredential"

# --- without root, with new keys: timestamps of left's may be ahead of the clock after its crashes,
# as its state knows, which is another one than that of xtunnel-strict@
wg genkey >/root/left.key
config_write right 2 1 443 443 >/etc/xtunnel/right.conf
systemctl restart xtunnel@right || fail "restart of xtunnel@right"
config_write left 1 2 443 443 >/etc/xtunnel/left.conf
systemctl start xtunnel-strict@left 2>/dev/null && fail "a file that only root may read is read"
journal_has xtunnel-strict@left "ermission denied" || fail "a file that only root may read: no reason"
journalctl --no-pager -o cat -u xtunnel-strict@left | grep -v systemd | shown
chgrp xtunnel /etc/xtunnel/left.conf
chmod 640 /etc/xtunnel/left.conf
systemctl stop xtunnel-strict@left
systemctl reset-failed
systemctl start xtunnel-strict@left || fail "xtunnel-strict@left does not start"
reaches "through xtunnel-strict@left"
for pid in $(unit_processes xtunnel-strict@left); do
	grep -q -E "^Uid:([[:space:]]$(id -u xtunnel)){4}$" "/proc/$pid/status" ||
		fail "a process is not of the user xtunnel: $(grep -E '^(Name|Uid)' "/proc/$pid/status")"
	grep -E '^(Name|CapEff|Seccomp):' "/proc/$pid/status" | tr -s '\t\n' ' ' | shown
	echo
done
journalctl --no-pager -o cat -n 12 -u xtunnel-strict@left | shown
grep -q 'CapEff:.*0000000000000000' "/proc/$(tunnel_process xtunnel-strict@left)/status" ||
	fail "the tunnel process has capabilities"
sed -i 's/^ListenPort.*/ListenPort = 51820/' /etc/xtunnel/left.conf
systemctl reload xtunnel-strict@left || fail "reload of xtunnel-strict@left"
reaches "after reload of xtunnel-strict@left"
journal_has xtunnel-strict@left "others can read" && fail "the mode 640 is warned about"
xtunnel show left >/run/show.txt 2>&1 || fail "show of a strict instance: $(cat /run/show.txt)"
grep -q 51820 /run/show.txt || fail "show of a strict instance: $(cat /run/show.txt)"
kill -9 "$(property xtunnel-strict@left MainPID)"
await 60 "restart of xtunnel-strict@left" restarts xtunnel-strict@left 0
reaches "after a kill of xtunnel-strict@left"
systemctl stop xtunnel-strict@left || fail "stop of xtunnel-strict@left"
ip link show left >/dev/null 2>&1 && fail "stop of xtunnel-strict@left leaves the interface"
ok "xtunnel-strict@: start, ping, reload, restart, stop; no process of root"
without() { # without LINE TEXT: xtunnel-strict@ starts, pings, and the journal has TEXT
	config_write left 1 2 51820 443 "$1" >/etc/xtunnel/left.conf
	systemctl start xtunnel-strict@left || fail "$1: start"
	reaches "with $1"
	systemctl stop xtunnel-strict@left
	journal_has xtunnel-strict@left "$2" || fail "$1: no '$2' in the journal"
	systemctl reset-failed
}
without 'DNS = 10.7.0.2' 'the host keeps its name servers'
without 'SaveConfig = true' 'left.conf was not replaced: '
without 'PostUp = id -un' '^xtunnel$'
sysctl -q -w net.ipv4.conf.all.src_valid_mark=0
config_write left 1 2 51820 443 | default_route >/etc/xtunnel/left.conf
systemctl start xtunnel-strict@left || fail "xtunnel-strict@left with a default route"
reaches "by a default route of xtunnel-strict@left"
journal_has xtunnel-strict@left "src_valid_mark cannot be set" || fail "no word on src_valid_mark"
systemctl stop xtunnel-strict@left
ip -4 rule | grep -q suppress_prefixlength && fail "xtunnel-strict@left leaves a rule"
ok "xtunnel-strict@ says what it cannot do"
mkdir -p /run/systemd/system/xtunnel-strict@left.service.d
printf '[Service]\nLoadCredential=%%i.conf:/etc/xtunnel/%%i.conf\nExecStart=\nExecStart=%s\n' \
	"$(command -v xtunnel) run \${CREDENTIALS_DIRECTORY}/%i.conf" \
	>/run/systemd/system/xtunnel-strict@left.service.d/conf.conf
systemctl daemon-reload
config_write left 1 2 51820 443 >/etc/xtunnel/left.conf
chmod 600 /etc/xtunnel/left.conf
systemctl start xtunnel-strict@left || fail "xtunnel-strict@left with a file by LoadCredential"
reaches "with a file by LoadCredential"
systemctl reload xtunnel-strict@left || fail "reload of a file by LoadCredential"
systemctl stop xtunnel-strict@left
ok "xtunnel-strict@ with its file as a credential"

# --- drop-ins of docs/systemd.md
drop_in() { # drop_in HOOK LINE…: PostUp = HOOK fails without the lines, and works with them
	local hook=$1 file=/run/systemd/system/xtunnel@left.service.d/hook.conf
	shift
	config_write left 1 2 51820 443 "PostUp = $hook" >/etc/xtunnel/left.conf
	rm -f $file
	systemctl daemon-reload
	systemctl start xtunnel@left 2>/dev/null && fail "the unit permits: $hook"
	systemctl stop xtunnel@left
	systemctl reset-failed
	{ echo '[Service]'; printf '%s\n' "$@"; } >$file
	systemctl daemon-reload
	systemctl start xtunnel@left || fail "with $*: $hook"
	systemctl stop xtunnel@left
}
rm -f /run/systemd/system/xtunnel@left.service.d/*
drop_in 'ip netns exec far ip link show wire1' 'RestrictNamespaces=net mnt' \
	CapabilityBoundingSet=CAP_SYS_ADMIN SystemCallFilter=@mount
drop_in 'echo 1 >/srv/from-hook' ReadWritePaths=/srv
drop_in 'echo 1 >/root/from-hook' ProtectHome=no ReadWritePaths=/root
drop_in 'chown daemon /etc/hostname' CapabilityBoundingSet=CAP_CHOWN
drop_in 'modprobe -v nft_tproxy' ProtectKernelModules=no CapabilityBoundingSet=CAP_SYS_MODULE \
	SystemCallFilter=@module
ok "hooks with the drop-ins of docs/systemd.md"

# --- the exporter: started before an instance, and asked by a user of its group alone
exporter=/run/xtunnel-exporter/exporter.sock
rm -f /run/systemd/system/xtunnel@left.service.d/*
systemctl daemon-reload
systemctl start xtunnel-exporter || fail "xtunnel-exporter does not start"
config_write left 1 2 51820 443 >/etc/xtunnel/left.conf
systemctl start xtunnel@left || fail "start beside the exporter"
reaches "beside the exporter"
[ "$(stat -c '%G %a' $exporter)" = "xtunnel-observer 660" ] || fail "$(stat -c '%U %G %a' $exporter)"
pid=$(property xtunnel-exporter MainPID)
grep -q -E '^CapEff:.*0000000000000000$' "/proc/$pid/status" || fail "the exporter has capabilities"
[ "$(ps -o egroup= -p "$pid")" = xtunnel-observer ] || fail "group of the exporter: $(ps -o euser=,egroup= -p "$pid")"
[ "$(ps -o euid= -p "$pid")" -gt 0 ] || fail "the exporter is root"
curl -sS --max-time 5 --unix-socket $exporter http://localhost/metrics >/run/metrics.txt ||
	fail "curl to the exporter"
grep -q '^xtunnel_up{interface="left"} 1$' /run/metrics.txt || fail "left is not in it: $(grep xtunnel_up /run/metrics.txt)"
grep -q '^wireguard_latest_handshake_seconds{interface="left",.*[1-9]$' /run/metrics.txt || fail "no handshake in it"
[ "$(curl -sS --max-time 5 --unix-socket $exporter -o /dev/null -w '%{http_code}' http://localhost/healthz)" = 200 ] ||
	fail "/healthz is not 200"
setpriv --reuid 65534 --regid 65534 --groups "$(getent group xtunnel-observer | cut -d: -f3)" \
	curl -sS --max-time 5 --unix-socket $exporter -o /dev/null http://localhost/metrics ||
	fail "a member of xtunnel-observer is refused"
setpriv --reuid 65534 --regid 65534 --clear-groups \
	curl -sS --max-time 5 --unix-socket $exporter -o /dev/null http://localhost/metrics 2>/dev/null &&
	fail "a user of no such group is served"
systemctl restart xtunnel-exporter || fail "restart of the exporter"
systemctl stop xtunnel-exporter xtunnel@left || fail "stop of the exporter"
[ "$(property xtunnel-exporter Result)" = success ] || fail "exporter: $(property xtunnel-exporter Result)"
[ ! -e $exporter ] || fail "the exporter leaves its socket"
ok "xtunnel-exporter: without root, of its group, scraped by curl over its socket, by members alone"

systemctl stop xtunnel@right
echo "end: 0"
