#!/bin/bash
# SPDX-License-Identifier: MIT
# What `cmake --install` installs is usable: the programs of docs/examples are built from it by
# find_package and by pkg-config, and print what they should.
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

# What is installed elsewhere is removed, and nothing else.
DESTDIR=$T/other cmake --install "${XT_BUILD:?}" --prefix /usr >log 2>&1 || fail "install to DESTDIR"
cp "${XT_BUILD:?}/install_manifest.txt" .
touch other/usr/bin/another
DESTDIR=$T/other "${XT_SOURCE:?}/scripts/uninstall" "$T" >log 2>&1 || fail "uninstall"
[ "$(cd other && find . -type f)" = ./usr/bin/another ] || fail "left: $(find other -type f)"
[ -z "$(find other -name xtunnel)" ] || fail "empty folders are left: $(find other -name xtunnel)"
echo "ok: uninstalled"
mv prefix moved # nothing may point to where it was installed

for file in bin/xtunnel include/xtunnel/{xtunnel.h,easy.h,version.h,verdict.def} \
	share/man/man8/xtunnel.8 share/man/man5/xtunnel.conf.5 share/man/man3/libxtunnel.3 \
	share/bash-completion/completions/xtunnel share/zsh/site-functions/_xtunnel \
	share/fish/vendor_completions.d/xtunnel.fish \
	share/doc/xtunnel/xtunnel.conf.example lib/systemd/system/xtunnel@.service; do
	[ -s "moved/$file" ] || fail "$file is not installed"
done
moved/bin/xtunnel --version >log 2>&1 || fail "the installed program does not start"
! grep -rl "$T/prefix" moved/lib*/ 2>/dev/null | grep -E '\.(pc|cmake)$' ||
	fail "the package names its build's prefix"

expect() {
	"$1/two_devices" >log 2>&1 || fail "$1/two_devices"
	[ "$(cat log)" = "from 0: \"hello, 1\"
from 1: \"hello, 0\"" ] || fail "$1/two_devices: other output"
	"$1/batch" >log 2>&1 || fail "$1/batch"
	[ "$(grep receives log | sort)" = "left receives \"hello, left\"
right receives \"hello, right\"" ] || fail "$1/batch: other output"
}
examples=${XT_SOURCE:?}/docs/examples
[ "$(wc -l <"$examples/two_devices.c")" -le 60 ] || fail "two_devices.c is longer than 60 lines"

PKG_CONFIG_PATH=$(dirname "$(find "$T/moved" -name xtunnel.pc)")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH") # of a shared library
export PKG_CONFIG_PATH LD_LIBRARY_PATH
mkdir by-pkg-config
for name in two_devices batch; do
	# shellcheck disable=SC2086,SC2046
	${XT_CC:-cc} -std=gnu11 -Wall -Wextra -Werror $flags "$examples/$name.c" \
		$(pkg-config --cflags --libs xtunnel) -o by-pkg-config/$name >log 2>&1 ||
		fail "pkg-config: $name"
done
expect by-pkg-config
echo "ok: built by pkg-config"

mkdir project
cat >project/CMakeLists.txt <<EOF
cmake_minimum_required(VERSION 3.22)
project(example LANGUAGES C)
find_package(xtunnel 0.2 REQUIRED)
foreach(name IN ITEMS two_devices batch)
    add_executable(\${name} $examples/\${name}.c)
    target_link_libraries(\${name} PRIVATE xtunnel::xtunnel)
endforeach()
EOF
cmake -S project -B project/build -DCMAKE_PREFIX_PATH="$T/moved" -DCMAKE_C_FLAGS="$flags" \
	-DCMAKE_C_COMPILER="${XT_CC:-cc}" >log 2>&1 || fail "find_package"
cmake --build project/build >log 2>&1 || fail "build by find_package"
expect project/build
echo "ok: built by find_package"
