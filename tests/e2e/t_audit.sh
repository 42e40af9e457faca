#!/bin/bash
# SPDX-License-Identifier: MIT
# Datagrams of every size up to the largest of UDP, of every type of message, do not end reception
# (docs/audit.md).
. "$(dirname "$0")/lib.sh"
tunnel_start
both_families left 2
cat >oversized.py <<'EOF'
import socket
import sys

address, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for size in (0, 1, 31, 32, 1472, 2047, 2048, 2049, 4096, 9000, 16384, 65506, 65507):
    for kind in range(6):
        s.sendto((bytes([kind]) + bytes(size))[:size], (address, port))
EOF
before=$(verdict right right drop_message)
at left "$PYTHON" oversized.py "$R4" 51802 || fail "they were not sent"
awaits 5 eval "[ \$(verdict right right drop_message) -gt $before ]" || fail "none was received"
both_families left 2
both_families right 1
kill -0 "${PID[right]}" || fail "right has ended"
ok "datagrams of any size and type do not end reception"
