# SPDX-License-Identifier: MIT
# A wire on which large datagrams vanish without an ICMP error, and left and right on it; sourced
# after lib.sh by the tests of the path's MTU. $1: IMPLEMENTATION-FAMILY, the peer on the right and
# IPv4 or IPv6 outside.
#
# shellcheck shell=bash disable=SC2034,SC2154
. "$SOURCE/tests/e2e/implementations.sh"
IFS=- read -r peer outer <<<"${1:-xtunnel-4}"
[ "$peer" = xtunnel ] || implementation_find "$peer"
command -v nft >/dev/null || skip "no nft"
hosts_link
for side in left right; do
	ip -n $side link set wire gso_max_segs 1 # one datagram a frame, as nft counts them
done
L=$L4 R=$R4 overhead=60
[ "$outer" = 4 ] || { L=$L6 R=$R6 overhead=80; }
configs_write "$L" "$R"

# hole SIZE: datagrams above it vanish, in both directions, as their outer IP length counts
hole() {
	for side in left right; do
		at $side nft -f - <<-EOF || skip "no nft ingress"
			table netdev hole {}
			delete table netdev hole
			table netdev hole {
				chain in {
					type filter hook ingress device "wire" priority 0;
					ether type { ip, ip6 } meta length > $1 counter drop
				}
			}
		EOF
	done
}
# passes SIZE: the largest packet that a path of SIZE carries
passes() {
	if [ $(($1 - overhead)) -ge 1420 ]; then echo 1420; else echo $((($1 - overhead) / 16 * 16)); fi
}
path() { json left left ".peers[0].path_mtu // 0"; }
path_is() { [ "$(path)" = "$1" ]; }
source_is() { [ "$(json left left ".peers[0].path_mtu_source // \"none\"")" = "$1" ]; }
# restart: left with a new session
restart() {
	[ -z "${PID[left]:-}" ] || stop left
	start left
	pings left 10.7.0.2 || "${1:-fail}" "no answer: $(cat ping.log)"
}
# path_new SIZE: a path of that size, and left with a new session on it
path_new() {
	hole "$1"
	restart
}

sent() { at left wg show left transfer | cut -f3; }
# stream_runs BYTES: waits until left has sent so many more
stream_runs() {
	local goal=$(($(sent) + $1))
	far() { [ "$(sent)" -gt "$goal" ]; }
	await 20 "a stream" far
}
