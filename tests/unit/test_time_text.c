/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Times as text, against the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "base/time_text.h"
#include "test_main.h"

static void times_are_those_of_the_c_library(void **state)
{
	char text[XT_TIME_TEXT], day[32], expected[64];

	(void)state;
	for (uint64_t s = 0; s < 8000000000u; s += 86399 * 3 + 1) {
		time_t t = (time_t)s;
		const struct tm *utc = gmtime(&t);

		assert_non_null(utc);
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", utc);
		snprintf(expected, sizeof(expected), "%s.%03uZ", day, (unsigned)(s % 1000));
		xt_time_text(text, s * 1000000000u + s % 1000 * 1000000u + 999999u);
		assert_string_equal(text, expected);
	}
}

TEST_MAIN(cmocka_unit_test(times_are_those_of_the_c_library))
