#!/bin/bash
# SPDX-License-Identifier: MIT
# The ten most common faults of docs/troubleshooting.md: both sides say the codes of the page.
# timeout: 240
# waits
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/troubleshooting.sh"

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
