# SPDX-License-Identifier: MIT
# Preset musl-arm64: what `scripts/cross musl-arm64` has put into its cache.
set(XT_TOOLCHAIN_OF musl-arm64)
include(${CMAKE_CURRENT_LIST_DIR}/XtCached.cmake)
