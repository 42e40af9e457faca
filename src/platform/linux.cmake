# SPDX-License-Identifier: MIT
# Linux.
include(CheckSymbolExists)

# Writes by io_uring, or their stand-in (scripts/cmake/XtUring.cmake).
if(URING_FOUND)
    set(ring linux/ring_linux.c)
else()
    set(ring linux/ring_none_linux.c)
endif()

# Filters of system calls, or their stand-in (scripts/cmake/XtSeccomp.cmake).
if(SECCOMP_FOUND)
    set(filter linux/sandbox_seccomp_linux.c)
else()
    set(filter linux/sandbox_seccomp_none_linux.c)
endif()

# The loaded libraries: a static program has none (scripts/cmake/XtStatic.cmake).
set(files)
if(NOT XT_STATIC)
    set(files posix/library_files_posix.c)
endif()

# What the C library keeps of freed memory: glibc is asked to give it back.
check_symbol_exists(mallopt malloc.h XT_HAVE_MALLOPT)
if(XT_HAVE_MALLOPT)
    set(malloc linux/malloc_glibc_linux.c)
else()
    set(malloc posix/malloc_posix.c)
endif()

set(xt_platform_sources
    ${files}
    link/link_edit.c
    link/link_endpoints.c
    link/link_mtu.c
    link/link_plan.c
    link/link_returns.c
    link/link_steps.c
    link/route_mtu.c
    link/watch_links.c
    linux/clock_linux.c
    linux/egress_linux.c
    linux/fd_linux.c
    linux/link_linux.c
    linux/link_mtu_linux.c
    linux/link_name_linux.c
    linux/link_query_linux.c
    linux/memory_file_linux.c
    linux/namespace_linux.c
    linux/nl_linux.c
    linux/process_linux.c
    linux/random_linux.c
    linux/route_way_linux.c
    linux/rule_linux.c
    linux/sandbox_landlock_linux.c
    linux/sandbox_linux.c
    linux/sandbox_rights_linux.c
    linux/sandbox_root_linux.c
    linux/sandbox_threads_linux.c
    linux/tun_io_linux.c
    linux/tun_linux.c
    linux/udp_errors_linux.c
    linux/udp_linux.c
    linux/udp_recv_linux.c
    linux/udp_reserve_linux.c
    linux/udp_send_linux.c
    linux/wake_linux.c
    linux/watch_follow_linux.c
    linux/watch_linux.c
    posix/condition_posix.c
    posix/fd_end_posix.c
    posix/fd_posix.c
    posix/fd_rest_posix.c
    udp/udp_open.c
    ${filter}
    ${malloc}
    ${ring})
set(xt_platform_libraries PkgConfig::MNL ${xt_seccomp} ${xt_uring})
