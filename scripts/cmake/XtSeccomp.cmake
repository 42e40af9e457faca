# SPDX-License-Identifier: MIT
# XT_SECCOMP: a list of the system calls of a process that reads packets, by libseccomp (Linux).
#   AUTO  where it is   ON  it must be there   OFF  left out
# Sets SECCOMP_FOUND.
set(XT_SECCOMP AUTO CACHE STRING "Filter of system calls: AUTO, ON or OFF")
set_property(CACHE XT_SECCOMP PROPERTY STRINGS AUTO ON OFF)

set(xt_seccomp)
if(XT_SECCOMP STREQUAL "ON")
    pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp>=2.5)
elseif(XT_SECCOMP)
    pkg_check_modules(SECCOMP IMPORTED_TARGET libseccomp>=2.5)
else()
    set(SECCOMP_FOUND OFF)
endif()
if(SECCOMP_FOUND)
    set(xt_seccomp PkgConfig::SECCOMP)
endif()
