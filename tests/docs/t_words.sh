#!/bin/sh
# SPDX-License-Identifier: MIT
# No retired word, no overlong comment line, no malformed commit subject (scripts/words.txt).
cd "${XT_SOURCE:-$(dirname "$0")/../..}" && exec scripts/words.py
