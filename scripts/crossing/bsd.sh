# SPDX-License-Identifier: MIT
# shellcheck shell=bash
bsd_dependencies() {
	cross_zig
}
bsd_configure() {
	:
}
bsd_test() {
	:
}
