#!/bin/bash
# SPDX-License-Identifier: MIT
# The demo prints what it shows and leaves nothing behind, also when it is interrupted.
# labels: datapath
# timeout: 200
. "$(dirname "$0")/lib.sh"
export XT_BIN XT_DEMO_MB=5 TMPDIR=$T NO_COLOR=1
picture() {
	ls /run/netns /run/xtunnel /run/wireguard
	ip -br link
	ls -d "$T"/xtunnel-demo.*
	pgrep -a -f "xtunnel run|flow.py"
} 2>&1
picture >before
"$SOURCE/scripts/demo" >demo.out 2>demo.log || fail "demo: $(cat demo.log)"
for text in "icmp_seq=3.*time=" "bytes from fd07::2" "5000000 bytes" "on both sides" \
	" 0 of any other kind" "occurs 0 times" "latest handshake" "removed again"; do
	grep -q "$text" demo.out || fail "the output has no '$text': $(cat demo.out)"
done
picture | diff before - >diff.log || fail "the demo leaves: $(cat diff.log)"
ok "its output; nothing left"

for moment in "a wire between" "fresh keys" "observer records" "Ping from" "over TCP"; do
	setsid "$SOURCE/scripts/demo" >demo.out 2>demo.log </dev/null &
	demo=$!
	await 20 "the moment '$moment'" has "$moment" demo.out
	kill -TERM $demo
	await 10 "its end" gone $demo
	wait $demo && fail "interrupted at '$moment' it exits with 0"
	picture | diff before - >diff.log || fail "interrupted at '$moment' it leaves: $(cat diff.log)"
	ok "interrupted at '$moment': nothing left"
done

demos=()
for i in 1 2 3; do
	"$SOURCE/scripts/demo" >demo.$i.out 2>demo.$i.log </dev/null &
	demos+=($!)
done
for i in 1 2 3; do
	wait "${demos[$((i - 1))]}" || fail "demo $i of three at once: $(cat demo.$i.out demo.$i.log)"
done
picture | diff before - >diff.log || fail "three demos at once leave: $(cat diff.log)"
ok "three demos at once do not disturb each other"

netns_add left
"$SOURCE/scripts/demo" >demo.out 2>demo.log || fail "with a namespace left: $(cat demo.log)"
grep -q "are in use here" demo.out || fail "it does not report that names are taken: $(head -n 3 demo.out)"
[ -e /run/netns/left ] || fail "a namespace of another owner was removed"
ok "names that are taken: it reports that and uses others"
