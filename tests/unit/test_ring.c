/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* What a ring can do: write, also in a locked process, and nothing else. The source is included,
 * for a hostile user of the ring has its memory too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/linux/ring_linux.c"
#include "platform/sandbox.h"

static struct xt_ring *ring_try(void)
{
	struct xt_ring *ring = NULL;

	(void)xt_ring_new(&ring);
	if (!ring)
		skip(); /* forbidden here */
	return ring;
}

static bool ring_writes(struct xt_ring *ring)
{
	char bytes[4] = {0};
	const struct iovec vecs[] = {{"ab", 2}, {"c", 1}};
	int ends[2], results[2];
	bool ok;

	/* One that blocks is written by threads of the kernel before Linux 6.4, in any order. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	ok = xt_ring_write(ring, ends[1], vecs, 2, results) == 2 && results[0] == 2 &&
	     results[1] == 1 && read(ends[0], bytes, 3) == 3 && bytes[2] == 'c';
	close(ends[0]);
	close(ends[1]);
	return ok;
}

/* The result of a prepared entry; 0 and more: it was carried out. */
static int entry_run(struct xt_ring *ring)
{
	int result = 0;

	if (io_uring_submit_and_wait(&ring->uring, 1) < 0)
		return -EIO;
	return completion_take(ring, &result) < 0 ? -EIO : result;
}

static int entry_open(struct xt_ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	io_uring_prep_openat(sqe, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
	io_uring_sqe_set_data64(sqe, 0);
	return entry_run(ring);
}

static int entry_socket(struct xt_ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	io_uring_prep_rw(45 /* IORING_OP_SOCKET */, sqe, AF_INET, NULL, 0, SOCK_STREAM);
	io_uring_sqe_set_data64(sqe, 0);
	return entry_run(ring);
}

static int entry_async(struct xt_ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	io_uring_prep_write(sqe, STDERR_FILENO, "", 0, 0);
	sqe->flags |= IOSQE_ASYNC;
	io_uring_sqe_set_data64(sqe, 0);
	return entry_run(ring);
}

static void a_ring_writes_and_does_nothing_else(void **test)
{
	struct xt_ring *ring = ring_try();
	int refused;

	(void)test;
	assert_true(ring_writes(ring));
	assert_int_equal(entry_open(ring), -EACCES);
	refused = entry_socket(ring);
	assert_true(refused == -EACCES ||
		    refused == -EINVAL); /* Linux before 5.19 has no such entry */
	assert_int_equal(entry_async(ring), -EACCES);
	assert_true(ring_register(&ring->uring, IORING_REGISTER_PROBE, NULL, 0) < 0);
	assert_true(ring_writes(ring));
	xt_ring_free(ring);
}

static void a_ring_from_before_the_locks_goes_on_writing(void **test)
{
	struct xt_ring *ring = ring_try();
	int status;
	pid_t pid;

	(void)test;
	pid = fork();
	if (pid == 0) {
		const struct xt_sandbox_options options = {
		    .role = XT_SANDBOX_TUNNEL, .uid = UINT32_MAX, .gid = UINT32_MAX};
		struct xt_sandbox_state state;
		int ends[2], results[1];
		const struct iovec vec = {"a", 1};

		if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
			_exit(2);
		xt_sandbox_lock(&options, &state);
		_exit(xt_ring_write(ring, ends[1], &vec, 1, results) == 1 && results[0] == 1 &&
			      entry_open(ring) < 0
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	xt_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_ring_writes_and_does_nothing_else),
	    cmocka_unit_test(a_ring_from_before_the_locks_goes_on_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
