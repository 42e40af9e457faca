/* SPDX-License-Identifier: MIT */
/* Writes through io_uring: queued together, submitted by one system call. The descriptor does not
 * block, so each write completes during the submission and none stays in flight. */
#include "platform/linux/ring_linux.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <liburing.h>

struct xt_ring {
	struct io_uring uring;
	bool enabled;
};

/* Not by liburing, whose shared library of Debian 12 lacks the two functions. 0 or -errno. */
static int ring_register(struct io_uring *uring, unsigned opcode, void *arg, unsigned n)
{
	return syscall(__NR_io_uring_register, uring->ring_fd, opcode, arg, n) < 0 ? -errno : 0;
}

/* A filter of system calls does not see what a ring does, so the ring itself is restricted, for
 * good: to writes without flags. Linux 5.10 and newer. */
static int ring_restrict(struct io_uring *uring)
{
	struct io_uring_restriction rules[] = {
	    {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_WRITE},
	    {.opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_REGISTER_ENABLE_RINGS},
	    {.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED, .sqe_flags = 0},
	};

	return ring_register(uring, IORING_REGISTER_RESTRICTIONS, rules,
			     sizeof(rules) / sizeof(rules[0]));
}

/* Disabled, since only such a ring takes restrictions; the thread that enables it owns it. */
static int ring_setup(struct io_uring *uring)
{
	/* Completions must not interrupt this thread. Linux 6.1 and newer. */
	struct io_uring_params params = {.flags = IORING_SETUP_R_DISABLED |
						  IORING_SETUP_SINGLE_ISSUER |
						  IORING_SETUP_DEFER_TASKRUN};
	int rc = io_uring_queue_init_params(XT_RING_MAX, uring, &params);

	if (rc == -EINVAL)
		rc = io_uring_queue_init(XT_RING_MAX, uring, IORING_SETUP_R_DISABLED);
	if (rc < 0)
		return rc;
	rc = ring_restrict(uring);
	if (rc < 0)
		io_uring_queue_exit(uring);
	return rc;
}

int xt_ring_new(struct xt_ring **out)
{
	struct xt_ring *ring = calloc(1, sizeof(*ring));
	int rc;

	*out = NULL;
	if (!ring)
		return -ENOMEM;
	rc = ring_setup(&ring->uring);
	if (rc < 0) {
		free(ring);
		return rc;
	}
	*out = ring;
	return 0;
}

void xt_ring_free(struct xt_ring *ring)
{
	if (ring)
		io_uring_queue_exit(&ring->uring);
	free(ring);
}

static bool ring_enable(struct xt_ring *ring)
{
	ring->enabled = ring_register(&ring->uring, IORING_REGISTER_ENABLE_RINGS, NULL, 0) == 0;
	return ring->enabled;
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

	if (!ring->enabled && !ring_enable(ring))
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
