#!/bin/bash
# SPDX-License-Identifier: MIT
# t_hardening.sh [FILE]: a program or shared library of an optimised build (default: XT_BIN) is
# hardened: position-independent, full RELRO, stack protector, fortified calls, CET.
set -u
file=${1:-${XT_BIN:?}}
if [ $# = 0 ]; then
	case ${XT_BUILD_TYPE:-}:${XT_SANITIZE:-} in
	Release: | RelWithDebInfo: | MinSizeRel:) ;;
	*)
		echo "skip: not an optimised build (${XT_BUILD_TYPE:-}${XT_SANITIZE:+, $XT_SANITIZE})"
		exit 77
		;;
	esac
fi
bad=0
want() {
	grep -q -E -- "$2" <<<"$1" || { echo "FAIL: ${file##*/}: no $3"; bad=1; }
}
want "$(readelf -hW "$file")" 'Type: +DYN' "position-independent code"
want "$(readelf -lW "$file")" 'GNU_RELRO' "RELRO"
want "$(readelf -dW "$file")" 'BIND_NOW|FLAGS_1.* NOW' "BIND_NOW"
symbols=$(readelf -W --dyn-syms "$file")
want "$symbols" '__stack_chk_fail' "stack protector"
want "$symbols" '__[a-z]+_chk(@|$)' "_FORTIFY_SOURCE"
! readelf -lW "$file" | grep GNU_STACK | grep -q E || { echo "FAIL: executable stack"; bad=1; }

# The linker keeps the CET note when all objects have it, the C library's start files as well.
start=$("${XT_CC:-cc}" -print-file-name=crti.o)
if [ "$(uname -m)" = x86_64 ]; then
	if readelf -nW "$start" 2>/dev/null | grep -q IBT; then
		want "$(readelf -nW "$file")" 'IBT.*SHSTK' "CET note"
	else # then a function of ours begins with endbr64
		disassembly=$(objdump -d --no-show-raw-insn "$file" | grep -A1 -E '^[0-9a-f]+ <(main|xt_easy_send)>:')
		want "$disassembly" 'endbr64' "CET instructions"
	fi
fi
[ $bad = 0 ] && echo "ok: ${file##*/}"
exit $bad
