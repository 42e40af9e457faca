#!/bin/bash
# SPDX-License-Identifier: MIT
# t_loss.sh with 1 GB (50 MB under a sanitizer).
# labels: long
# timeout: 900
XT_LOSS_BYTES=1000000000 . "$(dirname "$0")/t_loss.sh"
