#!/bin/bash
# What `cmake --install` leaves is usable: docs/examples/two_devices.c is built from it by
# find_package and by pkg-config, and does what it says.
# timeout: 300
set -u
fail() {
	echo "FAIL: $*"
	[ ! -f log ] || tail -n 20 log
	exit 1
}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
cd "$T" || exit 1
flags=
[ -z "${XT_SANITIZE:-}" ] || flags="-fsanitize=$XT_SANITIZE"
cmake --install "${XT_BUILD:?}" --prefix "$T/prefix" >log 2>&1 || fail "install"
mv prefix moved # nothing may point to where it was installed

for file in bin/xtunnel include/xtunnel/xtunnel.h include/xtunnel/verdict.def \
	share/man/man8/xtunnel.8 share/man/man5/xtunnel.conf.5 \
	share/doc/xtunnel/xtunnel.conf.example lib/systemd/system/xtunnel@.service; do
	[ -s "moved/$file" ] || fail "$file is not installed"
done
moved/bin/xtunnel --version >log 2>&1 || fail "the installed program does not start"
! grep -rl "$T/prefix" moved/lib*/ 2>/dev/null | grep -E '\.(pc|cmake)$' ||
	fail "the package names its build's prefix"

expect="left receives \"hello, left\"
right receives \"hello, right\""
example=${XT_SOURCE:?}/docs/examples/two_devices.c

PKG_CONFIG_PATH=$(dirname "$(find moved -name xtunnel.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2086,SC2046
${XT_CC:-cc} -std=gnu11 -Wall -Wextra -Werror $flags "$example" \
	$(pkg-config --cflags --libs xtunnel) -o by-pkg-config >log 2>&1 || fail "pkg-config"
[ "$(./by-pkg-config | grep receives | sort)" = "$expect" ] || fail "by-pkg-config says otherwise"
echo "ok: built by pkg-config"

mkdir project
cat >project/CMakeLists.txt <<EOF
cmake_minimum_required(VERSION 3.22)
project(example LANGUAGES C)
find_package(xtunnel 0.1 REQUIRED)
add_executable(by-cmake $example)
target_link_libraries(by-cmake PRIVATE xtunnel::xtunnel)
EOF
cmake -S project -B project/build -DCMAKE_PREFIX_PATH="$T/moved" -DCMAKE_C_FLAGS="$flags" \
	-DCMAKE_C_COMPILER="${XT_CC:-cc}" >log 2>&1 || fail "find_package"
cmake --build project/build >log 2>&1 || fail "build by find_package"
[ "$(project/build/by-cmake | grep receives | sort)" = "$expect" ] || fail "by-cmake says otherwise"
echo "ok: built by find_package"
