# SPDX-License-Identifier: MIT
# Man pages: docs/man/NAME.SECTION.scd by scdoc.
find_program(XT_SCDOC scdoc)
if(NOT XT_SCDOC)
    message(STATUS "scdoc not found: no man pages")
    return()
endif()
set(xt_pages
    docs/man/libxtunnel.3.scd
    docs/man/xtunnel-uapi.7.scd
    docs/man/xtunnel.8.scd
    docs/man/xtunnel.conf.5.scd)
set(xt_man)
foreach(page IN LISTS xt_pages)
    set(page ${PROJECT_SOURCE_DIR}/${page})
    get_filename_component(name ${page} NAME)
    string(REGEX REPLACE "\\.scd$" "" name ${name})
    string(REGEX MATCH "[0-9]$" section ${name})
    set(out ${CMAKE_CURRENT_BINARY_DIR}/man/${name})
    add_custom_command(OUTPUT ${out} DEPENDS ${page} VERBATIM
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/man
        COMMAND sh -c "SOURCE_DATE_EPOCH=1767225600 \"$1\" < \"$2\" > \"$3.new\" && mv \"$3.new\" \"$3\""
                scdoc ${XT_SCDOC} ${page} ${out})
    if(XT_INSTALL)
        install(FILES ${out} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
    endif()
    list(APPEND xt_man ${out})
endforeach()
add_custom_target(man ALL DEPENDS ${xt_man})
