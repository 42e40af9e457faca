#!/bin/sh
# SPDX-License-Identifier: MIT
# No function beyond 60 lines, no source beyond 500.
cd "${XT_SOURCE:-$(dirname "$0")/../..}" && exec scripts/longest.sh
