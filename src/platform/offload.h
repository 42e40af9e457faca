/* SPDX-License-Identifier: MIT */
/* Offloads that the environment forbids: one rule for the TUN device and the UDP sockets. */
#ifndef XT_PLATFORM_OFFLOAD_H
#define XT_PLATFORM_OFFLOAD_H

#include <stdbool.h>

/* XT_OFFLOAD (for faulty kernels and for tests): `off` forbids both, `tun` or `udp` allows only
 * that one; `auto`, `all` or unset allows both. An unknown value counts as `auto`: refuse it at
 * start by xt_offload_known. */
bool xt_offload_known(void);
bool xt_offload_tun(void);
bool xt_offload_udp(void);

/* XT_URING: `off` writes one packet a system call to the TUN device; `auto` or unset writes several
 * where io_uring is available. An unknown value counts as `auto`. */
bool xt_uring_known(void);
bool xt_uring(void);

#endif
