#!/bin/sh
# SPDX-License-Identifier: MIT
# The man pages are well-formed, and every page that a page refers to is there or another tool's.
cd "${XT_BUILD:?}/man" 2>/dev/null || { echo "skip: built without scdoc"; exit 77; }
command -v mandoc >/dev/null || { echo "skip: no mandoc"; exit 77; }
bad=0
for page in *.[1-9]; do
	out=$(mandoc -T lint -W error "$page" 2>&1) || { echo "FAIL: $out"; bad=1; }
	text=$(mandoc -T utf8 "$page" | sed 's/.\x08//g')
	[ "$(echo "$text" | wc -l)" -gt 40 ] || { echo "FAIL: $page is almost empty"; bad=1; }
	for other in $(echo "$text" | grep -o -E '(lib)?xtunnel[a-z.-]*\([1-9]\)' | sort -u); do
		file=$(echo "$other" | sed 's/(\(.\))/.\1/')
		[ -f "$file" ] || { echo "FAIL: $page refers to $other"; bad=1; }
	done
done
exit $bad
