#!/bin/bash
# SPDX-License-Identifier: MIT
# Other projects use libxtunnel, in C and C++: as a subdirectory of theirs, and as an installed
# shared library of the build type that distributions take.
# timeout: 300
# cases: subdirectory shared
set -u
fail() {
	echo "FAIL: $*"
	[ ! -f log ] || tail -n 20 log
	exit 1
}
command -v "${CXX:-c++}" >/dev/null || { echo "skip: no C++ compiler"; exit 77; }
launcher=$(sed -n 's/^CMAKE_C_COMPILER_LAUNCHER:[A-Z]*=//p' "${XT_BUILD:?}/CMakeCache.txt")
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
cd "$T" || exit 1

configure() {
	local build=$1
	shift
	cmake -G Ninja -B "$build" "$@" -DCMAKE_C_COMPILER_LAUNCHER="$launcher" >log 2>&1 ||
		fail "configure $build"
	cmake --build "$build" >log 2>&1 || fail "build $build"
}

# Both programs of tests/embed.
run_programs() {
	"$1/packet" >log 2>&1 || fail "$1/packet: no packet"
	"$1/two_devices" >log 2>&1 || fail "$1/two_devices"
	[ "$(cat log)" = "from 0: \"hello, 1\"
from 1: \"hello, 0\"" ] || fail "$1/two_devices: other output"
	echo "ok: $1"
}

embed=${XT_SOURCE:?}/tests/embed
if [ "$1" = subdirectory ]; then
	configure project -S "$embed" -DXTUNNEL="$XT_SOURCE"
	run_programs project
	exit 0
fi

configure library -S "$XT_SOURCE" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_SHARED_LIBS=ON \
	-DXT_PROGRAM=OFF -DXT_DOCS=OFF -DXT_WERROR=ON
"$XT_SOURCE/scripts/symbols.sh" library/libxtunnel.so "$XT_SOURCE/include" || fail "symbols"
"$XT_SOURCE/tests/docs/t_hardening.sh" library/libxtunnel.so || fail "hardening"
cmake --install library --prefix "$T/prefix" >log 2>&1 || fail "install"
soname=$(readelf -d library/libxtunnel.so | sed -n 's/.*soname: \[\(.*\)\]/\1/p')
[ -e "$(find prefix -name "$soname")" ] || fail "$soname is not installed"

configure package -S "$embed" -DCMAKE_PREFIX_PATH="$T/prefix"
run_programs package
! readelf -d package/two_devices | grep NEEDED | grep -q -E 'sodium|b2' ||
	fail "a program of the shared library links its dependencies as well"

PKG_CONFIG_PATH=$(dirname "$(find prefix -name xtunnel.pc)")
export PKG_CONFIG_PATH
[ "$(pkg-config --libs xtunnel | grep -c sodium)" = 0 ] || fail "pkg-config: not private"
pkg-config --libs --static xtunnel | grep -q sodium || fail "pkg-config --static: no libsodium"
mkdir by-pkg-config
# shellcheck disable=SC2046
"${CXX:-c++}" -std=c++17 "$embed/packet.cpp" $(pkg-config --cflags --libs xtunnel) \
	-o by-pkg-config/packet >log 2>&1 || fail "pkg-config"
# shellcheck disable=SC2046
${XT_CC:-cc} "$XT_SOURCE/docs/examples/two_devices.c" $(pkg-config --cflags --libs xtunnel) \
	-o by-pkg-config/two_devices >log 2>&1 || fail "pkg-config"
LD_LIBRARY_PATH=$(dirname "$(find "$T/prefix" -name libxtunnel.so)")
export LD_LIBRARY_PATH
run_programs by-pkg-config
