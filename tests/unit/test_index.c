/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* The table of session indices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include <xtunnel/error.h>

#include "core/index.h"
#include "seed.h"
#include "test_main.h"

static void from_seed(void *ctx, void *buf, size_t n)
{
	uint64_t v = xt_next(ctx);

	memcpy(buf, &v, n);
}

/* Returns the numbers of a list, then the last one repeatedly. */
struct script {
	const uint32_t *v;
	size_t n, at;
};
static void from_script(void *ctx, void *buf, size_t n)
{
	struct script *s = ctx;

	memcpy(buf, &s->v[s->at], n);
	if (s->at + 1 < s->n)
		s->at++;
}

static void an_index_finds_its_owner_and_kind(void **state)
{
	struct xt_index table;
	uint64_t seed = 1;
	uint32_t a, b;
	void *owner;
	int x, y;

	(void)state;
	xt_index_init(&table);
	assert_int_equal(xt_index_find(&table, 5, &owner), XT_INDEX_NONE);
	xt_index_remove(&table, 5);
	xt_index_set(&table, 5, XT_INDEX_KEYPAIR, &x);
	assert_int_equal(xt_index_insert(&table, XT_INDEX_HANDSHAKE, &x, from_seed, &seed, &a), 0);
	assert_int_equal(xt_index_insert(&table, XT_INDEX_KEYPAIR, &y, from_seed, &seed, &b), 0);
	assert_int_equal(xt_index_find(&table, a, &owner), XT_INDEX_HANDSHAKE);
	assert_ptr_equal(owner, &x);
	xt_index_set(&table, a, XT_INDEX_KEYPAIR, &y);
	assert_int_equal(xt_index_find(&table, a, &owner), XT_INDEX_KEYPAIR);
	assert_ptr_equal(owner, &y);
	assert_int_equal(xt_index_find(&table, a ^ 1, &owner), XT_INDEX_NONE);
	assert_null(owner);
	xt_index_remove(&table, a);
	xt_index_remove(&table, a);
	assert_int_equal(xt_index_find(&table, a, &owner), XT_INDEX_NONE);
	assert_int_equal(xt_index_find(&table, b, &owner), XT_INDEX_KEYPAIR);
	assert_int_equal(table.n, 1);
	xt_index_clear(&table);
}

static void zero_and_taken_numbers_are_drawn_again(void **state)
{
	static const uint32_t v[] = {0, 7, 7, 0, 7, 9, 9};
	struct script s = {v, 7, 0};
	struct xt_index table;
	uint32_t index;
	void *owner;

	(void)state;
	xt_index_init(&table);
	assert_int_equal(xt_index_insert(&table, XT_INDEX_KEYPAIR, &s, from_script, &s, &index), 0);
	assert_int_equal(index, 7);
	assert_int_equal(xt_index_insert(&table, XT_INDEX_KEYPAIR, &s, from_script, &s, &index), 0);
	assert_int_equal(index, 9);
	index = 3;
	assert_int_equal(xt_index_insert(&table, XT_INDEX_KEYPAIR, &s, from_script, &s, &index),
			 XT_E_FULL);
	assert_int_equal(index, 3);
	assert_int_equal(table.n, 2);
	assert_int_equal(xt_index_find(&table, 0, &owner), XT_INDEX_NONE);
	xt_index_set(&table, 0, XT_INDEX_KEYPAIR, &s);
	xt_index_remove(&table, 0);
	xt_index_clear(&table);
}

static void reserved_inserts_do_not_move_the_table(void **state)
{
	struct xt_index_slot *slots;
	struct xt_index table;
	uint64_t seed = 2;
	uint32_t index;

	(void)state;
	xt_index_init(&table);
	assert_int_equal(xt_index_reserve(&table, 1000), 0);
	slots = table.slots;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(
		    xt_index_insert(&table, XT_INDEX_KEYPAIR, &table, from_seed, &seed, &index), 0);
	assert_ptr_equal(table.slots, slots);
	assert_int_equal(xt_index_reserve(&table, SIZE_MAX), XT_E_NOMEM);
	xt_index_clear(&table);
}

#define MOST 300

/* Numbers whose low bits collide, so that runs are long and wrap around the table's end. */
static void crowded(void *ctx, void *buf, size_t n)
{
	uint32_t v = (uint32_t)xt_next(ctx);

	v = (v & 0xff000000) | (v % 3 ? 0xfffff0 | v % 16 : v % 8);
	memcpy(buf, &v, n);
}

static void indices_survive_the_coming_and_going_of_others(void **state)
{
	uint64_t r = xt_seed();
	uint32_t index[MOST];
	uint32_t n = 0;
	struct xt_index table;
	void *owner;

	(void)state;
	xt_index_init(&table);
	for (int step = 0; step < 20000; step++) {
		if (n < MOST && xt_below(&r, MOST) >= n / 2) {
			assert_int_equal(xt_index_insert(&table, XT_INDEX_KEYPAIR, NULL,
							 xt_below(&r, 2) ? crowded : from_seed, &r,
							 &index[n]),
					 0);
			/* The owner is a pointer made from the number. */
			xt_index_set(&table, index[n], XT_INDEX_KEYPAIR,
				     (void *)(uintptr_t)index[n]);
			n++;
		} else {
			uint32_t i = (uint32_t)xt_below(&r, n), gone = index[i];

			index[i] = index[--n];
			xt_index_remove(&table, gone);
			assert_int_equal(xt_index_find(&table, gone, &owner), XT_INDEX_NONE);
		}
		assert_int_equal(table.n, n);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(xt_index_find(&table, index[i], &owner), XT_INDEX_KEYPAIR);
			assert_true((uintptr_t)owner == index[i]);
		}
	}
	xt_index_clear(&table);
}

TEST_MAIN(cmocka_unit_test(an_index_finds_its_owner_and_kind),
	  cmocka_unit_test(zero_and_taken_numbers_are_drawn_again),
	  cmocka_unit_test(reserved_inserts_do_not_move_the_table),
	  cmocka_unit_test(indices_survive_the_coming_and_going_of_others))
