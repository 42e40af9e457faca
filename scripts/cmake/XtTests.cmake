# tests/unit/test_*.c: cmocka programs, one a source. The first line of a test names the layers it
# links:  /* layers: packet crypto */   (what is not named does not link).
#
# scripts/test has two places for each processor: what computes takes both (PROCESSORS 2), what waits
# for others one. COST, here the time it may take, has the longest begin first.
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

function(xt_test_layers out path)
    file(STRINGS ${path} first LIMIT_COUNT 1)
    set(libs)
    if(first MATCHES "layers: ([a-z ]+)")
        string(STRIP "${CMAKE_MATCH_1}" layers)
        string(REPLACE " " ";" layers "${layers}")
        foreach(layer IN LISTS layers)
            list(APPEND libs xt_${layer})
        endforeach()
    endif()
    set(${out} ${libs} PARENT_SCOPE)
endfunction()

function(xt_test_program path label)
    get_filename_component(name ${path} NAME_WE)
    xt_test_layers(libs ${path})
    add_executable(${name} ${path})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/src
                               ${CMAKE_SOURCE_DIR}/include)
    target_include_directories(${name} SYSTEM PRIVATE ${UTHASH_INCLUDE})
    target_compile_definitions(${name} PRIVATE XT_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
    target_link_libraries(${name} PRIVATE ${libs} PkgConfig::CMOCKA)
    target_link_options(${name} PRIVATE ${XT_NO_LTO})
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 300 SKIP_RETURN_CODE 77
                         PROCESSORS 2)
endfunction()

file(GLOB xt_unit CONFIGURE_DEPENDS tests/unit/test_*.c)
foreach(path IN LISTS xt_unit)
    xt_test_program(${path} unit)
endforeach()
file(GLOB xt_oracle CONFIGURE_DEPENDS tests/oracle/oracle_*.c)
foreach(path IN LISTS xt_oracle)
    xt_test_program(${path} unit)
endforeach()
# All 65,536 lengths instead of some.
add_test(NAME oracle_aead_all COMMAND oracle_aead)
set_tests_properties(oracle_aead_all PROPERTIES LABELS "unit;long" TIMEOUT 900 COST 900
                     PROCESSORS 2 ENVIRONMENT XT_LONG=1)
include(XtTestsMore OPTIONAL)
