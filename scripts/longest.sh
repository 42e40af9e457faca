#!/bin/sh
# longest.sh [N]: the longest files and functions, so that the alarm rings early.  Exit 1 when a
# function passes 60 lines (in tests 80) or a source 500.
set -eu
cd "$(dirname "$0")/.."
n=${1:-10}
files=$(find src include tests -name '*.[ch]' | sort)
echo "Longest files:"
# shellcheck disable=SC2086
wc -l $files | grep -v ' total$' | sort -rn | sed -n "1,${n}p"
echo "Longest functions:"
# A function begins with a line that starts at the margin and ends, by our style, with a line `}`.
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
tell() {
	[ -z "$1" ] && return
	echo "$1" | sed 's/^/FAIL: /'
	bad=1
}
tell "$(echo "$functions" | awk '$1 > 80 || ($1 > 60 && $2 !~ /^tests/) { print $0 " is too long" }')"
# shellcheck disable=SC2086
tell "$(wc -l $files | awk '$2 ~ /^(src|include)/ && $1 > 500 { print $0 " is too long" }')"
exit $bad
