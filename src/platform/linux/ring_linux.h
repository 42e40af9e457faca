/* Several writes to one descriptor in one system call, by io_uring: each write to a TUN device wakes
 * whoever reads there, and who was woken takes the processor as soon as a system call ends. */
#ifndef XT_PLATFORM_RING_LINUX_H
#define XT_PLATFORM_RING_LINUX_H

#include <stddef.h>
#include <sys/uio.h>

#define XT_RING_MAX 32 /* writes at once */

struct xt_ring;

/* Memory only: the kernel's part is made with the first write, and belongs to the thread and the
 * process that does it. -ENOSYS: not in this build; -ENOMEM. */
int xt_ring_new(struct xt_ring **out);
void xt_ring_free(struct xt_ring *ring); /* NULL is fine */

/* Write each of vecs[0..n), n <= XT_RING_MAX, in order, none of them waiting for room; returns when
 * all are done.  results: bytes written, or -errno.
 * returns  how many were tried; fewer than n: this kernel, or whoever confines us, has no io_uring,
 *          or it broke, and the ring is of no use any more */
unsigned xt_ring_write(struct xt_ring *ring, int fd, const struct iovec *vecs, unsigned n,
		       int *results);

#endif
