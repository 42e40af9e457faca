/* SPDX-License-Identifier: MIT */
/* Several writes to one descriptor by one system call (io_uring). Each write to a TUN device wakes
 * its reader, which may preempt this thread at the end of every system call. */
#ifndef XT_PLATFORM_RING_LINUX_H
#define XT_PLATFORM_RING_LINUX_H

#include <stddef.h>
#include <sys/uio.h>

#define XT_RING_MAX 32 /* writes a call */

struct xt_ring;

/* Create the kernel's ring, before the process is locked: it can do nothing but write. It belongs
 * to the thread and process of the first write. -ENOSYS: not in this build; another -errno: this
 * host has none that can be restricted. */
int xt_ring_new(struct xt_ring **out);
void xt_ring_free(struct xt_ring *ring); /* NULL is fine */

/* Write each of vecs[0..n), n <= XT_RING_MAX, in order, without waiting for room; returns when all
 * have completed.
 * results  bytes written, or -errno, of each that was tried
 * returns  how many were tried; fewer than n: io_uring is missing, forbidden or failed, and the
 *          ring is to be freed */
unsigned xt_ring_write(struct xt_ring *ring, int fd, const struct iovec *vecs, unsigned n,
		       int *results);

#endif
