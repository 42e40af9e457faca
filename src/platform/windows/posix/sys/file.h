/* SPDX-License-Identifier: MIT */
/* Locks of whole files. */
#ifndef XT_POSIX_SYS_FILE_H
#define XT_POSIX_SYS_FILE_H

/* clang-format off */
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8
/* clang-format on */

/* As on Linux others may read and write a locked file; the lock goes with its descriptor.
 * EWOULDBLOCK: another descriptor has it. */
int flock(int fd, int operation);

#endif
