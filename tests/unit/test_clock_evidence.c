/* SPDX-License-Identifier: MIT */
/* layers: daemon base */
/* A clock that is earlier than the files of its host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/clock_evidence.h"
#include "test_main.h"

#define S UINT64_C(1000000000)

static void the_later_of_program_and_file_counts(void **state)
{
	char path[] = "/tmp/xt-evidence.XXXXXX";
	uint64_t program = xt_clock_evidence(NULL);
	struct timespec times[2] = {{.tv_sec = 0}, {.tv_sec = 0}};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && program > 0);
	assert_int_equal(xt_clock_evidence("/nonexistent"), program);
	times[1].tv_sec = (time_t)(program / S) + 100;
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(xt_clock_evidence(path), program + 100 * S);
	times[1].tv_sec = 1000;
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(xt_clock_evidence(path), program);
	times[1].tv_sec = -1000; /* before 1970 */
	(void)futimens(fd, times);
	assert_int_equal(xt_clock_evidence(path), program);
	close(fd);
	unlink(path);
}

static void a_clock_is_behind_by_a_minute_or_more(void **state)
{
	(void)state;
	assert_int_equal(xt_clock_behind(1000 * S, 0, 0), 1000 * S);
	assert_int_equal(xt_clock_behind(1000 * S, 940 * S, 0), 60 * S);
	assert_int_equal(xt_clock_behind(1000 * S, 940 * S + 1, 0), 0);
	assert_int_equal(xt_clock_behind(1000 * S, 2000 * S, 0), 0);
	assert_int_equal(xt_clock_behind(0, 0, 0), 0);
}

static void a_state_file_makes_up_for_the_clock(void **state)
{
	(void)state;
	assert_int_equal(xt_clock_behind(1000 * S, 0, 1000 * S), 0);
	assert_int_equal(xt_clock_behind(1000 * S, 0, 5000 * S), 0);
	assert_int_equal(xt_clock_behind(1000 * S, 0, 100 * S), 900 * S);
}

TEST_MAIN(cmocka_unit_test(the_later_of_program_and_file_counts),
	  cmocka_unit_test(a_clock_is_behind_by_a_minute_or_more),
	  cmocka_unit_test(a_state_file_makes_up_for_the_clock))
