# SPDX-License-Identifier: MIT
# Linux. Writes by io_uring, or their stand-in (scripts/cmake/XtUring.cmake).
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

set(xt_platform_sources
    linux/clock_linux.c
    linux/egress_linux.c
    linux/link_change_linux.c
    linux/link_linux.c
    linux/link_mtu_linux.c
    linux/link_query_linux.c
    linux/link_steps_linux.c
    linux/nl_linux.c
    linux/route_mtu_linux.c
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
    ${filter}
    ${ring})
set(xt_platform_libraries PkgConfig::MNL ${xt_seccomp} ${xt_uring})
