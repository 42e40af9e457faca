#!/bin/bash
# SPDX-License-Identifier: MIT
# t_hub.sh with 100,000 peers.
# labels: long
# timeout: 900
XT_PEERS=100000 . "$(dirname "$0")/t_hub.sh"
