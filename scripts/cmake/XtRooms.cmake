# SPDX-License-Identifier: MIT
# xt_room(NAME SOURCES file… [NOT_IN_LIBRARY file…] MAY_SEE target…)
# A static library xt_NAME of a folder's sources, for the program and the tests. Only what MAY_SEE
# names is linked, so a unit test of the room does not link when the room calls upward. Sources
# under NOT_IN_LIBRARY are in xt_NAME, but not in libxtunnel, which takes xt_NAME's own objects. A
# source that stands in no list fails tests/docs/t_sources.py.
function(xt_room name)
    cmake_parse_arguments(ROOM "" "" "SOURCES;NOT_IN_LIBRARY;MAY_SEE" ${ARGN})
    list(TRANSFORM ROOM_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    add_library(xt_${name} STATIC EXCLUDE_FROM_ALL ${ROOM_SOURCES})
    set(targets xt_${name})
    if(ROOM_NOT_IN_LIBRARY)
        add_library(xt_${name}_more OBJECT EXCLUDE_FROM_ALL ${ROOM_NOT_IN_LIBRARY})
        target_sources(xt_${name} PRIVATE $<TARGET_OBJECTS:xt_${name}_more>)
        list(APPEND targets xt_${name}_more)
    endif()
    xt_flags(${targets})
    foreach(target IN LISTS targets)
        # Static names of different files may be equal: an outer project's unity build excepts us.
        set_target_properties(${target} PROPERTIES C_VISIBILITY_PRESET hidden
                              POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
        xt_optimise_links(${target})
        target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include
                                   ${PROJECT_BINARY_DIR}/include ${PROJECT_SOURCE_DIR}/src)
        target_include_directories(${target} SYSTEM PRIVATE ${UTHASH_INCLUDE})
        target_link_libraries(${target} PUBLIC ${ROOM_MAY_SEE})
    endforeach()
endfunction()
