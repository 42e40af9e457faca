# SPDX-License-Identifier: MIT
# xt_flags(TARGET…): the compiler and linker flags of our own targets. A function rather than an
# interface library, which would pass its linker flags on to the users of libxtunnel.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(xt_definitions _GNU_SOURCE)
set(xt_compile_options -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wvla -fno-strict-aliasing -fno-common)
# Structures of musl have lengths narrower than size_t, and its macros for them mix signs.
option(XT_CONVERSION_WARNINGS "Warn of conversions that may change a value" ON)
if(NOT XT_CONVERSION_WARNINGS)
    list(REMOVE_ITEM xt_compile_options -Wconversion)
endif()
# mingw's "printf" checks formats against Microsoft's C library, which prints none of ours.
if(MINGW AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND xt_definitions XT_PRINTF_KIND=gnu_printf)
endif()
set(xt_link_options)
if(xt_system STREQUAL "linux" AND CMAKE_SIZEOF_VOID_P EQUAL 4)
    # Files whose inode or length takes more than 32 bits, and times after 2038.
    list(APPEND xt_definitions _FILE_OFFSET_BITS=64 _TIME_BITS=64)
endif()
if(XT_WERROR)
    list(APPEND xt_compile_options -Werror)
elseif(NOT PROJECT_IS_TOP_LEVEL)
    # An outer project's -Werror is for its own code: it may use warnings that ours does not heed.
    list(APPEND xt_compile_options -Wno-error)
endif()

# In every optimised build, if the compiler knows the flag. Where a distribution's own flags, or the
# compiler by itself, define _FORTIFY_SOURCE, theirs holds.
macro(xt_harden kind flag)
    string(MAKE_C_IDENTIFIER "XT_HAS${flag}" has)
    if(${kind} STREQUAL "compile")
        check_c_compiler_flag("${flag}" ${has})
    else()
        check_linker_flag(C "${flag}" ${has})
    endif()
    if(${has})
        list(APPEND xt_${kind}_options $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:${flag}>)
    endif()
endmacro()

macro(xt_fortify)
    set(CMAKE_REQUIRED_FLAGS "-O2")
    check_c_source_compiles("
        #ifdef _FORTIFY_SOURCE
        #error
        #endif
        int main(void) { return 0; }" XT_FORTIFY_UNDEFINED)
    set(CMAKE_REQUIRED_DEFINITIONS -D_FORTIFY_SOURCE=3)
    check_c_source_compiles("
        #include <stdio.h>
        #if __USE_FORTIFY_LEVEL != 3
        #error
        #endif
        int main(void) { return 0; }" XT_FORTIFY_3)
    unset(CMAKE_REQUIRED_DEFINITIONS)
    unset(CMAKE_REQUIRED_FLAGS)
    string(TOUPPER "CMAKE_C_FLAGS_${CMAKE_BUILD_TYPE}" flags)
    if(XT_FORTIFY_UNDEFINED AND NOT "${${flags}}" MATCHES "_FORTIFY_SOURCE")
        list(APPEND xt_definitions $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:_FORTIFY_SOURCE=$<IF:$<BOOL:${XT_FORTIFY_3}>,3,2>>)
    endif()
endmacro()

if(XT_SANITIZE)
    list(APPEND xt_compile_options -fsanitize=${XT_SANITIZE} -fno-omit-frame-pointer -O1)
    if(XT_SANITIZE MATCHES "undefined")
        list(APPEND xt_compile_options -fno-sanitize-recover=all)
    endif()
    list(APPEND xt_link_options -fsanitize=${XT_SANITIZE})
elseif(NOT XT_COVERAGE)
    xt_harden(compile -fstack-protector-strong)
    # mingw's functions for it, and for fortified ones, are in a library that this adds.
    if(MINGW)
        list(APPEND xt_link_options -fstack-protector-strong)
    endif()
    # mingw's compiler ends at functions with a large frame; Windows probes stacks by itself.
    if(NOT CMAKE_SYSTEM_NAME STREQUAL "Windows")
        xt_harden(compile -fstack-clash-protection)
    endif()
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64|i.86)$")
        xt_harden(compile -fcf-protection=full)
    endif()
    xt_harden(compile -ffunction-sections)
    xt_harden(compile -fdata-sections)
    xt_harden(link -Wl,-z,relro)
    xt_harden(link -Wl,-z,now)
    xt_harden(link -Wl,--gc-sections)
    xt_harden(link -Wl,--as-needed)
    xt_fortify()
endif()
if(XT_FUZZ)
    # Small pools and queues: less to set up a run, and sooner full.
    list(APPEND xt_definitions FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
    list(APPEND xt_compile_options -fsanitize=fuzzer-no-link)
    list(APPEND xt_link_options -fsanitize=fuzzer-no-link)
endif()
if(XT_COVERAGE)
    list(APPEND xt_compile_options --coverage -O0)
    list(APPEND xt_link_options --coverage)
endif()

function(xt_flags)
    foreach(target IN LISTS ARGN)
        target_compile_definitions(${target} PRIVATE ${xt_definitions})
        target_compile_options(${target} PRIVATE ${xt_compile_options})
        target_link_options(${target} PRIVATE ${xt_link_options})
    endforeach()
endfunction()

# Link-time optimisation, for the program and the benches. A hundred tests would take longer to link
# than all else to build: they take the code that lies beside in the same objects (XT_NO_LTO).
if(XT_LTO AND XT_PROGRAM)
    include(CheckIPOSupported)
    check_ipo_supported(RESULT XT_IPO OUTPUT xt_ipo_why LANGUAGES C)
    if(XT_IPO AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
        set(XT_FAT -ffat-lto-objects)
        set(XT_NO_LTO -fno-lto -fno-use-linker-plugin)
    endif()
endif()

function(xt_optimise_links target)
    if(XT_IPO)
        set_property(TARGET ${target} PROPERTY INTERPROCEDURAL_OPTIMIZATION ON)
        target_compile_options(${target} PRIVATE ${XT_FAT})
    endif()
endfunction()
