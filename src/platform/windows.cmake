# SPDX-License-Identifier: MIT
# Windows.
set(xt_platform_sources)
set(xt_platform_libraries)
