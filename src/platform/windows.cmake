# SPDX-License-Identifier: MIT
# Windows.
set(xt_platform_sources
    posix/condition_posix.c
    posix/malloc_posix.c
    posix/namespace_posix.c
    windows/bell_windows.c
    windows/cache_windows.c
    windows/clock_windows.c
    windows/dns_system_windows.c
    windows/dns_windows.c
    windows/egress_windows.c
    windows/library_windows.c
    windows/link_change_windows.c
    windows/link_name_windows.c
    windows/link_query_windows.c
    windows/link_steps_windows.c
    windows/link_windows.c
    windows/names_windows.c
    windows/net_iphlp_windows.c
    windows/process_windows.c
    windows/processors_windows.c
    windows/random_windows.c
    windows/sandbox_windows.c
    windows/system_windows.c
    windows/tap_device_windows.c
    windows/tap_windows.c
    windows/tun_tap_windows.c
    windows/tun_windows.c
    windows/tun_wintun_windows.c
    windows/udp_recv_windows.c
    windows/udp_send_windows.c
    windows/udp_windows.c
    windows/wake_windows.c
    windows/watch_windows.c
    windows/wintun_windows.c)
set(xt_platform_libraries iphlpapi ws2_32 advapi32)
