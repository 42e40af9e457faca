/* SPDX-License-Identifier: MIT */
/* Writes through io_uring: queued together, submitted by one system call. The descriptor does not
 * block, so each write completes during the submission and none stays in flight. */
#include "platform/linux/ring_linux.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <liburing.h>

struct xt_ring {
	struct io_uring uring;
	bool started;
};

int xt_ring_new(struct xt_ring **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void xt_ring_free(struct xt_ring *ring)
{
	if (ring && ring->started)
		io_uring_queue_exit(&ring->uring);
	free(ring);
}

static bool ring_start(struct xt_ring *ring)
{
	/* Completions must not interrupt this thread. Linux 6.1 and newer. */
	struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
						  IORING_SETUP_DEFER_TASKRUN};
	int rc = io_uring_queue_init_params(XT_RING_MAX, &ring->uring, &params);

	if (rc == -EINVAL)
		rc = io_uring_queue_init(XT_RING_MAX, &ring->uring, 0);
	ring->started = rc == 0;
	return ring->started;
}

/* Wait for one completion and store its result. */
static int completion_take(struct xt_ring *ring, int *results)
{
	struct io_uring_cqe *cqe;
	int rc;

	do
		rc = io_uring_wait_cqe(&ring->uring, &cqe);
	while (rc == -EINTR);
	if (rc < 0)
		return rc;
	results[io_uring_cqe_get_data64(cqe)] = cqe->res;
	io_uring_cqe_seen(&ring->uring, cqe);
	return 0;
}

unsigned xt_ring_write(struct xt_ring *ring, int fd, const struct iovec *vecs, unsigned n,
		       int *results)
{
	unsigned submitted = 0, done = 0;

	if (!ring->started && !ring_start(ring))
		return 0;
	for (unsigned i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

		io_uring_prep_write(sqe, fd, vecs[i].iov_base, (unsigned)vecs[i].iov_len, 0);
		io_uring_sqe_set_data64(sqe, i);
	}
	while (submitted < n) {
		int rc = io_uring_submit_and_wait(&ring->uring, n - submitted);

		if (rc == -EINTR)
			continue;
		if (rc <= 0)
			break;
		submitted += (unsigned)rc;
	}
	while (done < submitted && completion_take(ring, results) == 0)
		done++;
	return done;
}
