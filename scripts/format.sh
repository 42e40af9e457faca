#!/bin/sh
# format.sh [--check]: clang-format over all sources; --check only names those that differ
# (releases of clang-format disagree, so that is told and not judged).
set -eu
cd "$(dirname "$0")/.."
files=$(find src include tests docs -name '*.[ch]' | sort |
	grep -v -E '/bytes\.h$|/error\.h$')
case ${1:-} in
'' | --check) ;;
*)
	sed -n '2,3s/^# //p' "$0" >&2
	[ "$1" = --help ] && exit 0
	exit 2
	;;
esac
if [ "${1:-}" = --check ]; then
	# shellcheck disable=SC2086
	clang-format --dry-run $files 2>&1 | sed -n 's/^\([^:]*\):.*clang-format-violations.*/\1/p' |
		sort -u
else
	# shellcheck disable=SC2086
	clang-format -i $files
fi
