# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of common.sh
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

# A time in the file would differ from build to build. libgcc, libssp and libwinpthread are linked
# in, so that the program is one file.
windows_configure() {
	[ "$target" != windows-x86_64 ] || cross_link_flags='-static -fstack-protector-strong -Wl,--no-insert-timestamp'
	cross_xtunnel "$toolchain" -DXT_SKIPS="$(cross_skips)" \
		-DCMAKE_CROSSCOMPILING_EMULATOR="$PWD/scripts/crossing/wine"
}

# These take most of the time of all tests. XT_CROSS_LONG=yes runs them.
windows_slow='^(sim_(clock|cookie|lossy|network|peers|ten_days)|test_snapshot|test_load|test_wintun_traffic)$'

# All tests of that build by wine, which has a folder of its own in the cache.
windows_test() {
	[ "$target" = windows-x86_64 ] || {
		echo "cross: $target: built; nothing of it runs here"
		return
	}
	cross_need wine wineserver
	# One server for all tests, until none has run for a minute: otherwise each program would
	# start and end one, with five processes of it. It is an error that there is one already.
	mkdir -p "${XT_WINE:-$cache/wine}"
	WINEPREFIX=${XT_WINE:-$cache/wine} WINEDEBUG=-all wineserver -p60 8>&- 9>&- || :
	# It takes seconds to fill a new folder, which no test should have to wait for.
	[ -e "${XT_WINE:-$cache/wine}/system.reg" ] ||
		cross_log wine scripts/crossing/wine cmd /c exit
	scripts/peers wgctrl # or its test is skipped, with the reason
	[ -z "${XT_CROSS_LONG:-}" ] || windows_slow='^$'
	cross_ctest -LE '^long$' -E "$windows_slow"
}
