# XT_URING: writes to the TUN device several a system call, by liburing (Linux).
#   AUTO  where it is   ON  it must be there   OFF  left out
set(XT_URING AUTO CACHE STRING "Writes by io_uring: AUTO, ON or OFF")
set_property(CACHE XT_URING PROPERTY STRINGS AUTO ON OFF)

if(XT_URING STREQUAL "ON")
    pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing>=2.2)
elseif(XT_URING)
    pkg_check_modules(URING IMPORTED_TARGET liburing>=2.2)
endif()
if(URING_FOUND)
    set(XT_LEFT_OUT "(${XT_LEFT_OUT}|/ring_none_linux\\.c$)")
    set(xt_uring PkgConfig::URING)
else()
    set(XT_LEFT_OUT "(${XT_LEFT_OUT}|/ring_linux\\.c$)")
endif()
