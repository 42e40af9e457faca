/* SPDX-License-Identifier: MIT */
/* layers: base */
/* The heap against an array that is searched linearly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/heap.h"
#include "seed.h"
#include "test_main.h"

#define NODES 700

static struct xt_heap_node nodes[NODES];
static uint64_t keys[NODES];
static bool in[NODES];

static void check(const struct xt_heap *heap)
{
	uint64_t least = UINT64_MAX;
	size_t n = 0;

	for (size_t i = 0; i < NODES; i++) {
		assert_int_equal(xt_heap_has(&nodes[i]), in[i]);
		if (!in[i])
			continue;
		n++;
		assert_ptr_equal(heap->v[nodes[i].pos - 1], &nodes[i]);
		if (keys[i] < least)
			least = keys[i];
	}
	assert_int_equal(heap->n, n);
	if (n)
		assert_int_equal(xt_heap_min(heap)->key, least);
	else
		assert_null(xt_heap_min(heap));
}

static void the_heap_agrees_with_a_searched_array(void **state)
{
	uint64_t r = xt_seed();
	struct xt_heap heap;

	(void)state;
	xt_heap_init(&heap);
	for (int step = 0; step < 40000; step++) {
		/* Grows in one half of the time and shrinks in the other; equal keys are common. */
		size_t i = xt_pick(&r, NODES);
		uint64_t key = xt_below(&r, 3) ? xt_below(&r, 50) : xt_next(&r);

		if (!in[i]) {
			if (xt_below(&r, 4) == 0 && step / 5000 % 2)
				continue;
			assert_int_equal(xt_heap_insert(&heap, &nodes[i], key), 0);
			in[i] = true;
			keys[i] = key;
		} else if (xt_below(&r, 2)) {
			xt_heap_update(&heap, &nodes[i], key);
			keys[i] = key;
		} else {
			xt_heap_remove(&heap, &nodes[i]);
			in[i] = false;
		}
		if (step % 5 == 0)
			check(&heap);
	}
	for (uint64_t last = 0; heap.n;) {
		struct xt_heap_node *min = xt_heap_min(&heap);

		assert_true(min->key >= last);
		last = min->key;
		xt_heap_remove(&heap, min);
		xt_heap_remove(&heap, min); /* already removed */
	}
	xt_heap_clear(&heap);
}

TEST_MAIN(cmocka_unit_test(the_heap_agrees_with_a_searched_array))
