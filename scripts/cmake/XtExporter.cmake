# SPDX-License-Identifier: MIT
# XT_EXPORTER: the verb `exporter`, by libmicrohttpd, which it loads at run time so that no process
# of an instance has an HTTP library in it. Only its header is needed to build.
#   AUTO  where the header is   ON  it must be there   OFF  left out
# Sets MICROHTTPD_FOUND.
set(XT_EXPORTER AUTO CACHE STRING "The verb exporter, by libmicrohttpd: AUTO, ON or OFF")
set_property(CACHE XT_EXPORTER PROPERTY STRINGS AUTO ON OFF)

if(XT_EXPORTER STREQUAL "ON")
    pkg_check_modules(MICROHTTPD REQUIRED libmicrohttpd>=0.9.71)
elseif(XT_EXPORTER)
    pkg_check_modules(MICROHTTPD libmicrohttpd>=0.9.71)
else()
    set(MICROHTTPD_FOUND OFF)
endif()

# xt_embed(OUT FILE…): the C source OUT with an array xt_embedded_NAME and its xt_embedded_NAME_len
# for each file, NAME being its name with a '_' for the dot.
function(xt_embed out)
    set(text "/* Written by scripts/cmake/XtExporter.cmake. */\n#include <stddef.h>\n#include \"exporter/page.h\"\n")
    foreach(file IN LISTS ARGN)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
        file(READ ${file} hex HEX)
        string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
        string(REPLACE "." "_" name ${file})
        string(APPEND text "const char xt_embedded_${name}[] = {${hex}0};\n"
                           "const size_t xt_embedded_${name}_len = sizeof(xt_embedded_${name}) - 1;\n")
    endforeach()
    file(GENERATE OUTPUT ${out} CONTENT "${text}")
endfunction()
