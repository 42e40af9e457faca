# SPDX-License-Identifier: MIT
# The faults of docs/troubleshooting.md, made one after the other: both sides say the codes that the
# page says. Sourced after lib.sh. With XT_RECORD=1 what `why` prints is written to
# docs/troubleshooting, from which scripts/why_docs.py makes the page.
#
# shellcheck shell=bash disable=SC2034,SC2154
for tool in nft jq wg; do command -v $tool >/dev/null || skip "no $tool"; done
hosts_link_routed
ip -n right route add default via 198.18.2.1
await 5 "the wire" at left ping -c1 -W1 -q 198.18.2.2
mkdir faults
SECONDS_MAX=30
[ -z "$XT_SANITIZE" ] || SECONDS_MAX=60

# Keys that are the same in every recording.
key_of() { $PYTHON -c "import base64, hashlib, sys; print(base64.b64encode(hashlib.sha256(
	sys.argv[1].encode()).digest()).decode())" "troubleshooting $1"; }
for name in left right other; do
	printf -v "KEY_$name" %s "$(key_of $name)"
	key=KEY_$name
	printf -v "PUB_$name" %s "$(wg pubkey <<<"${!key}")"
done
PSK=$(key_of psk) PSK_OTHER=$(key_of another)
unset XT_STATE_DIR

# --- a fault ---

# fault NUMBER-NAME PROSE: begins one, with the files of a tunnel that works
fault() {
	FAULT=$1 PROSE=$2
	config_write left 1 right 2 198.18.2.2 "" "Name = right
PresharedKey = $PSK"
	config_write right 2 left 1 198.18.1.2 "" "Name = left
PresharedKey = $PSK"
}
left_set() { sed -i "$1" left.conf; }
right_set() { sed -i "$1" right.conf; }
filter() { # filter NAMESPACE CHAIN RULE…: of a table that the fault's end removes
	at "$1" nft -f - <<-EOF || fail "nft"
		table inet fault {
			chain breaks {
				type filter hook $2 priority 0
				${*:3}
			}
		}
	EOF
}

# begin [TO]: both instances start, and left keeps pinging that inner address
begin() {
	XT_STATE_DIR=$T/state.left start left
	XT_STATE_DIR=$T/state.right start right
	traffic "${1:-10.7.0.2}"
}
traffic() {
	ip netns exec left ping -n -q -i 0.2 -s 56 "$1" >ping.log 2>&1 </dev/null &
	TRAFFIC=$!
}
codes() { # codes SIDE: of the peers, then of callers, then of the device
	at "$1" "$XT_BIN" why "$1" --json 2>why.err |
		jq -r '[.peers[].code, .strangers[].code, .device[].code] | unique_by(.) as $all |
			[.[0]] + ($all - [.[0]]) | join(", ")'
}
codes_are() { [ "$(codes "$1")" = "$2" ]; }
# said SIDE CODES: `why` says them, and why.txt is what it prints
said() {
	local code
	codes_are "$1" "$2" || return
	at "$1" "$XT_BIN" why "$1" >why.txt 2>&1
	for code in ${2//,/}; do
		grep -q ": $code\$" why.txt || return
	done
}
# shows SIDE TITLE CODES: awaits these codes, and records what the user sees
shows() {
	awaits $SECONDS_MAX said "$1" "$3" ||
		fail "$FAULT: $1 says $(codes "$1"), not $3: $(at "$1" "$XT_BIN" why "$1" 2>&1)"
	[ -s "faults/$FAULT.txt" ] ||
		printf 'SPDX-License-Identifier: MIT\n%s\n' "$PROSE" >"faults/$FAULT.txt"
	{
		echo
		echo "## $2: $3"
		echo
		echo "\$ xtunnel why $1"
		cat why.txt
	} >>"faults/$FAULT.txt"
}
here() { shows left "here" "$@"; }
there() { shows right "at the peer" "$@"; }

end() {
	local side
	if [ -n "${TRAFFIC:-}" ]; then
		kill "$TRAFFIC" 2>/dev/null
		wait "$TRAFFIC" 2>/dev/null
		TRAFFIC=
	fi
	for side in left right; do
		[ -z "${PID[$side]:-}" ] || instance_end $side 10
	done
	for side in left router right; do
		at $side nft flush ruleset
	done
	rm -rf state.left state.right
	page=$SOURCE/docs/troubleshooting/$FAULT.txt
	if [ -n "${XT_RECORD:-}" ]; then
		mkdir -p "${page%/*}"
		cp "faults/$FAULT.txt" "$page"
	else
		[ -f "$page" ] || fail "$FAULT is not on the page: XT_RECORD=1"
		diff <(grep '^## ' "$page") <(grep '^## ' "faults/$FAULT.txt") ||
			fail "$FAULT: not what the page says"
	fi
	ok "$FAULT: $PROSE: ${SECONDS} s"
	SECONDS=0
}
