# SPDX-License-Identifier: MIT
# shellcheck shell=bash
windows_dependencies() {
	cross_zig
}
windows_configure() {
	:
}
windows_test() {
	:
}
