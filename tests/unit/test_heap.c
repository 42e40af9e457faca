/* SPDX-License-Identifier: MIT */
/* layers: base */
/* The heap of deadlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stdint.h>

#include <xtunnel/error.h>

#include "base/heap.h"
#include "test_main.h"

static void the_least_key_is_on_top(void **state)
{
	struct xt_heap_node a = {0}, b = {0}, c = {0};
	struct xt_heap heap;

	(void)state;
	xt_heap_init(&heap);
	assert_null(xt_heap_min(&heap));
	assert_int_equal(xt_heap_insert(&heap, &a, 30), 0);
	assert_int_equal(xt_heap_insert(&heap, &b, 10), 0);
	assert_int_equal(xt_heap_insert(&heap, &c, UINT64_MAX), 0);
	assert_ptr_equal(xt_heap_min(&heap), &b);
	xt_heap_update(&heap, &b, 40);
	assert_ptr_equal(xt_heap_min(&heap), &a);
	xt_heap_update(&heap, &c, 0);
	assert_ptr_equal(xt_heap_min(&heap), &c);
	xt_heap_remove(&heap, &c);
	assert_false(xt_heap_has(&c));
	assert_ptr_equal(xt_heap_min(&heap), &a);
	xt_heap_clear(&heap);
	assert_false(xt_heap_has(&a) || xt_heap_has(&b));
}

static void reserved_inserts_do_not_move_the_array(void **state)
{
	static struct xt_heap_node nodes[1000];
	struct xt_heap heap;
	struct xt_heap_node **v;

	(void)state;
	xt_heap_init(&heap);
	assert_int_equal(xt_heap_reserve(&heap, 1000), 0);
	v = heap.v;
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(xt_heap_insert(&heap, &nodes[i], 1000 - i), 0);
	assert_ptr_equal(heap.v, v);
	assert_int_equal(xt_heap_min(&heap)->key, 1);
	assert_int_equal(xt_heap_reserve(&heap, SIZE_MAX), XT_E_NOMEM);
	xt_heap_clear(&heap);
}

TEST_MAIN(cmocka_unit_test(the_least_key_is_on_top),
	  cmocka_unit_test(reserved_inserts_do_not_move_the_array))
