# SPDX-License-Identifier: MIT
# Sourced by tests of a check that reads a tree: $check is the script, $tree the folder it gets.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

fail() {
	echo "FAIL: $*"
	[ ! -f "$tree/log" ] || cat "$tree/log"
	exit 1
}
# refused SENTENCE TEXT...: the check fails, and prints each of the texts
refused() {
	sentence=$1
	shift
	if "$check" "$tree" >"$tree/log"; then fail "$sentence: not refused"; fi
	for text; do grep -qF -- "$text" "$tree/log" || fail "$sentence: no \"$text\""; done
	echo "ok: $sentence"
}
accepted() {
	"$check" "$tree" >"$tree/log" || fail "$1: refused"
	echo "ok: $1"
}
