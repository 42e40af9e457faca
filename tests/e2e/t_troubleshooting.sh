#!/bin/bash
# SPDX-License-Identifier: MIT
# The faults of docs/troubleshooting.md, made one after the other: both sides say the codes that the
# page says. With XT_RECORD=1 what `why` prints is written to docs/troubleshooting.
# timeout: 400
# waits
. "$(dirname "$0")/lib.sh"
for tool in nft jq wg; do command -v $tool >/dev/null || skip "no $tool"; done
hosts_link_routed
ip -n right route add default via 198.18.2.1
await 5 "the wire" at left ping -c1 -W1 -q 198.18.2.2
mkdir faults

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

# fault NUMBER-NAME PROSE: begins one; the files are those of a tunnel that works. Shell functions
# below break it.
fault() {
	FAULT=$1 PROSE=$2
	config_write left 1 right 2 198.18.2.2 "" "Name = right
PresharedKey = $PSK"
	config_write right 2 left 1 198.18.1.2 "" "Name = left
PresharedKey = $PSK"
	sed -i '/^Endpoint/d' right.conf # the caller is always left
}
left_set() { sed -i "$1" left.conf; }
right_set() { sed -i "$1" right.conf; }
filter() { # filter NAMESPACE CHAIN RULE…: of a table that the fault's end removes
	at "$1" nft -f - <<-EOF
		table inet fault {
			chain chain { type filter hook $2 priority 0; ${*:3} }
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
# shows SIDE TITLE CODES [SECONDS]: awaits these codes, and records what the user sees
shows() {
	awaits "${4:-20}" codes_are "$1" "$3" ||
		fail "$FAULT: $1 says $(codes "$1"), not $3: $(at "$1" "$XT_BIN" why "$1" 2>&1)"
	[ -s "faults/$FAULT.txt" ] || echo "$PROSE" >"faults/$FAULT.txt"
	{
		echo
		echo "## $2: $3"
		echo
		echo "\$ xtunnel why $1"
		at "$1" "$XT_BIN" why "$1"
	} >>"faults/$FAULT.txt" 2>&1
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
	ok "$FAULT: $PROSE"
}

# --- the nine that are most common ---

fault 01-key-of-peer "PublicKey of the peer is wrong here"
left_set "s|^PublicKey.*|PublicKey = $PUB_other|"
begin
here silent
there "idle, other-key"
end

fault 02-key-of-caller "PublicKey of this side is wrong at the peer"
right_set "s|^PublicKey.*|PublicKey = $PUB_other|"
begin
here silent
there "idle, unknown-peer"
end

fault 03-preshared-key "PresharedKey differs"
right_set "s|^PresharedKey.*|PresharedKey = $PSK_OTHER|"
begin
here psk
there half
end

fault 04-port "the port in Endpoint is wrong"
left_set "s|^Endpoint.*|Endpoint = 198.18.2.2:51809|"
begin
here icmp
there idle
end

fault 05-firewall "a firewall drops the peer's port"
filter right input "udp dport 51802 drop"
begin
here silent
there idle
end

fault 06-rejected "a router rejects it"
filter router forward "udp dport 51802 reject with icmp type admin-prohibited"
begin
here icmp
there idle
end

fault 07-peer-down "the peer's instance is not running"
XT_STATE_DIR=$T/state.left start left
traffic 10.7.0.2
here icmp
end

fault 08-allowed-ips-here "AllowedIPs here do not have the destination"
begin 10.7.0.77
here "idle, no-route"
there idle
end

fault 09-allowed-ips-there "AllowedIPs at the peer do not have this side's inner address"
right_set "s|^AllowedIPs.*|AllowedIPs = 10.7.0.9/32|"
begin
here one-way
there allowed-ips
end

fault 10-mtu "the path carries less than MTU, and says nothing"
filter router forward "meta length > 1300 drop"
begin
mtu_known() { [ "$(json left left '.peers[0].path_mtu')" -lt 1300 ] &&
	[ "$(json left left '.peers[0].path_mtu')" -gt 0 ]; }
await 30 "the path's MTU" mtu_known
at left ping -n -q -i 0.2 -c 3 -s 1380 -M want -W 1 10.7.0.2 >ping.log 2>&1
here mtu
there up
end

# --- others ---

fault 11-name "Endpoint is a name that does not exist"
names_serve left 127.0.0.1
left_set "s|^Endpoint.*|Endpoint = vpn.example.net:51802|"
begin
here name
there idle
kill $SERVER
wait $SERVER 2>/dev/null
end

fault 12-no-endpoint "neither side has an Endpoint for the other"
left_set "/^Endpoint/d"
begin
here no-endpoint
there no-endpoint
end

fault 13-loop "AllowedIPs cover the peer's endpoint, and another program has set the routes"
left_set "s|^AllowedIPs.*|AllowedIPs = 10.7.0.2/32, 198.18.2.0/24|"
begin
here loop
there no-endpoint
end

fault 14-no-route "this host has no route to the peer"
ip -n left route del default
begin
here send-error
there no-endpoint
ip -n left route add default via 198.18.1.1
end

fault 15-local-firewall "a firewall of this host forbids it"
filter left output "udp dport 51802 drop"
begin
here send-error
there no-endpoint
end

fault 16-one-direction "a firewall drops what the peer answers"
filter router forward "udp sport 51802 drop"
begin
here silent
there half
end

fault 17-clock "this host's clock went back, and its state is lost"
if [ -z "$XT_SANITIZE" ] && [ -f "$(dirname "$XT_BIN")/e2e_clock.so" ]; then
	clocks_prepare left
	XT_STATE_DIR=$T/state.right start right
	clock_move left 0 0 3600
	XT_STATE_DIR=$T/state.left clock_start left
	pings left 10.7.0.2 || fail "no answer: $(cat ping.log)"
	crash left
	rm -rf state.left
	clock_move left 0 0 0
	XT_STATE_DIR=$T/state.left clock_start left
	traffic 10.7.0.2
	here silent
	there clock
	end
fi

fault 18-healthy "nothing"
begin
here up
there up
end
