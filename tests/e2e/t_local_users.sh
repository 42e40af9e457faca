#!/bin/bash
# SPDX-License-Identifier: MIT
# Another local user cannot pose as one of root's instances, hold root's verbs up, fill their memory
# or write to their terminal; and cannot end an instance that it may only observe.
# shellcheck disable=SC2086
. "$(dirname "$0")/lib.sh"
[ "$(awk '{print $3; exit}' /proc/self/uid_map)" -gt 65534 ] || skip "one user only in this namespace"
id nobody >/dev/null 2>&1 || skip "no user nobody"
tunnel_prepare
# /tmp of this test alone, with the test's folder in it; the program may be below /tmp as well
install -m 755 "$XT_BIN" /run/xtunnel.bin && XT_BIN=/run/xtunnel.bin
mkdir /run/folder
mount --bind "$T" /run/folder
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p "$T"
mount --bind /run/folder "$T"
cd "$T" || fail "no folder"
IN_LEFT="ip netns exec left"

cat >squat.py <<'EOF'
"""squat.py UID PATH HOW: listen at PATH as UID, and answer: silent, full, large, control."""
import os, socket, sys, time
uid, path, how = int(sys.argv[1]), sys.argv[2], sys.argv[3]
os.umask(0)
os.setgid(uid)
os.setuid(uid)
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(0 if how == "full" else 16)
held = []
if how == "full":
    for _ in range(4):
        c = socket.socket(socket.AF_UNIX)
        c.setblocking(False)
        try:
            c.connect(path)
        except BlockingIOError:
            break
        held.append(c)
open("squat.ready", "w") if uid == 0 else print("ready", flush=True)
while how == "full" or how == "sleep":
    time.sleep(100)
while True:
    c, _ = s.accept()
    held.append(c)
    try:
        if how == "large":
            c.sendall(b'{"peers":[' + b"{}," * 20000000)
        if how == "control":
            c.sendall(b'{"error":"\xc2\x9b31m\x1b[2J\xe2\x80\xae","code":-5002,"protocol":1}\n')
    except OSError:
        pass
EOF

squat() { # squat UID PATH HOW
	rm -f "$2" squat.log
	$PYTHON squat.py "$1" "$2" "$3" >squat.log 2>&1 &
	SQUATTER=$!
	await 5 "the listener" eval '[ -s squat.log ] || [ -e squat.ready ]'
	rm -f squat.ready
}

squat_end() {
	kill -9 $SQUATTER 2>/dev/null
	wait $SQUATTER 2>/dev/null
}

# bounded CODE CMD...: ends within 15 s with CODE, in 600 MB of address space, and prints no control
# character
bounded() {
	local code=$1 got
	shift
	([ -n "$XT_SANITIZE" ] || ulimit -v 600000; exec timeout -k 1 15 "$@") >out 2>err </dev/null
	got=$?
	[ $got = "$code" ] || fail "$*: exit $got, not $code: $(cat out err)"
	LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' out err &&
		fail "$*: control characters: $(od -c err | head)"
	return 0
}

# --- places that are not root's ---
mkdir -m 777 /tmp/xtunnel-0 /tmp/xdg /tmp/xdg/xtunnel
for how in full silent large control; do
	for dir in /tmp/xtunnel-0 /tmp/xdg/xtunnel; do
		squat 65534 $dir/wg7.sock $how
		export XDG_RUNTIME_DIR=/tmp/xdg
		bounded 3 $IN_LEFT "$XT_BIN" show wg7
		bounded 3 $IN_LEFT "$XT_BIN" down wg7
		bounded 0 $IN_LEFT "$XT_BIN" show
		squat_end
	done
done
squat 65534 /tmp/xtunnel-0/left.sock silent
start left
stop left
squat_end
unset XDG_RUNTIME_DIR
rm -rf /tmp/xtunnel-0 /tmp/xdg
ok "root looks in no directory of another user"

# --- a directory that others may write, and a foreign one ---
mkdir -m 755 /tmp/foreign
chown nobody /tmp/foreign
squat 65534 /tmp/foreign/left.sock control
for verb in "show left" show "down left" "up left.conf" "run left.conf"; do
		bounded 1 $IN_LEFT env XT_RUN_DIR=/tmp/foreign "$XT_BIN" $verb
	grep -q "belongs to user 65534" err || fail "$verb: $(cat err)"
done
squat_end
ok "a run directory of another user is refused with the reason"

chmod 1777 /run/xtunnel
squat 65534 /run/xtunnel/left.sock silent
for verb in "show left" show "down left" "up left.conf" "run left.conf"; do
		bounded 1 $IN_LEFT "$XT_BIN" $verb
	grep -q "/run/xtunnel: other users may write to this directory (mode 1777)" err ||
		fail "$verb: $(cat err)"
	grep -q "chmod 755 /run/xtunnel" err || fail "$verb: no remedy: $(cat err)"
done
at left ip link show left >/dev/null 2>&1 && fail "an interface is left"
squat_end
chmod 755 /run/xtunnel
ok "/run/xtunnel of mode 1777 is refused with the command that mends it"

# A listener of another user, in a directory that was open when it began.
chmod 777 /run/xtunnel
squat 65534 /run/xtunnel/left.sock large
chmod 755 /run/xtunnel
chown root /run/xtunnel/left.sock
bounded 1 $IN_LEFT "$XT_BIN" show left
grep -q "belongs to another user" err || fail "$(cat err)"
squat_end
rm -f /run/xtunnel/left.sock
ok "a listener that is not root's is refused"

# --- root's own listener that misbehaves: no hang, no memory, nothing on the terminal ---
for how in silent full large control; do
	squat 0 /run/xtunnel/left.sock $how
	bounded 1 $IN_LEFT "$XT_BIN" show left
	bounded 1 $IN_LEFT "$XT_BIN" save left
	squat_end
	rm -f /run/xtunnel/left.sock
done
ok "silence ends after 10 s, a large answer is refused, control characters are replaced"

# --- rights: a user whom the socket lets in sees the state and nothing more ---
start left
chmod 666 /run/xtunnel/left.sock
cat >ask.py <<'EOF'
import json, os, socket, sys
os.setgid(65534)
os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect("/run/xtunnel/left.sock")
s.sendall(json.dumps({"do": sys.argv[1]}).encode() + b"\n")
print(s.makefile().readline())
EOF
$PYTHON ask.py show | grep '"peers"' >/dev/null || fail "an observer sees no state"
$PYTHON ask.py why | grep '"sentence"' >/dev/null || fail "an observer does not learn why"
for verb in down save ping wait other; do
	$PYTHON ask.py $verb | grep '"code": *-13' >/dev/null || fail "$verb: $($PYTHON ask.py $verb)"
done
at left "$XT_BIN" show left >/dev/null || fail "an observer ended the instance"
rss() { awk '/^VmRSS/ {print $2}' "/proc/${PID[left]}/status"; }
before=$(rss)
cat >line.py <<'EOF'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect("/run/wireguard/left.sock")
try:
    s.sendall(b"set=1\n" + b"x" * int(sys.argv[1]))
except (BrokenPipeError, ConnectionResetError):
    pass
reply = b""
try:
    while part := s.recv(4096):
        reply += part
except ConnectionResetError:
    pass
sys.exit(reply != b"errno=-22\n\n")
EOF
for bytes in 8193 65536 8000000 8000000 8000000; do
	$PYTHON line.py $bytes || fail "a line of $bytes bytes is not refused"
done
[ -n "$XT_SANITIZE" ] || [ $(($(rss) - before)) -lt 1024 ] || fail "$before kB became $(rss) kB"
at left wg show left >/dev/null || fail "wg show"
ok "a UAPI line without an end is refused and costs no memory"

stop left
ok "an observer sees the state and changes nothing"
