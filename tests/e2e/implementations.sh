# SPDX-License-Identifier: MIT
# Other implementations as the peer; sourced after lib.sh by the tests with the label
# implementations.
#
#   debian     wireguard-go of the distribution
#   go         the newest wireguard-go       \
#   boringtun  boringtun-cli                  > built by scripts/peers
#   gotatun    gotatun-cli                   /
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2206,SC2004

OPTIONS= # additional options for the other implementation
command -v wg >/dev/null || skip "no wg"

# implementation_find IMPLEMENTATION: sets PROGRAM; one that is not installed skips the test by
# name.
implementation_find() {
	case $1 in
	debian) PROGRAM=$(command -v wireguard-go) || skip "no wireguard-go" ;;
	go) PROGRAM=$("$SOURCE/scripts/peers" --bin wireguard-go) || skip "$PROGRAM" ;;
	*) PROGRAM=$("$SOURCE/scripts/peers" --bin "$1") || skip "$PROGRAM" ;;
	esac
}

# listens NAMESPACE NAME: its UAPI socket does
listens() {
	at "$1" awk -v file="/$2.sock" '$4 == "00010000" && index($NF, file) { found = 1 }
		END { exit !found }' /proc/net/unix
}
# start_other IMPLEMENTATION NAME [NAMESPACE]: that program with NAME.conf, set up by wg and ip
start_other() {
	local program=$1 name=$2 where=${3:-$2} address options=($OPTIONS)
	implementation_find "$program"
	case $program in
	boringtun) options+=(--disable-drop-privileges -t 2 -l "$T/$name.out") ;;
	gotatun) options+=(--disable-drop-privileges -l "$T/$name.out") ;;
	esac
	rm -f "/run/wireguard/$name.sock"
	LOG_LEVEL=error WG_LOG_LEVEL=error \
		ip netns exec "$where" "$PROGRAM" -f "${options[@]}" "$name" </dev/null >>"$name.log" 2>&1 &
	PID[$name]=$!
	# wg(8) removes a socket that is bound and does not listen yet.
	await 10 "$program" listens "$where" "$name"
	await 5 "$program" at "$where" wg show "$name"
	grep -v -E '^(Address|MTU|Table|Echo|(Pre|Post)(Up|Down))' "$name.conf" >"$name.wg"
	at "$where" wg setconf "$name" "$name.wg" || fail "wg setconf"
	for address in $(sed -n 's/^Address = //p' "$name.conf" | tr ',' ' '); do
		ip -n "$where" addr add "$address" dev "$name" nodad 2>/dev/null ||
			ip -n "$where" addr add "$address" dev "$name"
	done
	ip -n "$where" link set "$name" mtu 1420 up
}

# stop_other NAME
stop_other() {
	kill -TERM "${PID[$1]}"
	awaits 3 gone "${PID[$1]}" || kill -KILL "${PID[$1]}"
	wait "${PID[$1]}" 2>/dev/null
	unset "PID[$1]"
}

# begin NAME xtunnel|IMPLEMENTATION [NAMESPACE]: an instance of either kind
begin() {
	if [ "$2" = xtunnel ]; then start "$1" "${3:-$1}"; else start_other "$2" "$1" "${3:-$1}"; fi
}

handshakes() { # handshakes NAMESPACE NAME: time of the latest one, in seconds
	at "$1" wg show "$2" latest-handshakes | cut -f2
}

# dissects FILE: tshark finds WireGuard messages of all types and nothing malformed; sets N
dissects() {
	local bad
	command -v tshark >/dev/null || skip "no tshark"
	dissect "$1" -Y wg -T fields -e wg.type >types.log || fail "tshark: $(cat tshark.log)"
	N=$(wc -l <types.log)
	[ "$N" -gt 10 ] || fail "tshark sees $N messages: $(cat tshark.log)"
	for type in 1 2 4; do
		grep -q "^$type" types.log || fail "no message of type $type among $N"
	done
	bad=$(dissect "$1" -Y '_ws.malformed or (udp and not wg and not icmp)' | head -n 5)
	[ -z "$bad" ] || fail "malformed: $bad"
}
# decrypts FILE: with the key log of xtunnel in ./keys, tshark reads the messages. Under load one
# frame of 50,000 was unreadable, and 23 when the capture had lost 162; xtunnel itself judges what
# it received (see whole).
decrypts() {
	local bad lost
	dissect "$1" -o "wg.keylog_file:$T/keys" -T fields -e frame.protocols \
		-e frame.number -e frame.len -e udp.srcport -e wg.receiver -e wg.counter \
		-Y "wg.type == 4 and not wg.keepalive" >plain.log
	bad=$(grep -cv 'wg:ip' plain.log)
	grep -v 'wg:ip' plain.log | head -n 5
	lost=$(sed -n 's/ packets dropped by kernel$//p' "$1.log")
	{ [ "$bad" -le $((2 + ${lost:-0})) ] && [ "$(wc -l <plain.log)" -gt 10 ]; } ||
		fail "tshark cannot decrypt $bad of $(wc -l <plain.log) messages"
}
# whole NAME: every message that xtunnel received was authentic and of a known type
whole() {
	local label n
	for label in drop_auth drop_message; do
		n=$(verdict "$1" "$1" $label)
		[ "$n" = 0 ] || fail "$1: $label: $n"
	done
}
dissect() { # dissect FILE OPTION…
	local file=$1
	shift
	HOME=$T tshark -r "$file" -d udp.port==51801,wg -d udp.port==51802,wg \
		-d udp.port==51888,wg "$@" 2>tshark.log
}

# crossing A B: both sides of a pair begin at once; the wire is slow meanwhile, so that their
# initiations cross on it.
crossing() {
	local side one other
	for side in "$1" "$2"; do
		at "$side" tc qdisc add dev wire root tbf rate 80kbit burst 1600 limit 64k ||
			skip "no tbf in this kernel"
	done
	capture "$1" wire "$1.cross" udp port 51801
	# Half a second of other datagrams goes first.
	before_ping() {
		exec ip netns exec "$1" bash -c "for i in 1 2 3 4 5; do
			printf %01200d 0 >/dev/udp/$2/9; done 2>/dev/null
			exec ping -n -q -c$4 -W5 $3" >"$1.ping.log" 2>&1
	}
	before_ping "$1" "$R4" 10.7.0.2 1 &
	one=$!
	# Another implementation may lose the packet that waited for its own handshake (gotatun,
	# sometimes).
	before_ping "$2" "$L4" 10.7.0.1 3 &
	other=$!
	wait $one || fail "$1 has no answer: $(cat "$1.ping.log")"
	wait $other || fail "$2 has no answer: $(cat "$2.ping.log")"
	capture_stop
	for side in "$1" "$2"; do
		at "$side" tc qdisc del dev wire root
	done
	dissect "$1.cross" -Y wg -T fields -e wg.type >"$1.types"
	[ "$(head -n 2 "$1.types" | tr '\n' ' ')" = "1 1 " ] ||
		fail "initiations do not cross: $(tr '\n' ' ' <"$1.types")"
}

# order: less or greater: the public key of left compared with that of right
order() {
	local left right
	left=$(base64 -d <<<"$PUB_left" | od -An -v -tx1)
	right=$(base64 -d <<<"$PUB_right" | od -An -v -tx1)
	if [[ $left < $right ]]; then echo less; else echo greater; fi
}
