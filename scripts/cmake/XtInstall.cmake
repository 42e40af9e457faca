# SPDX-License-Identifier: MIT
# What a user gets: the program, and libxtunnel with headers, pkg-config file and CMake package.
include(CMakePackageConfigHelpers)

if(XT_PROGRAM)
    install(TARGETS xtunnel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    install(FILES conf/xtunnel.conf.example DESTINATION ${CMAKE_INSTALL_DOCDIR})
    if(xt_system STREQUAL "linux")
        foreach(unit xtunnel@.service xtunnel-strict@.service xtunnel-exporter.service)
            configure_file(conf/${unit}.in ${unit} @ONLY)
            install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${unit} DESTINATION lib/systemd/system)
        endforeach()
        install(FILES conf/xtunnel.sysusers DESTINATION lib/sysusers.d RENAME xtunnel.conf)
        install(FILES conf/xtunnel.tmpfiles DESTINATION lib/tmpfiles.d RENAME xtunnel.conf)
    elseif(xt_system STREQUAL "darwin")
        # One instance each, to be copied by an administrator.
        install(FILES conf/macos/xtunnel.utun7.plist DESTINATION ${CMAKE_INSTALL_DATADIR}/xtunnel)
    elseif(CMAKE_SYSTEM_NAME STREQUAL "FreeBSD")
        install(PROGRAMS conf/freebsd/xtunnel DESTINATION etc/rc.d)
    elseif(CMAKE_SYSTEM_NAME STREQUAL "OpenBSD")
        # To be copied by an administrator, with a link for each instance.
        install(PROGRAMS conf/openbsd/xtunnel DESTINATION ${CMAKE_INSTALL_DATADIR}/examples/xtunnel)
    endif()
    install(FILES conf/completions/xtunnel.bash RENAME xtunnel
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES conf/completions/xtunnel.zsh RENAME _xtunnel
            DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES conf/completions/xtunnel.fish
            DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

install(TARGETS libxtunnel EXPORT xtunnel
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/xtunnel ${PROJECT_BINARY_DIR}/include/xtunnel
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.def")

# A program that links the static library links what that one needs as well.
if(BUILD_SHARED_LIBS)
    set(xt_requires "Requires.private")
    set(xt_package_needs OFF)
else()
    set(xt_requires "Requires")
    set(xt_package_needs ON)
endif()
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

if(PROJECT_IS_TOP_LEVEL)
    add_custom_target(uninstall VERBATIM
        COMMAND ${PROJECT_SOURCE_DIR}/scripts/uninstall ${PROJECT_BINARY_DIR})
endif()
