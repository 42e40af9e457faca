# SPDX-License-Identifier: MIT
# shellcheck shell=bash
macos_dependencies() {
	cross_zig
}
macos_configure() {
	:
}
macos_test() {
	:
}
