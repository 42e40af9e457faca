#!/bin/bash
# SPDX-License-Identifier: MIT
# Each public header compiles alone, in C11 and in C++17, without a warning.
set -u
include=${XT_SOURCE:?}/include
generated=${XT_BUILD:?}/include
bad=0
# compile LANGUAGE COMPILER FLAG… HEADER
compile() {
	local language=$1
	shift
	"${@:1:$#-1}" -Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only -I"$include" \
		-I"$generated" -x "$language" - <<<"#include <xtunnel/${!#}>
			struct not_empty;" ||
		{ echo "FAIL: ${!#} as $language"; bad=1; }
}
for path in "$include"/xtunnel/*.h "$generated"/xtunnel/*.h; do
	header=${path##*/}
	compile c "${XT_CC:-cc}" -std=c11 "$header"
	if command -v "${CXX:-c++}" >/dev/null; then
		compile c++ "${CXX:-c++}" -std=c++17 "$header"
	fi
	if grep -q XT_API "$path" && [ "$header" != api.h ] && ! grep -q 'extern "C"' "$path"; then
		echo "FAIL: $header has no extern \"C\""
		bad=1
	fi
done
exit $bad
