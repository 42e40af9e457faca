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

# xt_static_check(PREFIX NAME): of what pkg_check_modules has found for PREFIX a static program
# takes nothing without an archive. NAME is the option, AUTO or ON.
macro(xt_static_check prefix name)
    if(XT_STATIC AND ${prefix}_FOUND)
        set(xt_shared_only ${${prefix}_LINK_LIBRARIES})
        list(FILTER xt_shared_only EXCLUDE REGEX "[.]a$")
        if(xt_shared_only AND ${name} STREQUAL "ON")
            message(FATAL_ERROR "${name}: no static library of ${xt_shared_only}")
        elseif(xt_shared_only)
            message(STATUS "static program: without ${xt_shared_only}, which has no archive")
            set(${prefix}_FOUND OFF)
        endif()
    endif()
endmacro()
