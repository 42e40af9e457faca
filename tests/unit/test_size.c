/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Sizes computed from numbers that come from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/size.h"
#include "test_main.h"

static void a_size_that_an_object_can_have_is_computed(void **state)
{
	size_t out;

	(void)state;
	assert_true(xt_size_add(&out, 0, 0));
	assert_int_equal(out, 0);
	assert_true(xt_size_add(&out, PTRDIFF_MAX - 1, 1));
	assert_int_equal(out, PTRDIFF_MAX);
	assert_true(xt_size_mul(&out, 1000, 24));
	assert_int_equal(out, 24000);
	assert_true(xt_size_mul(&out, SIZE_MAX, 0));
	assert_int_equal(out, 0);
	assert_true(xt_size_items(&out, 16, 3, 8));
	assert_int_equal(out, 40);
}

static void a_size_that_no_object_can_have_is_refused(void **state)
{
	const size_t half = (size_t)1 << (sizeof(size_t) * 4); /* its square is 0 */
	size_t out;

	(void)state;
	assert_false(xt_size_add(&out, PTRDIFF_MAX, 1));
	assert_false(xt_size_add(&out, SIZE_MAX, 1));
	assert_false(xt_size_add(&out, SIZE_MAX, SIZE_MAX));
	assert_false(xt_size_mul(&out, half, half));
	assert_false(xt_size_mul(&out, SIZE_MAX, 2));
	assert_false(xt_size_mul(&out, SIZE_MAX / 2 + 1, 1));
	assert_false(xt_size_items(&out, 1, PTRDIFF_MAX, 1));
	assert_false(xt_size_items(&out, SIZE_MAX, 1, 1));
	assert_false(xt_size_items(&out, 0, half, half));
}

static void items_that_do_not_fit_leave_the_former_ones(void **state)
{
	int *items = xt_items_resize(NULL, 2, sizeof(*items));

	(void)state;
	assert_non_null(items);
	items[1] = 42;
	assert_null(xt_items_resize(items, SIZE_MAX / sizeof(*items) + 2, sizeof(*items)));
	assert_null(xt_items_resize(items, SIZE_MAX, sizeof(*items)));
	assert_int_equal(items[1], 42);
	items = xt_items_resize(items, 100, sizeof(*items));
	assert_non_null(items);
	assert_int_equal(items[1], 42);
	free(items);
}

static void a_heap_of_more_nodes_than_memory_is_refused(void **state)
{
	static const size_t many[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 2 + 1, PTRDIFF_MAX,
				      SIZE_MAX / sizeof(void *) + 1};
	struct xt_heap heap;

	(void)state;
	xt_heap_init(&heap);
	assert_int_equal(xt_heap_reserve(&heap, 3), 0);
	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++)
		assert_true(xt_heap_reserve(&heap, many[i]) < 0);
	xt_heap_clear(&heap);
}

TEST_MAIN(cmocka_unit_test(a_size_that_an_object_can_have_is_computed),
	  cmocka_unit_test(a_size_that_no_object_can_have_is_refused),
	  cmocka_unit_test(items_that_do_not_fit_leave_the_former_ones),
	  cmocka_unit_test(a_heap_of_more_nodes_than_memory_is_refused))
