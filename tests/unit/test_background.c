/* SPDX-License-Identifier: MIT */
/* layers: daemon host tunnel config ipc platform core crypto packet base */
/* The descriptors of a process in the background, with and without close_range(2). */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/background.h"
#include "test_main.h"
#include "unit/syscall_refuse.h"

#define CLOSE_RANGE 436
#define FIRST	    200

struct expected {
	int kept; /* the only one of the caller's from FIRST on; 0: none */
};

/* Is ready, unless the caller has left it a descriptor more or less. */
static int serve(const void *what, const struct xt_instance_options *options)
{
	const struct expected *expected = what;

	for (int fd = FIRST; fd < FIRST + 2000; fd++) {
		if ((fcntl(fd, F_GETFD) >= 0) != (fd == expected->kept))
			_exit(3);
	}
	_exit(write(options->ready, "", 1) == 1 ? 0 : 4);
}

/* In a child, with descriptors that are open across exec; error: of close_range(2), 0: it works. */
static int caller_run(int error, int kept)
{
	const struct expected expected = {kept};
	pid_t child = fork();
	int status;

	if (child == 0) {
		for (int i = 0; i < 40; i++)
			(void)dup2(STDERR_FILENO, FIRST + i * 7);
		if (error)
			syscall_refuse(CLOSE_RANGE, error);
		_exit(xt_background(serve, &expected, true, &kept, 1, NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void no_descriptor_of_the_caller_stays_open(void **state)
{
	(void)state;
	assert_int_equal(caller_run(0, 0), 0);
	assert_int_equal(caller_run(ENOSYS, 0), 0);
	assert_int_equal(caller_run(EPERM, 0), 0);
}

static void a_descriptor_that_is_kept_stays_open(void **state)
{
	(void)state;
	assert_int_equal(caller_run(0, FIRST + 14), 0);
	assert_int_equal(caller_run(ENOSYS, FIRST + 14), 0);
}

TEST_MAIN(cmocka_unit_test(no_descriptor_of_the_caller_stays_open),
	  cmocka_unit_test(a_descriptor_that_is_kept_stays_open))
