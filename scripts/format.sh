#!/bin/sh
# SPDX-License-Identifier: MIT
# format.sh [--check]: run clang-format over all sources; --check only names those that differ,
# without an error, because releases of clang-format disagree.
set -eu
cd "$(dirname "$0")/.."
files=$(find src include tests docs -name '*.[ch]' | sort |
	grep -v -E '/bytes\.h$|/error\.h$')
# shellcheck disable=SC2086
case ${1:-} in
'') clang-format -i $files ;;
--check)
	clang-format --dry-run $files 2>&1 | sed -n 's/^\([^:]*\):.*clang-format-violations.*/\1/p' |
		sort -u
	;;
*)
	sed -n '3,4s/^# //p' "$0" >&2
	[ "$1" = --help ] || exit 2
	;;
esac
