# SPDX-License-Identifier: MIT
# The toolchain file of the target XT_TOOLCHAIN_OF in the cache of scripts/cross.
set(xt_cache $ENV{XT_CROSS_CACHE})
if(NOT xt_cache)
    set(xt_cache $ENV{HOME}/.cache/xtunnel-cross)
endif()
if(NOT EXISTS ${xt_cache}/${XT_TOOLCHAIN_OF}/toolchain.cmake)
    message(FATAL_ERROR "${xt_cache} has no compiler and libraries for ${XT_TOOLCHAIN_OF}: "
                        "run scripts/cross ${XT_TOOLCHAIN_OF} once")
endif()
include(${xt_cache}/${XT_TOOLCHAIN_OF}/toolchain.cmake)
