# SPDX-License-Identifier: MIT
# XT_BORINGSSL_DIR: the folder of BoringSSL's libcrypto.so.0, for the backend that loads it at run
# time. The default is the folder of Debian's package android-libboringssl, which the loader does
# not search. Empty: the loader's folders. AWS-LC (libcrypto-awslc.so.1) is found without it.
set(xt_boringssl_dir "")
if(CMAKE_LIBRARY_ARCHITECTURE)
    set(xt_boringssl_dir "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/android")
endif()
set(XT_BORINGSSL_DIR "${xt_boringssl_dir}" CACHE STRING "Folder of BoringSSL's libcrypto.so.0")
string(REGEX REPLACE "([^/])/*$" "\\1/" xt_boringssl_dir "${XT_BORINGSSL_DIR}")
