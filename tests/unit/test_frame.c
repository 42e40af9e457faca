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
#include "test_main.h"

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

static void a_line_above_the_bound_is_refused_before_its_end(void **state)
{
	static char text[3 * XT_FRAME_UAPI_LINE_MAX];
	const size_t head = strlen("set=1\nallowed_ip=1\n"), most = XT_FRAME_UAPI_LINE_MAX;

	(void)state;
	strcpy(text, "set=1\nallowed_ip=1\n");
	memset(text + head, 'x', sizeof(text) - head);
	for (size_t step = 1; step < sizeof(text); step = step * 3 + 1) {
		size_t scanned = 0, len = 0, n = 0;

		while (!n && len < sizeof(text) - step)
			n = xt_frame(XT_FRAME_UAPI, text, len += step, &scanned);
		assert_true(n == XT_FRAME_TOO_LONG || step > sizeof(text) / 2);
		assert_true(len > head + most && len <= head + most + step);
		if (n)
			assert_true(xt_frame(XT_FRAME_UAPI, text, len, &scanned) == n);
	}
	text[head + most] = '\n'; /* a line of the greatest length */
	text[head + most + 1] = '\n';
	for (size_t i = 0, scanned = 0; i < head + most + 2; i++)
		assert_int_equal(xt_frame(XT_FRAME_UAPI, text, i, &scanned), 0);
	size_t scanned = 0;
	assert_int_equal(xt_frame(XT_FRAME_UAPI, text, sizeof(text), &scanned), head + most + 2);
	text[head + most] = 'x';
	scanned = 0;
	assert_true(xt_frame(XT_FRAME_UAPI, text, sizeof(text), &scanned) == XT_FRAME_TOO_LONG);
}

TEST_MAIN(cmocka_unit_test(a_line_ends_at_its_line_end),
	  cmocka_unit_test(a_set_ends_with_an_empty_line),
	  cmocka_unit_test(a_get_ends_with_the_byte_after_it),
	  cmocka_unit_test(anything_else_ends_at_once),
	  cmocka_unit_test(a_line_above_the_bound_is_refused_before_its_end))
