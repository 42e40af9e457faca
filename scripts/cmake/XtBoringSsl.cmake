# XT_BORINGSSL_DIR: where libcrypto.so.0 of BoringSSL lies, for the backend that loads it while
# running. The default is the folder of Debian's package android-libboringssl, which is not one of the
# loader's own. Empty: the loader's folders. AWS-LC (libcrypto-awslc.so.1) is found without it.
set(xt_boringssl_dir "")
if(CMAKE_LIBRARY_ARCHITECTURE)
    set(xt_boringssl_dir "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/android")
endif()
set(XT_BORINGSSL_DIR "${xt_boringssl_dir}" CACHE STRING "Folder of BoringSSL's libcrypto.so.0")
string(REGEX REPLACE "([^/])/*$" "\\1/" xt_boringssl_dir "${XT_BORINGSSL_DIR}")
set_source_files_properties(src/crypto/aead_boringssl.c PROPERTIES
    COMPILE_DEFINITIONS "XT_BORINGSSL_DIR=\"${xt_boringssl_dir}\"")
