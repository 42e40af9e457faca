# SPDX-License-Identifier: MIT
# macOS.
set(xt_platform_sources)
set(xt_platform_libraries)
