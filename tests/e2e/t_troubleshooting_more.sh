#!/bin/bash
# SPDX-License-Identifier: MIT
# The other faults of docs/troubleshooting.md, and no fault: both sides say the codes of the page.
# timeout: 240
# waits
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/troubleshooting.sh"

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
right_set "/^Endpoint/d"
begin
here no-endpoint
there no-endpoint
end

fault 13-loop "AllowedIPs cover the peer's endpoint"
left_set "s|^AllowedIPs.*|AllowedIPs = 10.7.0.2/32, 198.18.2.0/24|"
begin
here loop
there idle
end

fault 14-no-route "this host has no route to the peer"
ip -n left route del default
begin
here send-error
there idle
ip -n left route add default via 198.18.1.1
end

fault 15-local-firewall "a firewall of this host forbids it"
filter left output "udp dport 51802 drop"
begin
here send-error
there idle
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

fault 18-load "the peer is flooded with initiations"
FLOOD=$(dirname "$XT_BIN")/e2e_flood
if [ -x "$FLOOD" ]; then
	XT_STATE_DIR=$T/state.right start right
	ip netns exec router "$FLOOD" "$PUB_right" 198.18.2.2 51802 198.18.2.1 1 20000 20 \
		>flood.log 2>&1 &
	LOADER=$!
	under_load() { [ "$(json right right .under_load)" = true ]; }
	await 10 "load" under_load
	XT_STATE_DIR=$T/state.left start left
	traffic 10.7.0.2
	here load
	kill $LOADER
	wait $LOADER 2>/dev/null
	end
fi

fault 19-overload "this host has no time to read what comes in"
begin
await 20 "a session" codes_are left up
kill -STOP $(processes left)
at right $PYTHON - <<-'EOT' || fail "datagrams"
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for _ in range(60000):
	    s.sendto(bytes(1400), ("198.18.1.2", 51801))
EOT
kill -CONT $(processes left)
here "up, local-overload"
there up
end

# This code lasts until the restarted side has waited a second for its own handshake: a test on a
# busy host may miss it, and t_why_handshake.sh judges it.
if [ -n "${XT_RECORD:-}" ]; then
	fault 20-restarted "this side was restarted, and its handshake is on its way"
	XT_STATE_DIR=$T/state.left start left
	XT_STATE_DIR=$T/state.right start right
	ip netns exec right ping -n -q -i 0.05 10.7.0.1 >ping.log 2>&1 </dev/null &
	TRAFFIC=$!
	await 20 "a session" codes_are left up
	filter router forward "udp dport 51802 udp length 156 drop"
	crash left
	XT_STATE_DIR=$T/state.left start left
	here restarted
	there up
	end
fi

fault 21-idle "nothing was sent yet"
XT_STATE_DIR=$T/state.left start left
XT_STATE_DIR=$T/state.right start right
here idle
there idle
end

fault 22-healthy "nothing"
begin
here up
there up
end
