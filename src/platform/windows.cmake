# SPDX-License-Identifier: MIT
# Windows.
set(xt_platform_sources
    windows/bell_windows.c
    windows/cache_windows.c
    windows/clock_windows.c
    windows/dns_system_windows.c
    windows/dns_windows.c
    windows/egress_windows.c
    windows/library_windows.c
    windows/link_change_windows.c
    windows/link_query_windows.c
    windows/link_steps_windows.c
    windows/link_windows.c
    windows/names_windows.c
    windows/net_iphlp_windows.c
    windows/places_windows.c
    windows/posix/files_windows.c
    windows/posix/interfaces_windows.c
    windows/posix/signals_windows.c
    windows/posix/texts_windows.c
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
