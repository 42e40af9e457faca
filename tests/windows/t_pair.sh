#!/bin/sh
# SPDX-License-Identifier: MIT
# t_pair.sh FOLDER [WINE]: two instances of the program on loopback, by wine, each with an adapter
# of the double of wintun.dll. Pings pass both ways; show, why, the pipe for wg(8), reload and down
# are answered over named pipes. FOLDER has xtunnel_fake.exe, wintun_ping.exe and wintun.dll.
set -u
folder=$1
wine=${2:-}
work=$(mktemp -d)
failed=0
pids=''
# Names of pipes and adapters are the system's: another run may be going on.
a=wpa$(($$ % 100000)) b=wpb$(($$ % 100000))
port=$((20000 + $$ % 20000))
trap 'kill $pids 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
export XT_RUN_DIR="Z:$work/run" XT_STATE_DIR="Z:$work/state"
mkdir -m 700 run state

program() {
	# shellcheck disable=SC2086
	$wine "$folder/xtunnel_fake.exe" "$@"
}

expect() { # expect STATUS ARGUMENT…
	expected=$1
	shift
	program "$@" >out 2>err </dev/null
	status=$?
	[ "$status" = "$expected" ] && return
	echo "xtunnel $*: status $status, not $expected:"
	head -n 20 out err
	failed=1
}

has() { # has FILE TEXT
	grep -qF -- "$2" "$1" && return
	echo "$1 lacks: $2"
	head -n 40 "$1"
	failed=1
}

for end in "$a" "$b"; do
	program genkey >"$end.key"
	program pubkey <"$end.key" >"$end.pub"
done
conf() { # conf NAME PEER ADDRESS PEER_ADDRESS PORT PEER_PORT
	printf '%s\n' "[Interface]" "PrivateKey = $(cat "$1.key")" "Address = $3/24" \
		"ListenPort = $5" "" "[Peer]" "#: Name = $2" "PublicKey = $(cat "$2.pub")" \
		"AllowedIPs = $4/32" "Endpoint = 127.0.0.1:$6" >"$1.conf"
	chmod 600 "$1.conf"
}
conf "$a" "$b" 10.9.0.1 10.9.0.2 "$port" $((port + 1))
conf "$b" "$a" 10.9.0.2 10.9.0.1 $((port + 1)) "$port"
for end in "$a" "$b"; do
	program run "$end.conf" >"$end.out" 2>"$end.err" </dev/null &
	pids="$pids $!"
done

# An instance answers as soon as it listens.
for end in "$a" "$b"; do
	for _ in $(seq 60); do
		program show "$end" --json >out 2>err </dev/null && break
		sleep 0.5
	done
done
# shellcheck disable=SC2086
$wine "$folder/wintun_ping.exe" "$a" "$b" 20 || {
	failed=1
	tail -n 20 "$a.err" "$b.err"
}

expect 0 show "$a"
has out "sandbox: unconfined"
has out "$b"
expect 0 show "$a" dump
has out "$(cat "$b.pub")"
expect 0 show "$a" --json
has out '"handshake'
expect 0 why "$a"
expect 0 metrics "$a"
expect 0 wait "$a" "$b" --timeout 20
sed 's/^AllowedIPs.*/&, 10.9.1.0\/24/' "$a.conf" >changed && cat changed >"$a.conf"
expect 0 reload "$a.conf"
expect 0 show "$a" allowed-ips
has out "10.9.1.0/24"
for end in "$a" "$b"; do
	expect 0 down "$end"
done
# shellcheck disable=SC2086
for pid in $pids; do
	wait "$pid" || {
		echo "an instance ended with status $?"
		tail -n 20 "$a.err" "$b.err"
		failed=1
	}
done
pids=''
expect 3 show "$a"
exit $failed
