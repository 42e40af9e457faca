#!/bin/bash
# SPDX-License-Identifier: MIT
# An answer goes out while it is made: metrics that are read while reloads change every peer are
# those of before or of after one, never half; and a client that goes, or reads slowly, holds
# nothing up.
. "$(dirname "$0")/lib.sh"
PEERS=3000
tunnel_prepare
"$PYTHON" - $PEERS >peers.conf <<'END'
import base64, hashlib, sys
for i in range(int(sys.argv[1])):
    key = base64.b64encode(hashlib.sha256(b"peer %d" % i).digest()).decode()
    print(f"[Peer]\nPublicKey = {key}\n#: Name = before\nAllowedIPs = 10.9.{i >> 8}.{i & 255}/32")
END
cp left.conf head.conf
write() { # write NAME: every peer is called so
	sed "s/Name = before/Name = $1/" peers.conf | cat head.conf - >left.new
	mv left.new left.conf
}
write before
start left
metrics() { at left "$XT_BIN" metrics left; }
names() { # names FILE: how many peers have which name, in one line
	sed -n 's/^xtunnel_peer_why{.*,name="\([a-z][a-z]*\)",.*/\1/p' "$1" | sort | uniq -c |
		awk '{ printf "%s %s ", $1, $2 } END { print "" }'
}

metrics >first.prom || fail "metrics"
[ "$(names first.prom)" = "$PEERS before " ] || fail "before a reload: $(names first.prom)"
: >seen
(
	while [ ! -e stop ]; do
		metrics >round.prom 2>err || { cp err broken; break; }
		names round.prom >>seen
	done
) &
reader=$!
for name in after before after before after; do
	write $name
	at left "$XT_BIN" reload left >out 2>err || fail "reload: $(cat out err)"
	lines=$(wc -l <seen)
	more() { [ -e broken ] || [ "$(wc -l <seen)" -gt "$lines" ]; }
	await 30 "metrics after a reload" more
done
touch stop
wait $reader
[ ! -e broken ] || fail "metrics during a reload: $(cat broken)"
grep -vxE "$PEERS (before|after) " seen && fail "half a state: $(sort seen | uniq -c)"
for name in before after; do
	grep -qx "$PEERS $name " seen || fail "no metrics with the names $name: $(sort seen | uniq -c)"
done
ok "metrics during reloads: the state before or after, $(wc -l <seen) times"

# One that reads the first bytes and then nothing, and others that go at once.
at left "$PYTHON" - /run/xtunnel/left.sock >slow.log 2>&1 <<'END' &
import json, os, socket, sys, time
def ask():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(b'{"do":"show","protocol":1,"brief":true}\n')
    return s
for _ in range(20):
    s = ask()
    s.recv(1000)
    s.close()
s = ask()
text = s.recv(1000)
open("slow", "w").close()
for _ in range(1000):
    if os.path.exists("go"):
        break
    time.sleep(0.01)
n, more = 0, True
while more:
    while b"\n" not in text:
        part = s.recv(4096)
        assert part, "the answer is not whole"
        text += part
    line, text = text.split(b"\n", 1)
    part = json.loads(line)
    n += len(part.get("peers", []))
    more = part.get("more", False)
print(n)
END
slow=$!
await 30 "a client that reads slowly" test -e slow
metrics >second.prom || fail "metrics beside a client that reads slowly"
[ "$(names second.prom)" = "$PEERS after " ] || fail "beside a slow client: $(names second.prom)"
touch go
wait $slow || fail "the slow client: $(cat slow.log)"
[ "$(cat slow.log)" = $((PEERS + 1)) ] || fail "the slow client got $(cat slow.log) peers"
ok "a client that reads slowly gets all, and the others wait for nothing"

# A client that states no protocol gets one line, as ever.
at left "$PYTHON" - /run/xtunnel/left.sock >line.json <<'END' || fail "one line"
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'{"do":"show"}\n')
s.shutdown(socket.SHUT_WR)
while part := s.recv(1 << 20):
    sys.stdout.buffer.write(part)
END
[ "$(wc -l <line.json)" = 1 ] || fail "$(wc -l <line.json) lines"
[ "$("$PYTHON" -c 'import json; print(len(json.load(open("line.json"))["peers"]))')" = $((PEERS + 1)) ] ||
	fail "not all peers in one line"
stop left
ok "a client that states no protocol gets the answer in one line"
