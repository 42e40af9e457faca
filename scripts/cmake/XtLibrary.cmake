# SPDX-License-Identifier: MIT
# libxtunnel, static or shared by BUILD_SHARED_LIBS: the rooms base, packet, crypto and core without
# the log, whose last resort is standard error; nothing in the library logs.
#
# It takes the rooms' objects, which are position-independent and export only what XT_API marks.
# With link-time optimisation those carry the compiler's intermediate code as well, which another
# version of the compiler refuses: then the library's objects are compiled once more, without.
set(xt_library_rooms xt_base xt_packet xt_crypto xt_core)
set(xt_library_sources)
foreach(room IN LISTS xt_library_rooms)
    if(XT_IPO)
        get_target_property(sources ${room} SOURCES)
        list(FILTER sources INCLUDE REGEX "\\.c$")
        list(APPEND xt_library_sources ${sources})
    else()
        list(APPEND xt_library_sources $<TARGET_OBJECTS:${room}>)
    endif()
endforeach()
# Of the binary interface, and no part of the version: raised when programs that are linked to the
# library have to be built again. Debian's package is named by it (docs/decisions/0018-packages.md).
set(XT_SOVERSION 0)
add_library(libxtunnel ${xt_library_sources})
add_library(xtunnel::xtunnel ALIAS libxtunnel)
set_target_properties(libxtunnel PROPERTIES OUTPUT_NAME xtunnel EXPORT_NAME xtunnel
    LINKER_LANGUAGE C C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF
    VERSION ${PROJECT_VERSION} SOVERSION ${XT_SOVERSION})
xt_flags(libxtunnel)
target_compile_definitions(libxtunnel PRIVATE XT_BORINGSSL_DIR="${xt_boringssl_dir}")
target_include_directories(libxtunnel PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_include_directories(libxtunnel PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(libxtunnel SYSTEM PRIVATE ${UTHASH_INCLUDE})
# Private: a program that links the static library needs them as well, but none of their headers.
pkg_check_modules(XTUNNEL_DEPS REQUIRED IMPORTED_TARGET GLOBAL libsodium libb2)
target_link_libraries(libxtunnel PRIVATE PkgConfig::XTUNNEL_DEPS)
if(BUILD_SHARED_LIBS)
    set(xt_map ${PROJECT_SOURCE_DIR}/scripts/cmake/libxtunnel.map)
    target_link_options(libxtunnel PRIVATE -Wl,--version-script=${xt_map})
    set_property(TARGET libxtunnel PROPERTY LINK_DEPENDS ${xt_map})
endif()
