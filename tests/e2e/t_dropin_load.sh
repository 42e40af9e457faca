#!/bin/bash
# SPDX-License-Identifier: MIT
# The configuration socket under load: many clients, long requests, clients that stall, no
# descriptors left.
# timeout: 300
# waits
. "$(dirname "$0")/lib.sh"
tunnel_prepare
start_bare left
pid=$(tunnel_process "${PID[left]}")
wait_idle() { awaits 5 eval "[ \$(fds $pid) -le $before ]" || fail "$before descriptors became $(fds "$pid")"; }
at left wg set left private-key <(echo "$KEY_left") || fail "a key" # the instance keeps the state file open
before=$(fds "$pid")

cat >client.py <<'EOF2'
import fcntl, os, socket, struct, sys, termios, time
PATH = "/run/wireguard/left.sock"
def dial():
    s = socket.socket(socket.AF_UNIX); s.connect(PATH); s.settimeout(60); return s
def receive(s, n=1):
    data = b""
    while data.count(b"errno=") < n or not data.endswith(b"\n\n"):
        more = s.recv(1 << 20)
        if not more: break
        data += more
    return data
def ask(text):
    s = dial(); s.sendall(text); r = receive(s); s.close(); return r
def await_stable(measure):  # until measure() has not changed for 0.3 s
    last, since = measure(), time.time()
    while time.time() - since < 0.3:
        time.sleep(0.02)
        now = measure()
        if now != last: last, since = now, time.time()
    return last
def unread(s): return struct.unpack("i", fcntl.ioctl(s, termios.FIONREAD, b"    "))[0]
def key(i, j=0): return "%064x" % (i * 65536 + j + 1)
def check(ok, text):
    if not ok: sys.exit("FAIL: " + text)
EOF2

at left "$PYTHON" - <<'EOF2' || fail "100 clients"
import sys; sys.path.insert(0, ".")
from client import *
import threading
clients = [dial() for _ in range(100)]
wrong = []
def talk(i):
    s = clients[i]
    for k in range(20):
        s.sendall(b"set=1\npublic_key=%s\npersistent_keepalive_interval=%d\nallowed_ip=10.%d.%d.0/24\n\n"
                  % (key(i).encode(), k + 1, i, k))
        r = receive(s)
        if r != b"errno=0\n\n": wrong.append(r)
        s.sendall(b"get=1\n\n")
        if key(i).encode() not in receive(s): wrong.append(b"no peer")
threads = [threading.Thread(target=talk, args=(i,)) for i in range(100)]
[t.start() for t in threads]; [t.join() for t in threads]
check(not wrong, repr(wrong[:3]))
r = ask(b"get=1\n\n")
check(r.count(b"public_key=") == 100 and r.count(b"allowed_ip=") == 2000, "100 peers with 20 networks each")
check(r.count(b"interval=20\n") == 100, "the last keepalive of each")
check(ask(b"set=1\nreplace_peers=true\n\n") == b"errno=0\n\n", "the end")
EOF2
wait_idle
ok "100 clients at once, 2,000 changes, none lost"

at left "$PYTHON" - <<'EOF2' || fail "pipelining"
import sys; sys.path.insert(0, ".")
from client import *
s = dial()
s.sendall(b"".join(b"set=1\nfwmark=%d\n\nget=1\n\n" % (i + 1) for i in range(500)))
data = b""
s.settimeout(20)
while data.count(b"errno=0\n\n") < 1000: data += s.recv(1 << 20)
check([int(l[7:]) for l in data.decode().split("\n") if l.startswith("fwmark=")] == list(range(1, 501)), "order")
s.close()
s = dial()   # requests, then a half close
s.sendall(b"set=1\nfwmark=7\n\n" + 50 * b"get=1\n\n"); s.shutdown(socket.SHUT_WR)
data = b""
while True:
    more = s.recv(1 << 20)
    if not more: break
    data += more
check(data.count(b"errno=0\n\n") == 51, "half closed: %d answers" % data.count(b"errno=0"))
for text in (b"set=1\nprivate_key=" + b"11" * 32 + b"\nfwmark=9\n\n",):   # byte by byte
    s = dial()
    for i in range(len(text)): s.send(text[i:i + 1])
    check(receive(s) == b"errno=0\n\n", "byte by byte")
EOF2
wait_idle
ok "1,000 requests in one write; half closed; byte by byte"

at left "$PYTHON" - <<'EOF2' || fail "clients that stall"
import sys; sys.path.insert(0, ".")
from client import *
stalled = []
for i in range(30):
    s = dial(); s.sendall(b"set=1\nfwmark=99\npublic_key=" + key(i).encode()); stalled.append(s)
for i in range(5):
    s = dial(); stalled.append(s); s.sendall(b"get")
start = time.time()
for i in range(20): check(ask(b"get=1\n\n").endswith(b"errno=0\n\n"), "others are held up")
check(time.time() - start < 5, "others are held up")
idle = dial()
for s in stalled:
    s.settimeout(40)
    try: check(s.recv(1) == b"", "an answer")
    except ConnectionResetError: pass
check(8 < time.time() - start < 40, "cut off after %.1f s" % (time.time() - start))
check(b"fwmark=99" not in ask(b"get=1\n\n"), "half a request was applied")
idle.sendall(b"get=1\n\n"); check(receive(idle).endswith(b"errno=0\n\n"), "a client that is idle between requests was cut off")
EOF2
wait_idle
ok "a client that stalls within a request is cut off and delays no other; an idle one is kept"

at left "$PYTHON" - <<'EOF2' || fail "long requests"
import sys; sys.path.insert(0, ".")
from client import *
text = b"set=1\nreplace_peers=true\npublic_key=" + key(1).encode() + b"\n"
text += b"".join(b"allowed_ip=10.%d.%d.0/24\n" % (i >> 8, i & 255) for i in range(65536)) + b"\n"
start = time.time(); check(ask(text) == b"errno=0\n\n", "65,536 networks")
print("65,536 allowed IPs: %.2f s" % (time.time() - start))
check(ask(b"get=1\n\n").count(b"allowed_ip=") == 65536, "65,536 networks")
text = b"set=1\nreplace_peers=true\n" + b"".join(
    b"public_key=%s\nreplace_allowed_ips=true\nallowed_ip=10.%d.%d.%d/32\n"
    % (key(2, i).encode(), i >> 16, (i >> 8) & 255, i & 255) for i in range(10000)) + b"\n"
start = time.time(); check(ask(text) == b"errno=0\n\n", "10,000 peers")
print("10,000 peers: %.2f s" % (time.time() - start))
start = time.time(); r = ask(b"get=1\n\n"); check(r.count(b"public_key=") == 10000, "10,000 peers")
print("get: %.2f s" % (time.time() - start))
s = dial()   # a set behind answers that are not read yet
s.sendall(b"get=1\n\nget=1\n\nset=1\nfwmark=4242\n\nget=1\n\n")
await_stable(lambda: unread(s))
r = receive(s, 4)
check(r.count(b"errno=0\n\n") == 4 and r.count(b"fwmark=4242\n") == 1, "a set that was held back")
s.close()
slow = []
for i in range(100):   # 100 clients that request 3 MB each, repeatedly, and read nothing
    s = dial(); s.sendall(20 * b"get=1\n\n"); slow.append(s)
for s in slow: s.close()
check(ask(b"get=1\n\n").count(b"public_key=") == 10000, "after the slow ones")
check(ask(b"set=1\nreplace_peers=true\n\n") == b"errno=0\n\n", "the end")
EOF2
wait_idle
ok "65,536 networks in one request, 10,000 peers, 100 clients that do not read"

# Unread answers take a bounded amount of memory.
at left "$PYTHON" - "$pid" <<'EOF2' || fail "slow readers"
import sys; sys.path.insert(0, ".")
from client import *
text = b"set=1\nreplace_peers=true\n" + b"".join(b"public_key=%s\n" % key(2, i).encode() for i in range(10000)) + b"\n"
check(ask(text) == b"errno=0\n\n", "10,000 peers")
def rss(): return max(int(l.split()[1]) for l in open("/proc/%s/status" % sys.argv[1]) if l.startswith("VmRSS"))
low = rss()
slow = []
for i in range(200):
    s = dial(); s.sendall(20 * b"get=1\n\n"); slow.append(s)
await_stable(lambda: sum(unread(s) for s in slow))
high = await_stable(rss)
print("%d kB before, %d kB with 200 readers that do not read 60 MB each" % (low, high))
check("XT_SANITIZE" in os.environ and os.environ["XT_SANITIZE"] or high - low < 250000, "%d kB more" % (high - low))
for s in slow: s.close()
r = ask(b"set=1\nreplace_peers=true\n\n")
check(r == b"errno=0\n\n", "the end: %r" % r)
EOF2
wait_idle
ok "unread answers take bounded memory"

# No free descriptors, then some again: of the process that serves, and of the one that opens
# sockets for it.
# Limits of another user's process take CAP_SYS_RESOURCE.
few() { prlimit --pid "$1" --nofile="$2:$(awk '/Max open files/ {print $5}' "/proc/$1/limits")" 2>/dev/null; }
limit=$(awk '/Max open files/ {print $4}' "/proc/$pid/limits")
if few "$pid" $((before + 3)); then
at left "$PYTHON" - "$pid" <<'EOF2' || fail "without descriptors"
import sys; sys.path.insert(0, ".")
from client import *
many = []
for i in range(60):
    try: many.append(dial())
    except OSError: pass
def fds(): return len(os.listdir("/proc/%s/fd" % sys.argv[1]))
await_stable(fds)
for s in many: s.close()
await_stable(fds)
check(ask(b"get=1\n\n").endswith(b"errno=0\n\n"), "get")
r = ask(b"set=1\nlisten_port=51888\n\n")
print("a port without descriptors:", r)
check(r in (b"errno=0\n\n", b"errno=-24\n\n"), "listen_port: %r" % r)
EOF2
few "$pid" "$limit" || fail "prlimit"
at left wg set left listen-port 51889 || fail "it does not recover"
[ "$(at left wg show left listen-port)" = 51889 ] || fail "port $(at left wg show left listen-port)"
fi
if [ "$pid" != "${PID[left]}" ]; then
	monitor=${PID[left]}
	limit=$(awk '/Max open files/ {print $4}' "/proc/$monitor/limits")
	few "$monitor" $(($(fds "$monitor") + 1)) || fail "prlimit"
	at left wg set left listen-port 51890 2>/dev/null && fail "a port without descriptors"
	few "$monitor" "$limit" || fail "prlimit"
	at left wg set left listen-port 51891 || fail "the monitor does not recover"
fi
ok "without descriptors nothing dies"
