#!/bin/bash
# SPDX-License-Identifier: MIT
# metrics prints what Prometheus reads, of one instance and of all, to a file as a whole, and no
# secret.
. "$(dirname "$0")/lib.sh"
psk=$(wg genpsk)
tunnel_start "" "" "" "PresharedKey = $psk
Name = the \"other\" \\\\ one
Critical = yes"
pings left 10.7.0.2 || fail "no ping"

metrics() { at left "$XT_BIN" metrics "$@"; }
metrics left >left.prom || fail "metrics left"
labels="interface=\"left\",public_key=\"$PUB_right\""
escaped='the \\"other\\" \\\\\\\\ one'
for line in "xtunnel_build_info{version=\"[^\"]*\"} 1" "xtunnel_up{interface=\"left\"} 1" \
	"wireguard_device_info{device=\"left\",public_key=\"$PUB_left\"} 1" \
	"wireguard_sent_bytes_total{$labels,allowed_ips=\"10.7.0.2/32,fd07::2/128\",friendly_name=\"$escaped\"} [1-9][0-9]*" \
	"wireguard_peer_receive_bytes_total{device=\"left\",public_key=\"$PUB_right\"} [1-9][0-9]*" \
	"wireguard_peer_info{device=\"left\",public_key=\"$PUB_right\",endpoint=\"$R4:51802\",.*} 1" \
	"xtunnel_peer_why{$labels,name=\"$escaped\",code=\"up\"} 1" \
	"xtunnel_peer_critical{$labels,name=\"$escaped\"} 1" \
	"xtunnel_peer_loss_ratio{$labels,name=\"$escaped\"} 0" \
	"xtunnel_peer_rtt_seconds{$labels,name=\"$escaped\"} 0\.[0-9]*" \
	"xtunnel_cpu_seconds_total{interface=\"left\"} [0-9.]*" \
	"xtunnel_drops_total{interface=\"left\",verdict=\"replay\"} 0"; do
	grep -qx -- "$line" left.prom || fail "no line '$line': $(cat left.prom)"
done
grep -qF -e "$psk" -e "$KEY_left" left.prom && fail "metrics print a secret"
[ -z "$(grep '^# TYPE' left.prom | sort | uniq -d)" ] || fail "a family has two heads"
ok "the metrics of one instance, with the names of both exporters and ours"

age=$(($(date +%s) - $(sed -n 's/^wireguard_latest_handshake_seconds.* //p' left.prom)))
[ "$age" -ge 0 ] && [ "$age" -lt 120 ] || fail "the latest handshake was $age s ago"
metrics >all.prom || fail "metrics of all"
[ "$(grep -c '^xtunnel_up{.*} 1$' all.prom)" = 2 ] || fail "not two instances: $(cat all.prom)"
metrics --openmetrics >all.txt || fail "--openmetrics"
[ "$(tail -n 1 all.txt)" = "# EOF" ] || fail "OpenMetrics has no end"
grep -qx '# TYPE wireguard_sent_bytes counter' all.txt || fail "$(grep TYPE all.txt)"
if command -v promtool >/dev/null; then
	promtool check metrics <all.prom || fail "promtool: $(promtool check metrics <all.prom 2>&1)"
fi
ok "the metrics of all, as text and as OpenMetrics"

umask 077
metrics left -o out.prom || fail "-o"
[ "$(stat -c %a out.prom)" = 644 ] || fail "mode $(stat -c %a out.prom)"
grep -q '^xtunnel_up' out.prom || fail "out.prom is not whole"
[ -z "$(find . -name '.out.prom*')" ] || fail "a temporary file is left"
metrics left -o no/such/out.prom 2>err && fail "a missing directory is no error"
grep -q "^xtunnel: no/such/out.prom: No such file" err || fail "$(cat err)"
cp out.prom before.prom
at left "$XT_BIN" metrics none -o out.prom 2>err
[ $? = 3 ] || fail "exit code for an instance that does not run: $(cat err)"
cmp -s out.prom before.prom || fail "the file was changed"
mknod null c 1 3
ln -s null link
for file in null link; do
	refuses 2 "no file that could be replaced" at left "$XT_BIN" metrics left -o $file
done
[ -c null ] && [ -L link ] || fail "a device was replaced: $(ls -l null link)"
ok "a file is replaced as a whole, or stays"

kill -STOP "$(tunnel_process "${PID[right]}")"
metrics >all.prom 2>err
[ $? = 1 ] || fail "exit code with a silent instance"
kill -CONT "$(tunnel_process "${PID[right]}")"
grep -qx 'xtunnel_up{interface="right"} 0' all.prom || fail "$(grep ^xtunnel_up all.prom)"
grep -qx 'xtunnel_up{interface="left"} 1' all.prom || fail "$(grep ^xtunnel_up all.prom)"
grep -q "^right: does not answer" err || fail "$(cat err)"
ok "an instance that does not answer is down, the others are there"
