#!/bin/sh
# SPDX-License-Identifier: MIT
# The list of functions that a system owes, in docs/porting.md, is that of the headers.
exec "${XT_SOURCE:-$(dirname "$0")/../..}/scripts/porting_docs.py" --check
