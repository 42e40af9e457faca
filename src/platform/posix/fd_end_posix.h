/* SPDX-License-Identifier: MIT */
/* For the system's own xt_fd_close_from and xt_fd_cloexec_from. */
#ifndef XT_PLATFORM_POSIX_FD_END_POSIX_H
#define XT_PLATFORM_POSIX_FD_END_POSIX_H

#include <stdbool.h>

/* Close the descriptors from first on, or make them close-on-exec.
 * directory  whose entries are named after the open descriptors (/proc/self/fd, /dev/fd); where it
 *            cannot be read, every number up to the limit of descriptors is tried */
void xt_fd_end_listed(const char *directory, int first, bool cloexec);

#endif
