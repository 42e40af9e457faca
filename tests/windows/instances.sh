# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Instances of the program on loopback, by wine, each with an adapter of the double of wintun.dll
# and addresses of that of iphlpapi.dll. A test t_NAME.sh FOLDER [WINE] includes this file. FOLDER
# has xtunnel.exe as it is packaged, both doubles and wintun_ping.exe. The test ends with
# `exit $failed`.
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
export XT_RUN_DIR="Z:$work/run" XT_STATE_DIR="Z:$work/state" XT_DOUBLE_LOG="Z:$work/network"
mkdir -m 700 run state

program() {
	# shellcheck disable=SC2086
	$wine "$folder/xtunnel.exe" "$@"
}

expect() { # expect STATUS ARGUMENT…: of the program; out and err have the output
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

conf() { # conf NAME PEER ADDRESS PEER_ADDRESS PORT PEER_PORT
	printf '%s\n' "[Interface]" "PrivateKey = $(cat "$1.key")" "Address = $3/24" \
		"ListenPort = $5" "" "[Peer]" "#: Name = $2" "PublicKey = $(cat "$2.pub")" \
		"AllowedIPs = $4/32" "Endpoint = 127.0.0.1:$6" >"$1.conf"
	chmod 600 "$1.conf"
}

# Files of both instances, each the other's peer: $a.conf, $a.key, $a.pub; $b likewise.
pair_make() {
	for end in "$a" "$b"; do
		program genkey >"$end.key"
		program pubkey <"$end.key" >"$end.pub"
	done
	conf "$a" "$b" 10.9.0.1 10.9.0.2 "$port" $((port + 1))
	conf "$b" "$a" 10.9.0.2 10.9.0.1 $((port + 1)) "$port"
}

instances_start() { # instances_start NAME…: each answers
	for end; do
		program run "$end.conf" >"$end.out" 2>"$end.err" </dev/null &
		pids="$pids $!"
	done
	for end; do
		for _ in $(seq 60); do
			program show "$end" --json >out 2>err </dev/null && break
			sleep 0.5
		done
	done
}

instances_end() { # instances_end NAME…: all that were started
	for end; do
		expect 0 down "$end"
	done
	# shellcheck disable=SC2086
	for pid in $pids; do
		wait "$pid" || {
			echo "an instance ended with status $?"
			tail -n 20 ./*.err
			failed=1
		}
	done
	pids=''
}
