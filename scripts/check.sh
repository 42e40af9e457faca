#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh: what can be checked without a build: includes and calls between the rooms, words,
# lengths, format, shell scripts. Run it before a commit; the docs tests run the first three too.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
step() {
	echo "== $1"
	"$@" || bad=1
}
step scripts/layers.py
step scripts/words.py
step scripts/longest.sh 5
if command -v clang-format >/dev/null; then
	step scripts/format.sh --check
fi
if command -v shellcheck >/dev/null; then
	# Warnings differ between releases of shellcheck, so only errors count.
	# shellcheck disable=SC2046
	step shellcheck -S error -x -P SCRIPTDIR $(grep -rlE '^#!.*\b(ba)?sh$' scripts tests .ci)
fi
exit $bad
