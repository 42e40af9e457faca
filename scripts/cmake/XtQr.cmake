# SPDX-License-Identifier: MIT
# XT_QR: QR codes of `add --qr`, by libqrencode.
#   AUTO  where it is   ON  it must be there   OFF  left out
# Sets QRENCODE_FOUND.
set(XT_QR AUTO CACHE STRING "QR codes by libqrencode: AUTO, ON or OFF")
set_property(CACHE XT_QR PROPERTY STRINGS AUTO ON OFF)

set(xt_qr)
if(XT_QR STREQUAL "ON")
    pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode>=4.0)
elseif(XT_QR)
    pkg_check_modules(QRENCODE IMPORTED_TARGET libqrencode>=4.0)
else()
    set(QRENCODE_FOUND OFF)
endif()
xt_static_check(QRENCODE XT_QR)
if(QRENCODE_FOUND)
    set(xt_qr PkgConfig::QRENCODE)
    message(STATUS "QR codes: libqrencode ${QRENCODE_VERSION}")
else()
    message(STATUS "QR codes: none")
endif()
