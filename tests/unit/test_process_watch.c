/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* Waiting for the end of a process that is no child. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/process.h"
#include "test_main.h"
#include "unit/syscall_refuse.h"

#define PIDFD_OPEN 434

static void a_descriptor_is_readable_when_the_process_has_ended(void **state)
{
	pid_t child = fork();
	struct pollfd poll_fd = {.events = POLLIN};

	(void)state;
	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	poll_fd.fd = xt_process_watch(child);
	if (poll_fd.fd >= 0) {
		assert_int_equal(poll(&poll_fd, 1, 0), 0);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(poll(&poll_fd, 1, 20000), 1);
		close(poll_fd.fd);
	} else {
		assert_int_equal(poll_fd.fd, -ENOSYS);
		assert_int_equal(kill(child, SIGKILL), 0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_process_that_is_gone_is_an_error(void **state)
{
	pid_t child = fork();
	int fd;

	(void)state;
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	fd = xt_process_watch(child);
	assert_true(fd == -ESRCH || fd == -ENOSYS);
}

static void a_kernel_without_the_call_says_so(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		syscall_refuse(PIDFD_OPEN, ENOSYS);
		_exit(xt_process_watch(getppid()) == -ENOSYS ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

TEST_MAIN(cmocka_unit_test(a_descriptor_is_readable_when_the_process_has_ended),
	  cmocka_unit_test(a_process_that_is_gone_is_an_error),
	  cmocka_unit_test(a_kernel_without_the_call_says_so))
