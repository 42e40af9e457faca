# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of common.sh
# linux-*: Debian's cross compilers of gcc, and a root of Debian's packages of that processor. The
# programs run under qemu's emulation of that processor; those for i386 run by themselves.
# shellcheck source=scripts/crossing/debian.sh
. scripts/crossing/debian.sh

linux_packages="libc6-dev libsodium-dev libb2-dev libuv1-dev libmnl-dev libjansson-dev
 libmicrohttpd-dev liburing-dev libseccomp-dev libncurses-dev libqrencode-dev libcmocka-dev
 uthash-dev"

# linux_names TARGET: sets architecture (Debian's), triplet, compiler (its prefix), processor
# (CMake's) and emulator.
linux_names() {
	case $1 in
	linux-arm64) set -- arm64 aarch64-linux-gnu aarch64 ;;
	linux-armhf) set -- armhf arm-linux-gnueabihf arm ;;
	linux-i386) set -- i386 i386-linux-gnu i686 i686-linux-gnu ;;
	linux-mips64el) set -- mips64el mips64el-linux-gnuabi64 mips64el ;;
	linux-ppc64el) set -- ppc64el powerpc64le-linux-gnu ppc64le ;;
	linux-s390x) set -- s390x s390x-linux-gnu s390x ;;
	esac
	architecture=$1 triplet=$2 processor=$3 compiler=${4:-$2} emulator=
	[ "$architecture" = i386 ] || emulator=qemu-$processor-static
}

linux_dependencies() {
	local architecture triplet compiler processor emulator root
	linux_names "$1"
	cross_need "$compiler-gcc" ${emulator:+"$emulator"}
	# shellcheck disable=SC2086
	debian_root bookworm "$architecture" "$cache/$1/debian" $linux_packages
	root=$cache/$1/debian/root
	cross_write "$cache/$1/toolchain.cmake" <<-END
		set(CMAKE_SYSTEM_NAME Linux)
		set(CMAKE_SYSTEM_PROCESSOR $processor)
		set(CMAKE_C_COMPILER $compiler-gcc)
		set(CMAKE_LIBRARY_ARCHITECTURE $triplet)
		set(CMAKE_SYSROOT $root)
		# The compiler's package has a C library too, perhaps a newer one.
		set(CMAKE_C_FLAGS_INIT "-isystem $root/usr/include -isystem $root/usr/include/$triplet -B$root/usr/lib/$triplet")
		set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,$root/lib/$triplet:$root/usr/lib/$triplet")
		set(CMAKE_FIND_ROOT_PATH $root)
		set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
		set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
		set(ENV{PKG_CONFIG_SYSROOT_DIR} $root)
		set(ENV{PKG_CONFIG_LIBDIR} $root/usr/lib/$triplet/pkgconfig:$root/usr/share/pkgconfig)
		set(ENV{PKG_CONFIG_PATH} "")
		${emulator:+set(CMAKE_CROSSCOMPILING_EMULATOR $emulator;-L;$root)}
		# For the tests that start themselves again.
		${emulator:+set(XT_EMULATE $PWD/scripts/crossing/emulate;$emulator;$root)}
	END
}

# Without an emulator, which knows the root, the tests have to name the loader in it.
linux_configure() {
	local architecture triplet compiler processor emulator options=()
	local root=$cache/$1/debian/root
	linux_names "$1"
	[ -n "$emulator" ] ||
		options+=(-DXT_TEST_LINK_OPTIONS="-Wl,--dynamic-linker=$root/lib/ld-linux.so.2;-Wl,--disable-new-dtags;-Wl,-rpath,$root/lib/$triplet:$root/usr/lib/$triplet")
	cross_xtunnel "$cache/$1/toolchain.cmake" -DXT_SKIPS="$(cross_skips "$emulator")" "${options[@]}"
}

# Emulated, these simulations take longer than all other tests. XT_CROSS_LONG=yes runs them.
linux_slow='^sim_(cookie|facts|lossy|network|peers|rekey|ten_days)$'

linux_test() {
	local architecture triplet compiler processor emulator slow=$linux_slow
	linux_names "$1"
	[ -n "$emulator" ] && [ -z "${XT_CROSS_LONG:-}" ] || slow='^$'
	cross_ctest -L '^(unit|sim|fuzz)$' -LE '^long$' -E "$slow"
}
