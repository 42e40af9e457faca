/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Pages of the system, and aligned blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pages.h"
#include "test_main.h"

static void pages_are_zeros_and_can_be_written(void **state)
{
	enum { LEN = 1 << 20 };
	uint8_t *pages = xt_pages_new(LEN);

	(void)state;
	assert_non_null(pages);
	for (size_t i = 0; i < LEN; i += 4096)
		assert_int_equal(pages[i], 0);
	memset(pages, 0xa5, LEN);
	assert_int_equal(pages[LEN - 1], 0xa5);
	xt_pages_free(pages, LEN);
}

static void pages_that_do_not_exist_are_refused(void **state)
{
	(void)state;
	assert_null(xt_pages_new(SIZE_MAX - 4095));
}

static void a_block_is_aligned_zeroed_and_of_the_whole_length(void **state)
{
	(void)state;
	for (size_t align = 1; align <= 4096; align *= 2) {
		for (size_t len = 1; len <= 200; len += 33) {
			uint8_t *block = xt_aligned_new(align, len);

			assert_non_null(block);
			assert_int_equal((uintptr_t)block % align, 0);
			for (size_t i = 0; i < len; i++)
				assert_int_equal(block[i], 0);
			memset(block, 0xff, len);
			xt_aligned_free(block);
		}
	}
	xt_aligned_free(NULL);
}

/* The address sanitizer ends a program that asks for so much, unless it is told not to. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void a_block_larger_than_memory_is_refused(void **state)
{
	(void)state;
	assert_null(xt_aligned_new(64, SIZE_MAX));
	assert_null(xt_aligned_new(64, SIZE_MAX - 64));
	assert_null(xt_aligned_new(64, SIZE_MAX / 2));
}

TEST_MAIN(cmocka_unit_test(pages_are_zeros_and_can_be_written),
	  cmocka_unit_test(pages_that_do_not_exist_are_refused),
	  cmocka_unit_test(a_block_is_aligned_zeroed_and_of_the_whole_length),
	  cmocka_unit_test(a_block_larger_than_memory_is_refused))
