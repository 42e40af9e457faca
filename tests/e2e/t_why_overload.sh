#!/bin/bash
# SPDX-License-Identifier: MIT
# `why` of an instance that is too slow for what comes in.
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/why.sh"
tunnel_start
quiet_of left
kill -STOP $(processes left)
at right "$PYTHON" - $L4 <<-'EOT' || fail "datagrams"
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for _ in range(60000):
	    s.sendto(bytes(1400), (sys.argv[1], 51801))
EOT
kill -CONT $(processes left)
says_of left device local-overload
both_end
