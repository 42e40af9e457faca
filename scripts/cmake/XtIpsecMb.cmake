# XT_IPSECMB: the backend that loads libIPSec_MB while running. It needs no header to build; where
# there is one, what the backend believes of the library is held against it.
#   AUTO  on x86-64   ON  and the header must be there   OFF  left out
set(XT_IPSECMB AUTO CACHE STRING "AEAD by intel-ipsec-mb: AUTO, ON or OFF")
set_property(CACHE XT_IPSECMB PROPERTY STRINGS AUTO ON OFF)
find_path(XT_IPSECMB_INCLUDE intel-ipsec-mb.h)
mark_as_advanced(XT_IPSECMB_INCLUDE)

set(XT_LEFT_OUT "/aead_ipsecmb_none\\.c$") # regex of sources that are not built
if(XT_IPSECMB STREQUAL "ON" AND NOT XT_IPSECMB_INCLUDE)
    message(FATAL_ERROR "XT_IPSECMB=ON, but there is no intel-ipsec-mb.h (libipsec-mb-dev)")
endif()
if(NOT XT_IPSECMB OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$"
   OR NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(XT_LEFT_OUT "/aead_ipsecmb(_check)?\\.c$")
elseif(NOT XT_IPSECMB_INCLUDE)
    set(XT_LEFT_OUT "/aead_ipsecmb_(none|check)\\.c$")
endif()
