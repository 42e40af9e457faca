# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # variables of common.sh
# Windows 10 and later: x86-64 by Debian's mingw-w64, arm64 by zig.

windows_dependencies() {
	case $1 in
	windows-x86_64)
		cross_need x86_64-w64-mingw32-gcc
		toolchain=$cache/$target/toolchain.cmake
		export CC=/usr/bin/x86_64-w64-mingw32-gcc AR=/usr/bin/x86_64-w64-mingw32-ar
		export RANLIB=/usr/bin/x86_64-w64-mingw32-ranlib
		cross_toolchain_file Windows AMD64 \
			'set(CMAKE_RC_COMPILER /usr/bin/x86_64-w64-mingw32-windres)'
		cross_libsodium x86_64-w64-mingw32 --disable-ssp
		;;
	windows-arm64)
		cross_zig_toolchain aarch64-windows-gnu Windows ARM64
		cross_libsodium_known
		;;
	esac
	cross_libuv
	cross_libb2
	cross_jansson
	cross_cmocka
	cross_uthash
}

windows_configure() {
	cross_xtunnel "$toolchain"
}

windows_test() {
	:
}
