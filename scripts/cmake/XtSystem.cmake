# SPDX-License-Identifier: MIT
# xt_system: the system that is built for, as the folders and lists of src/platform name it.
#   linux   darwin   bsd (FreeBSD, OpenBSD)   windows
# Files are chosen by it here and in the lists of src/, never by #ifdef (docs/porting.md).
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    set(xt_system linux)
elseif(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
    set(xt_system darwin)
elseif(CMAKE_SYSTEM_NAME MATCHES "^(FreeBSD|OpenBSD)$")
    set(xt_system bsd)
elseif(CMAKE_SYSTEM_NAME STREQUAL "Windows")
    set(xt_system windows)
else()
    message(FATAL_ERROR "xtunnel has no port to ${CMAKE_SYSTEM_NAME} (docs/porting.md)")
endif()
