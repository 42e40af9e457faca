# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # variables of common.sh
# FreeBSD and OpenBSD on x86-64, by zig.

bsd_dependencies() {
	case $1 in
	freebsd-*) cross_zig_toolchain x86_64-freebsd.14.0 FreeBSD amd64 ;;
	openbsd-*) cross_zig_toolchain x86_64-openbsd OpenBSD amd64 ;;
	esac
	cross_libsodium_known
	cross_libuv
	cross_libb2
	cross_jansson
	[ "${XT_CROSS_TESTS:-OFF}" = OFF ] ||
		cross_cmocka -DHAVE_SIGLONGJMP -DHAVE_STRINGS_H -DHAVE_STRSIGNAL
	cross_uthash
}

bsd_configure() {
	# No program of this system runs here, so its tests are left out.
	XT_CROSS_TESTS=${XT_CROSS_TESTS:-OFF} cross_xtunnel "$toolchain"
}

bsd_test() {
	case $target in
	freebsd-*) cross_linked "x86-64*for FreeBSD 14" freebsd rc.d/xtunnel ;;
	openbsd-*) cross_linked "x86-64*for OpenBSD" none ;;
	esac
}
