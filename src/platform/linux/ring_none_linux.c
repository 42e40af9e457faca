/* SPDX-License-Identifier: MIT */
/* The ring of a build without liburing: there is none. */
#include "platform/linux/ring_linux.h"

#include <errno.h>

int xt_ring_new(struct xt_ring **out)
{
	*out = NULL;
	return -ENOSYS;
}

void xt_ring_free(struct xt_ring *ring)
{
	(void)ring;
}

unsigned xt_ring_write(struct xt_ring *ring, int fd, const struct iovec *vecs, unsigned n,
		       int *results)
{
	(void)ring;
	(void)fd;
	(void)vecs;
	(void)n;
	(void)results;
	return 0;
}
