# SPDX-License-Identifier: MIT
# macOS.
set(xt_platform_sources
    bsd/kernel_bsd.c
    bsd/link_address_bsd.c
    bsd/link_bsd.c
    bsd/link_query_bsd.c
    bsd/message_bsd.c
    bsd/tun_bsd.c
    bsd/tun_io_bsd.c
    bsd/tun_name_bsd.c
    bsd/udp_bsd.c
    bsd/udp_io_bsd.c
    bsd/udp_routes_bsd.c
    bsd/watch_bsd.c
    darwin/abi_check_darwin.c
    darwin/abi_darwin.c
    darwin/clock_darwin.c
    darwin/tun_utun_darwin.c
    darwin/udp_system_darwin.c
    link/link_edit.c
    link/link_endpoints.c
    link/link_plan.c
    link/link_steps.c
    link/route_mtu.c
    posix/sandbox_none_posix.c
    posix/wake_posix.c)
set(xt_platform_libraries)
# The names of RFC 3542 in netinet/in.h.
add_compile_definitions(__APPLE_USE_RFC_3542)
