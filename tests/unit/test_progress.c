/* SPDX-License-Identifier: MIT */
/* layers: cli base */
/* The line of progress: part, rate, time left, for any counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/progress.h"
#include "test_main.h"

#define SECOND UINT64_C(1000000000)

static const char *line_at(struct xt_progress *progress, uint64_t seconds, uint64_t done,
			   const char *detail)
{
	static char line[80];

	xt_progress_text(progress, progress->start + seconds * SECOND, done, detail, line,
			 sizeof(line));
	return line;
}

static void test_counts(void **state)
{
	struct xt_progress progress = {
	    .what = "wait", .unit = " peers", .start = 7 * SECOND, .total = 100000};

	(void)state;
	assert_string_equal(line_at(&progress, 10, 20000, ""),
			    "wait: 20000 of 100000 peers, 2000/s, 40 s left");
	assert_string_equal(line_at(&progress, 10, 5, "x"),
			    "wait: 5 of 100000 peers, 0.5/s, 199990 s left, x");
	assert_string_equal(line_at(&progress, 10, 0, ""), "wait: 0 of 100000 peers");
	assert_string_equal(line_at(&progress, 10, 100000, ""),
			    "wait: 100000 of 100000 peers, 10000/s");
}

static void test_percent(void **state)
{
	struct xt_progress progress = {.what = "bench", .unit = "%", .total = 4 * SECOND};

	(void)state;
	assert_string_equal(line_at(&progress, 3, SECOND, "sodium"),
			    "bench: 25%, 9 s left, sodium");
	assert_string_equal(line_at(&progress, 0, 0, ""), "bench: 0%");
	progress.total = 0;
	assert_string_equal(line_at(&progress, 1, 0, ""), "bench: 100%");
}

/* A line of any length is cut to what a terminal shows. */
static void test_long(void **state)
{
	struct xt_progress progress = {.what = "wait", .unit = " peers", .total = UINT64_MAX};
	char detail[200];

	(void)state;
	memset(detail, 'x', sizeof(detail));
	detail[sizeof(detail) - 1] = '\0';
	assert_int_equal(strlen(line_at(&progress, 1, UINT64_MAX / 2, detail)), 79);
}

TEST_MAIN(cmocka_unit_test(test_counts), cmocka_unit_test(test_percent),
	  cmocka_unit_test(test_long))
