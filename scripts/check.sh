#!/bin/sh
# check.sh: what can be said without running the program: format, layers, lengths, shell scripts.
# The docs tests hold the first two as well; by hand it is the thing to run before a commit.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
step() {
	echo "== $*"
	"$@" || bad=1
}
step scripts/layers.py
step scripts/longest.sh 5
if command -v clang-format >/dev/null; then
	step scripts/format.sh --check
fi
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2046
	step shellcheck -x $(grep -rlE '^#!.*\b(ba)?sh$' scripts tests .ci)
fi
exit $bad
