# SPDX-License-Identifier: MIT
# Preset musl-x86_64: what `scripts/cross musl-x86_64` has put into its cache.
set(XT_TOOLCHAIN_OF musl-x86_64)
include(${CMAKE_CURRENT_LIST_DIR}/XtCached.cmake)
