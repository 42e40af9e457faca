# SPDX-License-Identifier: MIT
# XT_URING: several writes to the TUN device a system call, by liburing (Linux).
#   AUTO  where it is   ON  it must be there   OFF  left out
# Sets URING_FOUND.
set(XT_URING AUTO CACHE STRING "Writes by io_uring: AUTO, ON or OFF")
set_property(CACHE XT_URING PROPERTY STRINGS AUTO ON OFF)

set(xt_uring)
if(XT_URING STREQUAL "ON")
    pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing>=2.2)
elseif(XT_URING)
    pkg_check_modules(URING IMPORTED_TARGET liburing>=2.2)
else()
    set(URING_FOUND OFF)
endif()
if(URING_FOUND)
    set(xt_uring PkgConfig::URING)
endif()
