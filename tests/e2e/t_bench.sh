#!/bin/bash
# SPDX-License-Identifier: MIT
# xtunnel bench: rows of three parts as table, JSON and picture; progress on a terminal alone.
# timeout: 120
. "$(dirname "$0")/lib.sh"
# The search for leaks starts a thread, which a process that has left its PID namespace cannot.
[ -z "$XT_SANITIZE" ] || export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
"$XT_BIN" bench --time 0.02 --json --svg all.svg >all.json 2>err </dev/null || fail "bench: $(cat err)"
[ ! -s err ] || fail "without a terminal it shows something: $(cat err)"
cat >judge.py <<'EOF'
import json, sys, xml.etree.ElementTree as xml
bench = json.load(open("all.json"))
assert bench["schema"] == 1 and bench["processors"] >= 1
rows = bench["rows"]
parts = {part: [row for row in rows if row["part"] == part] for part in ("aead", "memory", "hosts")}
assert sum(map(len, parts.values())) == len(rows), rows
assert {"sodium", "ipsec-mb", "boringssl", "openssl"} == {row["name"] for row in parts["aead"]}
for row in rows:
    assert ("reason" in row) != ("gbit_per_s" in row), row
    if "gbit_per_s" in row and "bytes" in row:
        slower = max(row["tx_ns"], row["rx_ns"])
        assert row["tx_ns"] > 0 and row["rx_ns"] > 0, row
        assert abs(row["gbit_per_s"] - row["bytes"] * 8 / slower) < row["gbit_per_s"] / 100, row
figures = lambda part: {(row["name"], row.get("bytes")): row for row in parts[part] if "reason" not in row}
assert ("sodium", 1420) in figures("aead") and ("sodium", 96) in figures("aead"), parts["aead"]
memory, aead = figures("memory"), figures("aead")
assert {size for _, size in memory} == {1420, 96}, memory
for key, row in memory.items():
    # More work than sealing alone; the machine may be busy.
    assert row["tx_ns"] > aead[key]["tx_ns"] / 2, (row, aead[key])
assert len(parts["hosts"]) == 1 and parts["hosts"][0]["gbit_per_s"] > 0.001, parts["hosts"]
svg = xml.parse("all.svg").getroot()
assert svg.tag.endswith("svg")
bars = [e for e in svg.iter() if e.tag.endswith("rect")]
assert len(bars) == sum("gbit_per_s" in row for row in rows), len(bars)
assert max(float(bar.get("width")) for bar in bars) == 380
EOF
if "$PYTHON" -c 'import jsonschema' 2>/dev/null; then
	"$PYTHON" "$SOURCE/tests/e2e/json_valid.py" "$SOURCE/docs/schema/bench-1.json" <all.json >valid.out ||
		fail "not as bench-1 says: $(cat valid.out)"
fi
"$PYTHON" judge.py || fail "the figures are wrong: $(cat all.json)"
ok "three parts, as JSON and as a picture"

XT_AEAD=sodium "$XT_BIN" bench --time 0.01 >table 2>err </dev/null || fail "the table: $(cat err)"
sed -n '/in memory/,/^$/p' table | grep -q "sodium .*1420 bytes .* ns .*Gbit/s" || fail "the table: $(cat table)"
grep -q "TCP, 1 stream .*Gbit/s" table || fail "no stream: $(cat table)"
ok "the table, and XT_AEAD"

# No interface: that part says why, and the others are there.
touch nothing && mount --bind nothing /dev/net/tun && chmod 0 nothing
if ! (: <>/dev/net/tun) 2>/dev/null || [ "$(id -u)" = 0 ]; then
	"$XT_BIN" bench --time 0.01 --json >none.json 2>err </dev/null || fail "without TUN: $(cat err)"
	"$PYTHON" - <<'EOF' || fail "without TUN: $(cat none.json)"
import json
rows = json.load(open("none.json"))["rows"]
assert "reason" in rows[-1] and rows[-1]["part"] == "hosts" and "gbit_per_s" in rows[0]
EOF
	ok "no interface: a reason instead of a figure"
fi
umount /dev/net/tun

refuses 1 "bench --svg /nonexistent/x" "$XT_BIN" bench --time 0.01 --svg /nonexistent/x
refuses 2 "bench --time" "$XT_BIN" bench --time 0
refuses 2 "bench --time" "$XT_BIN" bench --time x
ok "wrong options"

cat >terminal.py <<'EOF'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = sys.argv[2]
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    os.execv(sys.argv[1], [sys.argv[1], "bench", "--time", "0.2"])
try:
    while data := os.read(fd, 4096):
        sys.stdout.buffer.write(data)
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF
"$PYTHON" terminal.py "$XT_BIN" xterm >out 2>err || fail "on a terminal: $(cat out err)"
grep -qE "bench: [0-9]+%, [0-9]+ s left" out || fail "no progress: $(cat -v out)"
[ "$(tail -c 4 out | od -An -c | tr -d ' ')" = '\r033[K' ] || fail "the line stays: $(cat -v out)"
"$PYTHON" terminal.py "$XT_BIN" dumb >out 2>err || fail "on a dumb terminal: $(cat out err)"
[ ! -s out ] || fail "progress on a dumb terminal: $(cat -v out)"
ok "progress with the time left, removed at the end"
