#!/bin/bash
# SPDX-License-Identifier: MIT
# The status page in Chromium, light and dark, wide and narrow: axe-core finds no violation, and the
# contrast of every text is at least 4.5 to 1. Needs chromium, and axe-core of npm in XT_AXE:
#   npm install --prefix ~/.cache/xtunnel-axe axe-core
# timeout: 300
# labels: long
. "$(dirname "$0")/lib.sh"
axe=${XT_AXE:-$HOME/.cache/xtunnel-axe}/node_modules/axe-core/axe.min.js
command -v chromium >/dev/null || skip "no chromium"
[ -s "$axe" ] || skip "no $axe"
"$XT_BIN" exporter --listen 127.0.0.1:0 2>&1 | grep -q "not in this build" && skip "no libmicrohttpd"
tunnel_start "" "" "" "Name = right
Critical = yes"
at left wg set left peer "$("$XT_BIN" genkey | "$XT_BIN" pubkey)" allowed-ips 10.99.0.1/32 endpoint 198.18.0.9:7
at left ping -c 1 -W 1 -q 10.99.0.1 >/dev/null # a peer that is not up, with its sentence
pings left 10.7.0.2 || fail "ping"
ip netns exec left "$XT_BIN" exporter --listen 127.0.0.1:9586 >exporter.log 2>&1 &
PID[exporter]=$!
await 10 "the exporter" has "serving on" exporter.log
at left "$PYTHON" "$SOURCE/tests/e2e/page_axe.py" 127.0.0.1:9586 "$axe" >found 2>err || fail "$(cat found err)"
ok "$(wc -l <found) views of the page: $(head -n 1 found)"

# Text of a lower contrast is found.
sed 's/^VIEWS = .*/VIEWS = [("dark", "1280,900")]/
	s|^RUN = """|&<style>td { color: #777 !important; background: #555 }</style>|' \
	"$SOURCE/tests/e2e/page_axe.py" >low.py
at left "$PYTHON" low.py 127.0.0.1:9586 "$axe" >found 2>err && fail "a low contrast is not found: $(cat found)"
grep -q "color-contrast\|^dark.*: TD" found || fail "a low contrast: $(cat found err)"
ok "a low contrast is found"
kill "${PID[exporter]}"
wait "${PID[exporter]}"
unset "PID[exporter]"
instances_stop
