# SPDX-License-Identifier: MIT
# The toolchain file of the target XT_TOOLCHAIN_OF in the cache of scripts/cross.
if(NOT XT_CROSS_CACHE)
    set(XT_CROSS_CACHE $ENV{XT_CROSS_CACHE})
    if(NOT XT_CROSS_CACHE)
        set(XT_CROSS_CACHE $ENV{HOME}/.cache/xtunnel-cross)
    endif()
    set(XT_CROSS_CACHE ${XT_CROSS_CACHE} CACHE PATH "Cache of scripts/cross")
endif()
set(ENV{XT_CROSS_CACHE} ${XT_CROSS_CACHE}) # for projects that only test the compiler
if(NOT EXISTS ${XT_CROSS_CACHE}/${XT_TOOLCHAIN_OF}/toolchain.cmake)
    message(FATAL_ERROR "${XT_CROSS_CACHE} has no compiler and libraries for ${XT_TOOLCHAIN_OF}: "
                        "run scripts/cross ${XT_TOOLCHAIN_OF} once")
endif()
include(${XT_CROSS_CACHE}/${XT_TOOLCHAIN_OF}/toolchain.cmake)
