# xt_room(NAME SOURCES file… MAY_SEE target…)
# A static library xt_NAME of a folder's sources, for the program and the tests. Only what MAY_SEE
# names is linked, so a unit test of the room does not link when the room calls upward. A source that
# stands in no list fails tests/docs/t_sources.py.
function(xt_room name)
    cmake_parse_arguments(ROOM "" "" "SOURCES;MAY_SEE" ${ARGN})
    list(TRANSFORM ROOM_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    add_library(xt_${name} STATIC EXCLUDE_FROM_ALL ${ROOM_SOURCES})
    set_target_properties(xt_${name} PROPERTIES C_VISIBILITY_PRESET hidden
                          POSITION_INDEPENDENT_CODE ON)
    xt_flags(xt_${name})
    xt_optimise_links(xt_${name})
    target_include_directories(xt_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                               ${PROJECT_BINARY_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_include_directories(xt_${name} SYSTEM PRIVATE ${UTHASH_INCLUDE})
    target_link_libraries(xt_${name} PUBLIC ${ROOM_MAY_SEE})
endfunction()
