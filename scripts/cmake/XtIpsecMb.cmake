# SPDX-License-Identifier: MIT
# XT_IPSECMB: the backend that loads libIPSec_MB at run time. It needs no header to build; where
# there is one, the backend's own declarations are checked against it.
#   AUTO  on x86-64   ON  and the header must be there   OFF  left out
# Sets XT_IPSECMB_BUILT, and XT_IPSECMB_INCLUDE where there is a header.
set(XT_IPSECMB AUTO CACHE STRING "AEAD by intel-ipsec-mb: AUTO, ON or OFF")
set_property(CACHE XT_IPSECMB PROPERTY STRINGS AUTO ON OFF)
find_path(XT_IPSECMB_INCLUDE intel-ipsec-mb.h)
mark_as_advanced(XT_IPSECMB_INCLUDE)

if(XT_IPSECMB STREQUAL "ON" AND NOT XT_IPSECMB_INCLUDE)
    message(FATAL_ERROR "XT_IPSECMB=ON, but there is no intel-ipsec-mb.h (libipsec-mb-dev)")
endif()
set(XT_IPSECMB_BUILT OFF)
if(XT_IPSECMB AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$"
   AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(XT_IPSECMB_BUILT ON)
endif()
