#!/bin/bash
# SPDX-License-Identifier: MIT
# A Prometheus scrapes the exporter without a complaint, and every query of conf/grafana.json and of
# docs/metrics.md that names a state which is there returns data from it.
. "$(dirname "$0")/lib.sh"
command -v prometheus >/dev/null || skip "no prometheus"
command -v curl >/dev/null || skip "no curl"
"$XT_BIN" exporter --listen 127.0.0.1:0 2>&1 | grep -q "not in this build" && skip "no libmicrohttpd"

tunnel_start "" "" "" "Name = other
Critical = yes
PersistentKeepalive = 1"
ip netns exec left "$XT_BIN" exporter --listen 127.0.0.1:9586 >exporter.log 2>&1 &
PID[exporter]=$!
await 10 "the exporter" has "serving on" exporter.log
cat >prometheus.yml <<'EOT'
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: xtunnel, static_configs: [{targets: ["127.0.0.1:9586"]}]}
EOT
ip netns exec left prometheus --config.file=prometheus.yml --storage.tsdb.path=data \
	--web.listen-address=127.0.0.1:9090 >prometheus.log 2>&1 &
PID[prometheus]=$!

# query TEXT: how many samples it returns now
query() {
	at left curl -s -G http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1" |
		jq -r 'if .status == "success" then .data.result | length else .error end'
}
scraped() { [ "$(query 'xtunnel_up offset 3s')" = 2 ]; }
await 30 "two instances in Prometheus" scraped
[ "$(query 'up{job="xtunnel"} == 1')" = 1 ] || fail "it is not up"
[ "$(query 'scrape_samples_scraped > 50')" = 1 ] || fail "too few samples"
path_known() { [ "$(query xtunnel_peer_path_mtu_bytes)" != 0 ]; }
await 30 "the path's MTU" path_known
n=0
while IFS= read -r text; do
	text=${text//\$interface/.*}
	text=${text//\$__rate_interval/10s}
	got=$(query "$text")
	[[ $got =~ ^[1-9][0-9]*$ ]] || fail "$text: $got"
	n=$((n + 1))
done < <(jq -r '.panels[].targets[].expr' "$SOURCE/conf/grafana.json")
[ $n -gt 15 ] || fail "$n queries"
ok "each of the $n queries of the dashboard returns data"

while IFS= read -r text; do
	got=$(query "$text")
	[[ $got =~ ^[0-9]+$ ]] || fail "$text: $got"
done < <(sed -n '/^## Queries/,$s/^|[^|]*| `\(.*\)` |$/\1/p' "$SOURCE/docs/metrics.md" | sed 's/\\|/|/g')
[ "$(query 'xtunnel_peer_critical == 1 unless xtunnel_peer_up == 1')" = 0 ] || fail "an alarm"
stop right
stop left
start left
alarm() { [ "$(query 'xtunnel_peer_critical == 1 unless xtunnel_peer_up == 1')" = 1 ]; }
await 60 "the alarm" alarm
ok "the queries of docs/metrics.md are understood, and the one of critical peers finds one"
