# SPDX-License-Identifier: MIT
# How tests are built and run.
#
# scripts/test has two places for each processor: what computes takes both (PROCESSORS 2), what
# waits for others one. COST, here the time it may take, has the longest begin first.

# xt_test_rooms(OUT FILE): the targets of the rooms that a test names in its first two lines:
#   /* layers: packet crypto */   (a room that is not named is not linked)
function(xt_test_rooms out path)
    file(STRINGS ${path} first LIMIT_COUNT 2)
    set(rooms)
    if(first MATCHES "(layers|rooms): ([a-z ]+)")
        string(STRIP "${CMAKE_MATCH_2}" names)
        string(REPLACE " " ";" names "${names}")
        list(TRANSFORM names PREPEND xt_ OUTPUT_VARIABLE rooms)
    endif()
    set(${out} ${rooms} PARENT_SCOPE)
endfunction()

# A loader and libraries that are not where the system has them (scripts/crossing/linux.sh).
set(XT_TEST_LINK_OPTIONS "" CACHE STRING "Link options of the test programs alone")

# xt_test_target(TARGET LIBRARY…): what every program under tests/ is compiled and linked with.
function(xt_test_target target)
    xt_flags(${target})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests
        ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
    target_include_directories(${target} SYSTEM PRIVATE ${UTHASH_INCLUDE})
    target_link_libraries(${target} PRIVATE ${ARGN})
    target_link_options(${target} PRIVATE ${XT_TEST_LINK_OPTIONS})
endfunction()

# xt_timeout(OUT SECONDS): of a program that takes a small part of that. An emulator takes ten to
# twenty times as long as the processor.
function(xt_timeout out seconds)
    if(CMAKE_CROSSCOMPILING_EMULATOR)
        math(EXPR seconds "${seconds} * 6")
    endif()
    set(${out} ${seconds} PARENT_SCOPE)
endfunction()

# xt_test_program(NAME LABEL): NAME.c with cmocka, as a CTest.
function(xt_test_program name label)
    xt_test_rooms(rooms ${name}.c)
    add_executable(${name} ${name}.c)
    xt_test_target(${name} ${rooms} PkgConfig::CMOCKA)
    target_compile_definitions(${name} PRIVATE XT_VECTORS="${PROJECT_SOURCE_DIR}/tests/vectors")
    target_link_options(${name} PRIVATE ${XT_NO_LTO})
    if(XT_SKIPS)
        target_sources(${name} PRIVATE $<TARGET_OBJECTS:xt_skips>)
        target_link_options(${name} PRIVATE -Wl,--wrap=_cmocka_run_group_tests)
    endif()
    add_dependencies(test_programs ${name})
    add_test(NAME ${name} COMMAND ${name})
    xt_timeout(timeout 300)
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout} SKIP_RETURN_CODE 77
                         PROCESSORS 2)
endfunction()

# xt_script_test(PATH LABEL): a script t_NAME as the CTest LABEL_NAME. Its first lines may say
#   # labels: long     and     # timeout: 900     and     # alone   (it measures time)
#   # waits            it waits most of its time, as tests labelled implementations do; alone or not
#   (further ones are read by scripts/matrix)
#   # cases: a b       each is a test of its own, with that word as its argument
function(xt_script_test path label)
    get_filename_component(name ${path} NAME_WE)
    string(REGEX REPLACE "^t_" "${label}_" name ${name})
    file(STRINGS ${path} head LIMIT_COUNT 15)
    set(labels ${label})
    set(timeout 120)
    set(places 2)
    set(alone OFF)
    set(cases)
    foreach(line IN LISTS head)
        if(line MATCHES "^# labels: ([a-z ]+)")
            string(REPLACE " " ";" more "${CMAKE_MATCH_1}")
            list(APPEND labels ${more})
        elseif(line MATCHES "^# timeout: ([0-9]+)")
            set(timeout ${CMAKE_MATCH_1})
        elseif(line MATCHES "^# waits")
            set(places 1)
        elseif(line MATCHES "^# alone")
            set(alone ON)
        elseif(line MATCHES "^# cases: ([a-z0-9 -]+)")
            string(REPLACE " " ";" more "${CMAKE_MATCH_1}")
            list(APPEND cases ${more})
        endif()
    endforeach()
    if(labels MATCHES "implementations")
        set(places 1)
    endif()
    set(cost ${timeout})
    if(XT_SANITIZE)
        math(EXPR timeout "${timeout} * 3")
    endif()
    set(names)
    foreach(case IN LISTS cases)
        add_test(NAME ${name}_${case} COMMAND ${path} ${case})
        list(APPEND names ${name}_${case})
    endforeach()
    if(NOT cases)
        add_test(NAME ${name} COMMAND ${path})
        set(names ${name})
    endif()
    set_tests_properties(${names} PROPERTIES TIMEOUT ${timeout} SKIP_RETURN_CODE 77
                         RUN_SERIAL ${alone} PROCESSORS ${places} COST ${cost})
    set_property(TEST ${names} PROPERTY LABELS ${labels})
    set_property(TEST ${names} PROPERTY ENVIRONMENT
        "XT_BIN=$<TARGET_FILE:xtunnel>;XT_BUILD=${PROJECT_BINARY_DIR}"
        "XT_SOURCE=${PROJECT_SOURCE_DIR};XT_SANITIZE=${XT_SANITIZE};XT_CC=${CMAKE_C_COMPILER}"
        "XT_BUILD_TYPE=$<CONFIG>;XT_LIBXTUNNEL=$<TARGET_FILE:libxtunnel>")
    # A thread of the thread sanitizer takes no signal, so it cannot be locked (docs/testing.md).
    if(XT_SANITIZE MATCHES "thread")
        set_property(TEST ${names} APPEND PROPERTY ENVIRONMENT "XT_SANDBOX=off")
    endif()
endfunction()
