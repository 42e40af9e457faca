#!/bin/bash
# SPDX-License-Identifier: MIT
# A reader of a capture that does not read: the tunnel goes on at its pace, the instance keeps a
# bounded amount, and what it dropped is counted in the file.
# labels: datapath
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip "no tshark"
tunnel_start

: >slow.err
mkfifo slow.fifo
exec 7<>slow.fifo # open, and not read
ip netns exec left "$XT_BIN" capture left --outer -w slow.fifo 2>slow.err 7<&- &
CAPTURING=$!
await 5 "the capture" has capturing slow.err
rss() { awk '/^VmRSS/ {print $2}' "/proc/$(tunnel_process "${PID[left]}")/status"; }
tcp left right 10.7.0.2 2000000 # the data path's memory, touched once
before=$(rss)
for to in 10.7.0.2 fd07::2; do tcp left right $to 12000000; done
tcp right left 10.7.0.1 12000000
after=$(rss)
[ -n "$XT_SANITIZE" ] || [ $((after - before)) -lt 12000 ] || fail "$before kB became $after kB"
at left ping -n -q -i 0.05 -c 20 -W 2 10.7.0.2 >pings.log || fail "pings: $(cat pings.log)"
grep -q " 0% packet loss" pings.log || fail "pings: $(cat pings.log)"
ok "a reader that stands still costs $((after - before)) kB, and no ping"

# It reads again: all that was kept, and the numbers of what was not.
cat <slow.fifo >slow.pcapng 7<&- &
READER=$!
exec 7<&-
kill -INT $CAPTURING
wait $CAPTURING || fail "exit $?: $(cat slow.err)"
wait $READER
dropped=$(sed -n 's/.* captured, \([0-9]*\) dropped by the instance/\1/p' slow.err)
[ "${dropped:-0}" -gt 1000 ] || fail "dropped: $(cat slow.err)"
packets=$(tshark -n -r slow.pcapng 2>/dev/null | wc -l)
grep -q "^xtunnel: $packets packets captured" slow.err || fail "$packets in the file: $(cat slow.err)"
size=$(stat -c %s slow.pcapng)
[ "$size" -lt 8000000 ] || fail "the file has $size bytes"
"$PYTHON" - "$dropped" <<'EOT' || fail "the statistics of the file say something else than $dropped"
import struct, sys
data, at, lost = open("slow.pcapng", "rb").read(), 0, 0
while at < len(data):
    kind, size = struct.unpack_from("<II", data, at)
    if kind == 5:
        option = at + 20
        while True:
            code, length = struct.unpack_from("<HH", data, option)
            if code == 5:
                lost += struct.unpack_from("<Q", data, option + 4)[0]
            if code == 0:
                break
            option += 4 + (length + 3) // 4 * 4
    at += size
sys.exit(lost != int(sys.argv[1]))
EOT
ok "$packets packets in the file, $dropped dropped, as its statistics say"
both_families left 2
instances_stop
