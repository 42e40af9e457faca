#!/bin/bash
# SPDX-License-Identifier: MIT
# Every offload × every AEAD backend × one and two threads, each against another combination: four
# TCP streams at once, UDP and ping arrive unaltered, nothing is dropped, and each instance reports
# the combination that was requested.
# labels: long
# timeout: 300
. "$(dirname "$0")/lib.sh"
tunnel_prepare
mapfile -t aeads < <("$SOURCE/scripts/backends" "$XT_BIN")
[ ${#aeads[@]} -gt 0 ] || fail "no backends"
offloads=(all off tun udp)
bytes=3000000
[ -z "$XT_SANITIZE" ] || bytes=1000000

# The servers outlive the instances.
for side in left right; do
	for verb in "tcp-serve 5001 0" "udp-serve 5002"; do
		: >"$side.${verb%%-*}"
		# shellcheck disable=SC2086
		flow $side $verb >"$side.${verb%%-*}" 2>>serve.log &
		await 5 "a server" has ready "$side.${verb%%-*}"
	done
done

offload_words() { # what `show` reports for an offload on a kernel that has all
	case $1 in
	all) echo "tso uso gso gro" ;;
	tun) echo "tso uso" ;;
	udp) echo "gso gro" ;;
	*) echo off ;;
	esac
}
starts=0
start_as() { # start_as SIDE OFFLOAD AEAD THREADS: every third one writes to its TUN without io_uring
	local reported words uring=auto
	[ $((++starts % 3)) != 0 ] || uring=off
	XT_OFFLOAD=$2 XT_AEAD=$3 WG_THREADS=$4 XT_URING=$uring start "$1"
	reported=$(json "$1" "$1" '"\(.aead) \(.threads) \(.offload)"')
	words=$(offload_words "$2")
	# An older kernel has no USO.
	[ "$reported" = "$3 $4 $words" ] || [ "$reported" = "$3 $4 ${words/ uso/}" ] ||
		fail "$1 reports $reported, not $3 $4 $words"
}
# Both families and both directions at once.
streams() {
	local to from n=0 pids=()
	for to in 10.7.0.2 fd07::2 10.7.0.1 fd07::1; do
		case $to in *2) from=left ;; *) from=right ;; esac
		flow $from tcp-send $to 5001 $bytes >tcp.$n.log 2>&1 &
		pids[n]=$!
		n=$((n + 1))
	done
	for n in 0 1 2 3; do wait "${pids[n]}" || fail "$what: TCP: $(tail -n 3 tcp.$n.log)"; done
}

# combination LEFT RIGHT, each as "OFFLOAD AEAD THREADS"
combination() {
	local before side to verdict
	what="$1 with $2"
	# shellcheck disable=SC2086
	start_as left $1
	# shellcheck disable=SC2086
	start_as right $2
	before=$(($(checksum_errors left) + $(checksum_errors right)))
	both_families left 2
	streams
	for to in 10.7.0.2 fd07::2; do
		flow left udp-sizes $to 5002 0-1500:75,1380-1400,9000,65507 >sizes.log 2>&1 ||
			fail "$what: UDP to $to: $(cat sizes.log)"
		pings right "${to%2}1" -s 9000 || fail "$what: ping: $(cat ping.log)"
	done
	[ $(($(checksum_errors left) + $(checksum_errors right))) = "$before" ] ||
		fail "$what: checksums or headers wrong"
	for side in left right; do
		for verdict in drop_auth drop_replay drop_message; do
			[ "$(verdict $side $side $verdict)" = 0 ] ||
				fail "$what: $side: $verdict: $(verdict $side $side $verdict)"
		done
		[ "$(json $side $side .offload_fallbacks)" = 0 ] || fail "$what: $side fell back"
		stop $side
	done
}

n=${#aeads[@]}
for o in 0 1 2 3; do
	for a in "${!aeads[@]}"; do
		# Never the same offload, nor the same backend if there are two.
		other="${offloads[(o + 1 + a % 3) % 4]} ${aeads[n > 1 ? (a + 1 + o % (n - 1)) % n : 0]}"
		counts="1 2"
		[ -z "$XT_SANITIZE" ] || counts=$((1 + (o / 2 + a) % 2)) # one of the two has two
		for threads in $counts; do
			combination "${offloads[o]} ${aeads[a]} $threads" "$other $((3 - threads))"
		done
	done
	ok "XT_OFFLOAD ${offloads[o]} with backends ${aeads[*]}, one thread to two"
done
