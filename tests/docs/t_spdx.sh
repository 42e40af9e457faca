#!/bin/sh
# SPDX-License-Identifier: MIT
# Each file says its licence in its first lines. Data (vectors, corpora, JSON, drawings, go.sum)
# cannot, nor can files of Debian with a form of their own.
cd "${XT_SOURCE:-$(dirname "$0")/../..}" || exit 1
list() {
	git ls-files 2>/dev/null || find . -path ./build -prune -o -type f -print
}
bad=0
for file in $(list | sed 's,^\./,,' |
	grep -vE '^(build/|\.git/)|^tests/fuzz/corpus/|^tests/vectors/.*[^y]$|\.(json|svg|png|pyc)$|/go\.sum$|^LICENSE$|^scripts/packaging/debian/(changelog|copyright|source/format)$'); do
	[ -s "$file" ] || continue
	head -n 4 "$file" | grep -q 'SPDX-License-Identifier: MIT' && continue
	echo "$file: no line SPDX-License-Identifier: MIT among the first four"
	bad=1
done
exit $bad
