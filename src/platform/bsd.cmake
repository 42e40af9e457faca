# SPDX-License-Identifier: MIT
# FreeBSD and OpenBSD.
set(xt_platform_sources)
set(xt_platform_libraries)
