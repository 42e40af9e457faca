/* May this process use what kernels offload? One rule for the TUN device and the UDP sockets. */
#ifndef XT_PLATFORM_OFFLOAD_H
#define XT_PLATFORM_OFFLOAD_H

#include <stdbool.h>

/* XT_OFFLOAD in the environment (odd kernels, tests): `off` nothing, `tun` or `udp` only that one;
 * `auto`, `all`, and without it: both. Any other word is taken for these, unless who starts asks
 * first whether it is known. */
bool xt_offload_known(void);
bool xt_offload_tun(void);
bool xt_offload_udp(void);

/* XT_URING: `off` writes to the TUN device one by one; `auto`, and without it: several a system call
 * where io_uring is to be had. Any other word likewise. */
bool xt_uring_known(void);
bool xt_uring(void);

#endif
