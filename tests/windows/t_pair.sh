#!/bin/sh
# SPDX-License-Identifier: MIT
# t_pair.sh FOLDER [WINE]: two instances of the program (instances.sh). Pings pass both ways, and
# 100 MB arrive unchanged; show, why, reload and down are answered over named pipes; the interfaces
# have their addresses and routes, and lose them.
set -u
# shellcheck source=tests/windows/instances.sh
. "${0%/*}/instances.sh"

pair_make
instances_start "$a" "$b"
# shellcheck disable=SC2086
$wine "$folder/wintun_ping.exe" "$a" "$b" 20 100 || {
	failed=1
	tail -n 20 "$a.err" "$b.err"
}

expect 0 show "$a"
has out "sandbox: unconfined"
has out "$b"
expect 0 show "$a" dump
has out "$(cat "$b.pub")"
# One way 100 MB, the other way 10 MB, as both see it: received and sent of the peer's line.
for end in "$a" "$b"; do
	expect 0 show "$end" dump
	sed -n '2p' out | cut -f 6,7 | tr '\t' ' ' >"$end.bytes"
done
read -r received sent <"$a.bytes"
[ "$sent" -gt 104857600 ] && [ "$received" -gt 10485760 ] || {
	echo "$a: $received bytes received, $sent sent"
	failed=1
}
read -r received sent <"$b.bytes"
[ "$received" -gt 104857600 ] && [ "$sent" -gt 10485760 ] || {
	echo "$b: $received bytes received, $sent sent"
	failed=1
}
grep -q "^address 10.9.0.1/24 dev " network && grep -q "^address 10.9.0.2/24 dev " network || {
	echo "the interfaces lack an address:"
	cat network
	failed=1
}

expect 0 show "$a" --json
has out '"handshake'
expect 0 why "$a"
expect 0 metrics "$a"
expect 0 wait "$a" "$b" --timeout 20
sed 's/^AllowedIPs.*/&, 10.9.1.0\/24/' "$a.conf" >changed && cat changed >"$a.conf"
expect 0 reload "$a.conf"
expect 0 show "$a" allowed-ips
has out "10.9.1.0/24"
grep -q "^route 10.9.1.0/24 dev " network || {
	echo "a reload has set no route:"
	cat network
	failed=1
}
instances_end "$a" "$b"
expect 3 show "$a"
has network "no route 10.9.1.0/24 dev "
has network "no address 10.9.0.1/24 dev "
has network "no address 10.9.0.2/24 dev "
exit $failed
