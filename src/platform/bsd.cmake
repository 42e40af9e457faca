# SPDX-License-Identifier: MIT
# FreeBSD and OpenBSD.
if(CMAKE_SYSTEM_NAME STREQUAL "OpenBSD")
    set(one bsd/abi_check_openbsd.c bsd/abi_openbsd.c bsd/sandbox_openbsd.c)
else()
    set(one bsd/abi_check_freebsd.c bsd/abi_freebsd.c posix/sandbox_none_posix.c)
endif()

set(xt_platform_sources
    bsd/clock_bsd.c
    bsd/fd_bsd.c
    bsd/kernel_bsd.c
    bsd/link_address_bsd.c
    bsd/link_bsd.c
    bsd/link_query_bsd.c
    bsd/message_bsd.c
    bsd/process_bsd.c
    bsd/tun_bsd.c
    bsd/tun_io_bsd.c
    bsd/tun_name_bsd.c
    bsd/tun_node_bsd.c
    bsd/udp_bsd.c
    bsd/udp_io_bsd.c
    bsd/udp_routes_bsd.c
    bsd/udp_system_bsd.c
    bsd/watch_bsd.c
    link/link_edit.c
    link/link_endpoints.c
    link/link_mtu.c
    link/link_plan.c
    link/link_steps.c
    link/route_mtu.c
    link/watch_links.c
    posix/clock_watch_none_posix.c
    posix/condition_posix.c
    posix/fd_end_posix.c
    posix/fd_posix.c
    posix/fd_rest_posix.c
    posix/library_files_posix.c
    posix/link_name_posix.c
    posix/malloc_posix.c
    posix/memory_file_posix.c
    posix/namespace_posix.c
    posix/random_posix.c
    posix/wake_posix.c
    udp/udp_open.c
    ${one})
set(xt_platform_libraries)
