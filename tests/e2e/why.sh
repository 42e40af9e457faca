# SPDX-License-Identifier: MIT
# What `xtunnel why` says; sourced after lib.sh by the tests of its codes. $1: the implementation on
# the host right. What is asked of right is asked only where it is xtunnel.
#
# shellcheck shell=bash disable=SC2034,SC2154
. "$SOURCE/tests/e2e/implementations.sh"
PEER=${1:-xtunnel}
[ "$PEER" = xtunnel ] || implementation_find "$PEER"
SLOW=1
[ -z "$XT_SANITIZE" ] || SLOW=3

# why SIDE FILTER: jq over `why SIDE --json`
why() {
	at "$1" "$XT_BIN" why "$1" --json | jq -r "$2"
}
code() { why "$1" '.peers[0].code'; }
code_is() { [ "$(code "$1")" = "$2" ]; }
listed() { # listed SIDE strangers|device CODE
	[ "$(why "$1" "[.$2[]?.code] | index(\"$3\") != null")" = true ]
}
asked_of() { [ "$1" = left ] || [ "$PEER" = xtunnel ]; }

# says SIDE CODE [SECONDS]: within SECONDS, and with a sentence, the exit code of CODE and, unless
# it is fine, a cause and a remedy; the text has the same sentence
says() {
	local side=$1 code=$2 seconds=${3:-12} exit=5 got text
	asked_of "$side" || return 0
	awaits $((seconds * SLOW)) code_is "$side" "$code" ||
		fail "$side does not say $code: $(at "$side" "$XT_BIN" why "$side" --json)"
	case $code in up | idle) exit=0 ;; esac
	at "$side" "$XT_BIN" why "$side" >why.text 2>why.err
	got=$?
	at "$side" "$XT_BIN" why "$side" --json >why.json || :
	code_is "$side" "$code" || return 0 # it has passed
	[ $got = $exit ] || fail "$side: $code: exit $got: $(cat why.text why.err)"
	[ "$exit" = 0 ] || jq -e '.peers[0] | (.sentence | length > 10) and (.causes | length > 0)
		and (.remedy | length > 10)' why.json >/dev/null || fail "$side: $code: $(cat why.json)"
	ok "$side says $code: $(jq -r '.peers[0].sentence' why.json)"
}
# stays SIDE CODE SECONDS: all that time it says nothing else, unless it comes up
stays() {
	local end got
	asked_of "$1" || return 0
	end=$(($(now_ms) + $3 * 1000))
	while [ "$(now_ms)" -lt $end ]; do
		got=$(code "$1")
		[ "$got" != up ] || return 0
		[ "$got" = "$2" ] || fail "$1 says $got, not $2 all the time: $(why "$1" '.peers[0]')"
		sleep 0.1
	done
}
# sentence SIDE TEXT: the sentence of the peer has it
sentence() {
	asked_of "$1" || return 0
	why "$1" '.peers[0].sentence' | grep -q -- "$2" ||
		fail "$1: no '$2' in: $(why "$1" '.peers[0].sentence')"
}
# says_of SIDE strangers|device CODE [SECONDS]
says_of() {
	asked_of "$1" || return 0
	awaits $((${4:-12} * SLOW)) listed "$1" "$2" "$3" ||
		fail "$1 has no $3 in $2: $(at "$1" "$XT_BIN" why "$1" --json)"
	ok "$1 says $3: $(why "$1" ".$2[] | select(.code == \"$3\") | .sentence")"
}
quiet_of() { # quiet_of SIDE: neither strangers nor device say anything
	asked_of "$1" || return 0
	[ "$(why "$1" '((.strangers // []) + (.device // [])) | length')" = 0 ] ||
		fail "$1 accuses without a reason: $(at "$1" "$XT_BIN" why "$1" --json)"
}

# traffic SIDE ADDRESS: something that asks for an answer, until `quiet`
declare -A TRAFFIC
traffic() {
	ip netns exec "$1" ping -n -q -i 0.3 "$2" >"$1.traffic.log" 2>&1 &
	TRAFFIC[$1]=$!
}
quiet() {
	local side
	for side in "${!TRAFFIC[@]}"; do
		kill "${TRAFFIC[$side]}" 2>/dev/null
		wait "${TRAFFIC[$side]}" 2>/dev/null
		unset "TRAFFIC[$side]"
	done
}

# both_begin: left and right with the files as they are; both_end: without them
both_begin() {
	begin right "$PEER"
	start left
}
both_end() {
	quiet
	[ -z "${PID[left]:-}" ] || stop left
	if [ -n "${PID[right]:-}" ]; then
		if [ "$PEER" = xtunnel ]; then stop right; else stop_other right; fi
	fi
}
# answered SIDE ADDRESS SECONDS: a ping is, in that time; the next try is soon
answered() {
	awaits $(($3 * SLOW)) pings "$1" "$2" -W1 || fail "$1: no answer from $2"
}

# filter SIDE HOOK RULE...: in a table of that side, beside those there are
filter() {
	local side=$1 hook=$2 rule
	shift 2
	{
		echo "add table inet why"
		echo "add chain inet why $hook { type filter hook $hook priority 0; }"
		for rule; do echo "add rule inet why $hook $rule"; done
	} >filter.nft
	at "$side" nft -f filter.nft || skip "no nft: $(cat filter.nft)"
}
unfilter() { at "$1" nft delete table inet why; }
