#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/json.md and docs/schema are what their tables say, and a change of a table is noticed.
set -eu
cd "$(dirname "$0")/../.."
fail() {
	echo "FAIL: $*"
	exit 1
}
scripts/json_docs.py --check || fail "see above"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
for path in docs/schema docs/json.md scripts/json_docs.py src/ipc/status.def src/ipc/why.def \
	src/ipc/events.def src/config/lint.def include/xtunnel/verdict.def include/xtunnel/facts.h; do
	mkdir -p "$copy/$(dirname $path)"
	cp -r $path "$copy/$(dirname $path)/"
done
noticed() { # noticed FILE SED: the change leaves the page and a schema behind
	cp "$1" "$copy/$1"
	sed -i "$2" "$copy/$1"
	! cmp -s "$1" "$copy/$1" || fail "$1: nothing to change"
	! "$copy/scripts/json_docs.py" --check >"$copy/out" 2>&1 || fail "not noticed: $2 in $1"
	cp "$1" "$copy/$1"
}
"$copy/scripts/json_docs.py" --check || fail "the copy differs"
noticed src/ipc/status.def 's/"uptime_s"/"running_s"/'
noticed src/ipc/status.def 's/"bytes of UDP payload received"/"UDP payload received"/'
noticed include/xtunnel/verdict.def 's/"drop_mtu"/"drop_path"/'
noticed docs/schema/fields.txt 's/^rtt_us /delay_us /'
noticed docs/schema/show-1.json 's/integer/number/'
noticed docs/json.md 's/microseconds/milliseconds/'
echo "ok: docs/json.md and docs/schema follow their tables"
