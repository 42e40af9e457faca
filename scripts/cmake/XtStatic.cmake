# SPDX-License-Identifier: MIT
# XT_STATIC: the program linked statically, as a position-independent executable (glibc). Included
# before the libraries are looked for: only static ones are found then. libIPSec_MB becomes a part
# of the program where it is there (XT_STATIC_IPSECMB).
option(XT_STATIC "Link the program statically" OFF)
set(xt_uv libuv)
if(XT_STATIC)
    set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
    set(CMAKE_C_LINK_OPTIONS_PIE -static-pie)
    set(xt_uv libuv-static)
    set(XT_STATIC_IPSECMB "")
    if(NOT XT_IPSECMB STREQUAL "OFF")
        find_library(XT_IPSECMB_ARCHIVE IPSec_MB)
        mark_as_advanced(XT_IPSECMB_ARCHIVE)
        if(XT_IPSECMB_ARCHIVE)
            set(XT_STATIC_IPSECMB ${XT_IPSECMB_ARCHIVE})
        endif()
    endif()
    if(XT_STATIC_IPSECMB)
        message(STATUS "static program: with libIPSec_MB")
    else()
        message(STATUS "static program: without libIPSec_MB")
    endif()
endif()
