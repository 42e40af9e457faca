# What a user gets: the program, and libxtunnel as one archive with headers, pkg-config and CMake
# package.
include(CMakePackageConfigHelpers)

if(EXISTS ${CMAKE_SOURCE_DIR}/src/cli/main.c)
    add_executable(xtunnel src/cli/main.c)
    target_link_libraries(xtunnel PRIVATE xt_cli)
    if(XT_IPO)
        set_property(TARGET xtunnel PROPERTY INTERPROCEDURAL_OPTIMIZATION ON)
    endif()
    install(TARGETS xtunnel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# Compiled once more for the archive: without link-time optimisation, so that any linker reads it.
set(xt_library_sources)
foreach(layer IN ITEMS base packet crypto core)
    file(GLOB sources CONFIGURE_DEPENDS src/${layer}/*.c)
    list(APPEND xt_library_sources ${sources})
endforeach()
# The log's sink of last resort writes to standard error; nothing in the library logs.
list(FILTER xt_library_sources EXCLUDE REGEX "/base/(log|message)\\.c$")
list(FILTER xt_library_sources EXCLUDE REGEX "${XT_LEFT_OUT}")
add_library(libxtunnel STATIC ${xt_library_sources})
pkg_check_modules(XTUNNEL_DEPS REQUIRED IMPORTED_TARGET libsodium libb2)
set_target_properties(libxtunnel PROPERTIES OUTPUT_NAME xtunnel EXPORT_NAME xtunnel)
target_include_directories(libxtunnel PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_include_directories(libxtunnel PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_include_directories(libxtunnel SYSTEM PRIVATE ${UTHASH_INCLUDE})
target_link_libraries(libxtunnel PUBLIC PkgConfig::XTUNNEL_DEPS)

install(TARGETS libxtunnel EXPORT xtunnel ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/xtunnel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def")

set(xt_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/xtunnel)
install(EXPORT xtunnel NAMESPACE xtunnel:: FILE xtunnelTargets.cmake DESTINATION ${xt_cmake_dir})
configure_package_config_file(scripts/cmake/xtunnelConfig.cmake.in xtunnelConfig.cmake
                              INSTALL_DESTINATION ${xt_cmake_dir})
write_basic_package_version_file(xtunnelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/xtunnelConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/xtunnelConfigVersion.cmake
        DESTINATION ${xt_cmake_dir})

# Found from where the file lies, so that the installed tree can be moved.
file(RELATIVE_PATH xt_pc_prefix
     ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" xt_pc_prefix "${xt_pc_prefix}")
configure_file(scripts/cmake/xtunnel.pc.in xtunnel.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/xtunnel.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES conf/xtunnel.conf.example DESTINATION ${CMAKE_INSTALL_DOCDIR})
configure_file(conf/xtunnel@.service.in xtunnel@.service @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/xtunnel@.service DESTINATION lib/systemd/system)
