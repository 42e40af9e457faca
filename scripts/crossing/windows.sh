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
	# zig names this library after the system's DLL alone.
	[ "$1" != windows-arm64 ] || sed -i 's/-lsynchronization/-lapi-ms-win-core-synch-l1-2-0/' \
		"$prefix"/lib/pkgconfig/libuv*.pc
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

# All tests of that build by wine, or those of the goal windows_programs (tests/windows). wine has a
# folder of its own in the cache.
windows_test() {
	local tests=.
	[ "$target" = windows-x86_64 ] || {
		echo "cross: $target: built; nothing of it runs here"
		return
	}
	case " ${XT_CROSS_GOALS:-} " in
	*" windows_programs "*) tests='_windows$|^windows_|^test_wintun_' ;;
	esac
	cross_need wine wineserver
	# One server for all tests, until none has run for a minute: otherwise each program would
	# start and end one, with five processes of it. It is an error that there is one already.
	mkdir -p "${XT_WINE:-$cache/wine}"
	WINEPREFIX=${XT_WINE:-$cache/wine} WINEDEBUG=-all wineserver -p60 >/dev/null 2>&1 8>&- 9>&- || :
	# It takes seconds to fill a new folder, and the first program starts services that keep its
	# output open: ctest would wait for their end.
	cross_log wine scripts/crossing/wine cmd /c exit
	scripts/peers wgctrl # or its test is skipped, with the reason
	cross_ctest -LE '^long$' -R "$tests"
}
