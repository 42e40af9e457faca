#!/bin/bash
# SPDX-License-Identifier: MIT
# What takes longer than a second shows on a terminal how far it is; and nothing anywhere else.
# timeout: 180
. "$(dirname "$0")/lib.sh"
cat >terminal.py <<'EOF'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = sys.argv[1]
    os.execv(sys.argv[2], sys.argv[2:])
try:
    while data := os.read(fd, 4096):
        sys.stdout.buffer.write(data)
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF
tunnel_start
for i in 1 2; do
	at left wg set left peer "$("$XT_BIN" genkey | "$XT_BIN" pubkey)" endpoint 198.18.0.9:$i \
		allowed-ips 10.99.0.$i/32 || fail "a peer that does not answer"
done

"$PYTHON" terminal.py xterm "$XT_BIN" wait left --timeout 4 >out 2>err
code=$?
[ $code = 5 ] || fail "wait: exit $code: $(cat -v out err)"
grep -qE $'\r\e\\[Kleft: 1 of 3 peers up, [0-9.]+/s, [0-9]+ s left, waits for [123] s more' out ||
	fail "no progress of wait: $(cat -v out)"
grep -q $'\r\e\\[K.*2 of 3 peers not up' <(tr '\n' ' ' <out) || fail "no result: $(cat -v out)"
ok "wait: how many are up, the rate, the time left"

"$PYTHON" terminal.py xterm "$XT_BIN" wait left "$(at right wg show right public-key)" >out 2>err || fail "wait for one: $(cat -v out err)"
grep -q $'\e\\[K' out && fail "progress of what took no time: $(cat -v out)"
"$XT_BIN" wait left --timeout 2 >out 2>&1 </dev/null
grep -q $'\e' out && fail "progress without a terminal: $(cat -v out)"
"$PYTHON" terminal.py dumb "$XT_BIN" wait left --timeout 2 >out 2>err
grep -q $'\e' out && fail "progress on a dumb terminal: $(cat -v out)"
ok "nothing in less than a second, without a terminal, on a dumb one"

# A start with many routes; those of a network need an address each. As many as take this host some
# seconds.
many_make() { # many_make N
	"$PYTHON" - "$1" >many.conf <<'EOF'
import base64, random, sys
random.seed(7)
key = lambda: base64.b64encode(random.randbytes(32)).decode()
print(f"[Interface]\nPrivateKey = {key()}\nListenPort = 51899\nAddress = 10.99.0.1/32")
for i in range(int(sys.argv[1])):
    print(f"[Peer]\nPublicKey = {key()}\nAllowedIPs = 10.{100 + i // 65536}.{i // 256 % 256}.{i % 256}/32")
EOF
	chmod 600 many.conf
}
for peers in ${XT_PROGRESS_PEERS:-60000 180000 540000}; do
	many_make "$peers"
	begun=$(now_ms)
	at left "$PYTHON" terminal.py xterm "$XT_BIN" up ./many.conf >out 2>err || fail "up: $(cat -v out err)"
	[ $(($(now_ms) - begun)) -lt 2500 ] || break
	[ ! -s out ] || break
	at left "$XT_BIN" down many || fail "down of $peers peers"
done
grep -qE $'\r\e\\[Kmany: [0-9]+ of '"$peers"' (routes|peers), [0-9.]+/s, [0-9]+ s left' out ||
	fail "no progress of up: $(cat -v out)"
tail -c 20 out | grep -q $'\r\e\\[K$' || fail "the line is not removed: $(tail -c 300 out | cat -v)"
at left "$XT_BIN" down many || fail "down of many peers"
at left "$XT_BIN" up ./many.conf >out 2>&1 </dev/null || fail "up without a terminal: $(cat out)"
[ ! -s out ] || fail "up without a terminal prints $(cat -v out)"
at left "$XT_BIN" down many || fail "down of many peers"
sed -i '16,$d' many.conf
at left "$PYTHON" terminal.py xterm "$XT_BIN" up ./many.conf >out 2>err || fail "up: $(cat -v out err)"
grep -q $'\e' out && fail "progress of a start that took no time: $(cat -v out)"
at left "$XT_BIN" down many
ok "up: how many peers and routes are there, the rate, the time left"
instances_stop
