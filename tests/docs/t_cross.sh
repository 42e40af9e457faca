#!/bin/bash
# SPDX-License-Identifier: MIT
# scripts/cross: its targets are those of the help and of docs/testing.md, a wrong word is refused
# with their list, each family has what the driver calls, and a source with another checksum is
# refused.
set -u
cd "${XT_SOURCE:?}" || exit 1
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
export XT_CROSS_CACHE=$T/cache
fail() {
	echo "FAIL: $*"
	exit 1
}

for words in "" nonsense linux "--nonsense" "linux-arm64 linux-armhf"; do
	# shellcheck disable=SC2086
	scripts/cross $words >"$T/out" 2>"$T/err"
	[ $? = 2 ] || fail "cross $words: not exit code 2"
	[ ! -s "$T/out" ] || fail "cross $words: prints to standard output"
done
[ ! -e "$XT_CROSS_CACHE" ] || fail "a refused word makes a cache"
scripts/cross nonsense 2>&1 | grep -q "unknown target nonsense" || fail "the unknown target is not named"
targets=$(scripts/cross 2>&1 | sed -n 's/^  //p')
[ "$(wc -w <<<"$targets")" -ge 13 ] || fail "targets: $targets"
scripts/cross --help >"$T/help" || fail "--help"
for target in $targets; do
	grep -qw -- "$target" "$T/help" || fail "--help has no $target"
	grep -q "\`$target\`" docs/testing.md || fail "docs/testing.md has no $target"
	family=${target%%-*}
	case $family in freebsd | openbsd) family=bsd ;; esac
	for part in dependencies configure test; do
		grep -q "^${family}_$part() {" "scripts/crossing/$family.sh" ||
			fail "scripts/crossing/$family.sh has no ${family}_$part"
	done
done
echo "ok: targets"

# A cached archive that was changed.
cat >"$T/try.sh" <<'EOF'
set -eu
target=macos-arm64
. scripts/crossing/common.sh
echo other >"$cache/sources/libb2_0.98.1.orig.tar.gz"
CC=false AR=false toolchain=none cross_libb2
EOF
bash "$T/try.sh" >"$T/out" 2>&1 && fail "a changed archive was used"
grep -q "macos-arm64: .*libb2_0.98.1.orig.tar.gz has another checksum" "$T/out" ||
	fail "a changed archive: $(cat "$T/out")"
echo "ok: checksum"

# A build folder whose CMake runs again by itself, without the script's environment, finds the
# target's libraries and none of this machine.
cat >"$T/toolchain.sh" <<'EOF'
set -eu
target=freebsd-x86_64
. scripts/crossing/common.sh
toolchain=$cache/toolchain.cmake CC=cc AR=ar RANLIB=ranlib
cross_toolchain_file FreeBSD amd64
cross_pc only_of_the_target 1 -lnone
EOF
bash "$T/toolchain.sh" || fail "no toolchain file"
mkdir "$T/host"
sed 's/only_of_the_target/only_of_this_machine/' \
	"$XT_CROSS_CACHE/freebsd-x86_64/prefix/lib/pkgconfig/only_of_the_target.pc" \
	>"$T/host/only_of_this_machine.pc"
cat >"$T/again.cmake" <<EOF
include($XT_CROSS_CACHE/toolchain.cmake)
foreach(name only_of_the_target only_of_this_machine)
    execute_process(COMMAND pkg-config --exists \${name} RESULT_VARIABLE missing)
    if(NOT missing)
        message("\${name}")
    endif()
endforeach()
EOF
found=$(env -u PKG_CONFIG_LIBDIR PKG_CONFIG_PATH="$T/host" cmake -P "$T/again.cmake" 2>&1)
[ "$found" = only_of_the_target ] || fail "CMake run again finds: ${found:-nothing}"
echo "ok: CMake run again"
