# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # variables of common.sh
# macOS 12 and later, by zig: it has the headers and the stubs of libSystem. Frameworks are not
# needed: what belongs to them is run as a program (scutil, networksetup).

macos_dependencies() {
	local zig_processor=${1#macos-} processor=${1#macos-}
	case $zig_processor in arm64) zig_processor=aarch64 ;; esac
	cross_zig_toolchain "$zig_processor-macos.12.0" Darwin "$processor"
	cross_libsodium_known
	cross_libuv
	cross_libb2
	cross_jansson
	[ "${XT_CROSS_TESTS:-OFF}" = OFF ] ||
		cross_cmocka -DHAVE_SIGLONGJMP -DHAVE_STRINGS_H -DHAVE_STRSIGNAL
	cross_uthash
}

macos_configure() {
	# No program of this system runs here, so its tests are left out.
	XT_CROSS_TESTS=${XT_CROSS_TESTS:-OFF} cross_xtunnel "$toolchain"
}

macos_test() {
	cross_linked "Mach-O 64-bit ${target#macos-} *executable" macos xtunnel.utun7.plist
}
