#!/bin/sh
# SPDX-License-Identifier: MIT
# scripts/words.py in a made-up tree: what it refuses, with the place and the replacement, and what
# it lets pass.
set -eu
cd "${XT_SOURCE:-$(dirname "$0")/../..}"
check=$PWD/scripts/words.py
list=$PWD/scripts/words.txt
. tests/docs/refusals.sh
mkdir -p "$tree/src/core" "$tree/include" "$tree/docs" "$tree/scripts" "$tree/tests"
cp "$list" "$tree/scripts/words.txt"
file=$tree/src/core/send.c

cat >"$file" <<'END'
/* The caller keeps its own buffer, and is asked for it in turn: a look at common English. */
#include "core/asked.h"
static const char text[] = "settle on your own";
int xt_owner, return_code, xt_lookup;
END
echo 'See conf/road-warrior.conf. The abroad crewed.' >"$tree/README.md"
echo 'Once called the crew.' >"$tree/docs/glossary.md"
accepted "common words in prose, names that only contain one, the glossary"

printf '\n/* Nobody reads\n * this. */\n' >"$file"
refused "a retired word in a comment" 'src/core/send.c:2: "Nobody" is retired: no program'
printf 'int xt_pump_glance_out(void);\n' >"$file"
refused "a retired word as a part of a name" 'src/core/send.c:1: "glance" is retired: poll'
printf 'static int n_asked;\n' >"$file"
refused "a word retired in identifiers" 'src/core/send.c:1: "asked" is retired: pending'
printf '#define MAX_TURN 3 /* in turn */\n' >"$file"
refused "a word retired in identifiers, in capitals" 'src/core/send.c:1: "TURN" is retired: pass'
rm "$file"
echo 'int x;' >"$tree/src/core/crew_uv.c"
refused "a retired word in a file's name" 'src/core/crew_uv.c:1: file name: "crew" is retired'
rm "$tree/src/core/crew_uv.c"
printf 'One.\nTwo roads.\n' >"$tree/docs/echo.md"
refused "a retired word in a document" 'docs/echo.md:2: "roads" is retired: data paths'
rm "$tree/docs/echo.md"

long=$(printf '%090d' 0)
printf '/* %s */\n' "$long" >"$file"
printf 'int xy; /* %s\n * b\n */\n' "$long" >"$tree/tests/test.c"
refused "a comment line of 101 columns" 'tests/test.c:1: a comment line of 101 columns: at most 100'
if grep -q send.c "$tree/log"; then fail "a comment line of 96 columns was refused"; fi
printf 'static const char *url = "http://%s/*";\n' "$long" >"$tree/tests/test.c"
accepted "a long line without a comment"
printf '\t# %s\n' "$long" >"$tree/scripts/run.sh"
accepted "a comment line of exactly 100 columns, its tab counted"
printf '\t# %s.\n' "$long" >"$tree/scripts/run.sh"
refused "a comment line of a script" 'scripts/run.sh:1: a comment line of 101 columns'
rm "$tree/scripts/run.sh"

# History: only what came after the list counts.
if ! command -v git >/dev/null; then
	echo "ok: (no git: subjects are not tested)"
	exit 0
fi
commit() {
	git -C "$tree" -c user.name=x -c user.email=x@example.org commit -q --allow-empty -m "$1"
}
mkdir "$tree/old"
mv "$tree/scripts/words.txt" "$tree/old/"
git -C "$tree" init -q
git -C "$tree" add old src
commit "What was before the rule."
mv "$tree/old/words.txt" "$tree/scripts/"
git -C "$tree" add -A
commit "The commit that brings the rule."
commit "core: reset the attempt count when a keepalive rearms"
commit "core, tunnel: keep IPv6 (and IPv4) apart"
accepted "subjects that say what to do, and those from before the rule"
commit "Tidy up"
commit "Core: tidy up"
commit "core: tidy up."
commit "core: Tidy up"
commit "core: $(printf '%067d' 0 | tr 0 x)"
refused "subjects in another form" '"Tidy up": write "area: do this"' '"Core: tidy up"' \
	'"core: tidy up."' '"core: Tidy up"' '73 columns, at most 72'
git clone -q --depth 1 "file://$tree" "$tree/shallow"
mkdir -p "$tree/shallow/include" "$tree/shallow/docs"
"$check" "$tree/shallow" >"$tree/log" || fail "a shallow clone was judged by its subjects"
rm -rf "$tree/.git"
accepted "a tarball, which has no history"
