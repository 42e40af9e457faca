/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* Where requests end, received in pieces of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ipc/frame.h"

/* The same result whether text arrived at once or byte by byte. */
static void assert_frame(enum xt_framing framing, const char *text, size_t wanted)
{
	size_t len = strlen(text), scanned = 0;
	char *copy = malloc(len + 1);

	memcpy(copy, text, len);
	for (int again = 0; again < 3; again++)
		assert_int_equal(xt_frame(framing, copy, len, &scanned), wanted);
	/* Byte by byte the end is found with the last byte, or earlier in neither get nor set. */
	scanned = 0;
	for (size_t i = 1, n = 0; i <= len && !n; i++) {
		n = xt_frame(framing, copy, i, &scanned);
		assert_true(!n || n == i);
		assert_true(!n || n <= wanted);
		assert_true(n || i < wanted || !wanted);
	}
	free(copy);
}

static void a_line_ends_at_its_line_end(void **state)
{
	(void)state;
	assert_frame(XT_FRAME_LINE, "", 0);
	assert_frame(XT_FRAME_LINE, "a", 0);
	assert_frame(XT_FRAME_LINE, "a\n", 2);
	assert_frame(XT_FRAME_LINE, "a\nb\n", 2);
	assert_frame(XT_FRAME_LINE, "\na\n", 1);
}

static void a_set_ends_with_an_empty_line(void **state)
{
	(void)state;
	assert_frame(XT_FRAME_UAPI, "set=1\n", 0);
	assert_frame(XT_FRAME_UAPI, "set=1\n\n", 7);
	assert_frame(XT_FRAME_UAPI, "set=1\na=b\n", 0);
	assert_frame(XT_FRAME_UAPI, "set=1\na=b\n\nget=1\n\n", 11);
	assert_frame(XT_FRAME_UAPI, "set=1\na=b\n\r\n", 0);
}

static void a_get_ends_with_the_byte_after_it(void **state)
{
	(void)state;
	assert_frame(XT_FRAME_UAPI, "get=1\n", 0);
	assert_frame(XT_FRAME_UAPI, "get=1\n\n", 7);
	assert_frame(XT_FRAME_UAPI, "get=1\nx", 7);
	assert_frame(XT_FRAME_UAPI, "get=1\n\nget=1\n\n", 7);
}

static void anything_else_ends_at_once(void **state)
{
	static const char *const texts[] = {"x",     "\n",     "gex",
					    "set=2", "get=1 ", "GET / HTTP/1.1\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_frame(XT_FRAME_UAPI, texts[i], strlen(texts[i]));
	assert_frame(XT_FRAME_UAPI, "s", 0);
	assert_frame(XT_FRAME_UAPI, "get", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_ends_at_its_line_end),
	    cmocka_unit_test(a_set_ends_with_an_empty_line),
	    cmocka_unit_test(a_get_ends_with_the_byte_after_it),
	    cmocka_unit_test(anything_else_ends_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
