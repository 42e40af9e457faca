#!/bin/sh
# SPDX-License-Identifier: MIT
# longest.sh [N]: list the N longest files and functions. Exit 1 when a function exceeds 60 lines
# (in tests 80) or a source 500.
set -eu
cd "$(dirname "$0")/.."
n=${1:-10}
files=$(find src include tests -name '*.[ch]' | sort)
echo "Longest files:"
# shellcheck disable=SC2086
wc -l $files | grep -v ' total$' | sort -rn | sed -n "1,${n}p"
echo "Longest functions:"
# By our style a function begins with a line at the margin and ends with a line `}`.
# shellcheck disable=SC2086
functions=$(awk '
FNR == 1 { open = 0 }
/^[A-Za-z_].*[^;]$/ && !/[={]$/ && !open { name = $0; start = FNR }
/^\{$/ { open = 1 }
/^\}/ && open { open = 0; sub(/\(.*/, "", name); n = split(name, w, /[ *]+/)
	printf "%d %s:%d %s\n", FNR - start + 1, FILENAME, start, w[n] }
' $files | sort -rn)
echo "$functions" | sed -n "1,${n}p"
bad=0
check() {
	[ -z "$1" ] && return
	echo "$1" | sed 's/^/FAIL: /'
	bad=1
}
check "$(echo "$functions" | awk '$1 > 80 || ($1 > 60 && $2 !~ /^tests/) { print $0 " is too long" }')"
# shellcheck disable=SC2086
check "$(wc -l $files | awk '$2 ~ /^(src|include)/ && $1 > 500 { print $0 " is too long" }')"
exit $bad
