#!/bin/bash
# SPDX-License-Identifier: MIT
# t_control_load.sh with 100,000 peers.
# labels: long
# alone
# timeout: 600
XT_PEERS=100000 . "$(dirname "$0")/t_control_load.sh"
