#!/bin/bash
# SPDX-License-Identifier: MIT
# The control socket is removed, renamed or replaced while the instance runs: it is made again, so
# that every verb reaches the instance, and requests that are open go on.
. "$(dirname "$0")/lib.sh"
tunnel_start
sock=/run/xtunnel/left.sock

back() { # back WHAT
	await 5 "$1: show" at left "$XT_BIN" show left
	[ "$(stat -c %a $sock)" = 600 ] || fail "$1: mode $(stat -c %a $sock)"
	at left "$XT_BIN" ping left 10.7.0.2 -c1 >/dev/null || fail "$1: ping"
	ok "$1"
}

rm $sock
back "the socket is removed"
rm -r /run/xtunnel 2>/dev/null # may fail: the socket is back
back "its directory is removed"
mv $sock /run/elsewhere.sock
back "it is renamed"
mv /run/xtunnel /run/elsewhere
back "its directory is renamed"
for _ in 1 2 3 4 5; do rm -f $sock; done
back "it is removed again and again"

at left "$XT_BIN" ping left 10.7.0.2 -c 5 -i 0.3 >ping.verb 2>&1 &
ping=$!
await 5 "the first reply" has "seq=1" ping.verb
rm $sock
wait $ping || fail "ping: $(cat ping.verb)"
has "5 sent, 5 answered" ping.verb || fail "ping: $(cat ping.verb)"
ok "a ping that was running goes on"

: >/run/file && mv /run/file $sock # a file that is no socket is left
sleep 0.2
[ -f $sock ] || fail "another's file was replaced"
rm $sock
await 10 "show" at left "$XT_BIN" show left
ok "once another's file has gone, the socket is there"

rm -r /run/xtunnel 2>/dev/null # may fail: the socket is back
await 5 "show" at left "$XT_BIN" show left
at left "$XT_BIN" down left || fail "down"
instance_ended left
[ ! -e $sock ] || fail "the socket is left"
ok "down finds the instance and leaves no socket"
