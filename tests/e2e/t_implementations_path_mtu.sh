#!/bin/bash
# SPDX-License-Identifier: MIT
# t_path_mtu.sh with another implementation as the peer, IMPLEMENTATION-FAMILY.
# labels: implementations datapath
# timeout: 200
# cases: debian-4 go-6 boringtun-4 gotatun-6
exec "$(dirname "$0")/t_path_mtu.sh" "${1:-debian-4}"
