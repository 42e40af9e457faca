# The program; the library's own install rules live here too.
if(EXISTS ${CMAKE_SOURCE_DIR}/src/cli/main.c)
    add_executable(xtunnel src/cli/main.c)
    target_link_libraries(xtunnel PRIVATE xt_cli)
    if(XT_IPO)
        set_property(TARGET xtunnel PROPERTY INTERPROCEDURAL_OPTIMIZATION ON)
    endif()
    install(TARGETS xtunnel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
