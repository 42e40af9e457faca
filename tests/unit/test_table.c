/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Keyed hash tables that survive a lack of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

/* An allocator that fails on request. */
static int allowance = -1;
static void *scarce(size_t n)
{
	if (!allowance)
		return NULL;
	if (allowance > 0)
		allowance--;
	return malloc(n);
}
#define uthash_malloc(n) scarce(n)

#include "base/table.h"
#include "test_main.h"

struct item {
	uint64_t key;
	UT_hash_handle by_key;
};

static void the_same_bytes_hash_the_same_and_others_do_not(void **state)
{
	uint64_t a = 1, b = 2;

	(void)state;
	assert_true(xt_hash(&a, sizeof(a)) == xt_hash(&a, sizeof(a)));
	assert_true(xt_hash(&a, sizeof(a)) != xt_hash(&b, sizeof(b)));
	assert_true(xt_hash(&a, 1) != xt_hash(&a, 2));
}

static void an_item_that_found_no_memory_is_not_in_the_table(void **state)
{
	static struct item items[2000];
	struct item *head = NULL, *found;
	uint32_t refused = 0, left_out = 0;

	(void)state;
	for (uint64_t i = 0; i < 2000; i++) {
		uint64_t key = i * i;

		items[i].key = key;
		allowance = 0; /* it may not grow the table */
		if (!head && i == 0) {
			for (allowance = 0; allowance < 2; allowance++) {
				int kept = allowance;

				HASH_ADD(by_key, head, key, sizeof(key), &items[i]);
				assert_false(xt_table_has(by_key, &items[i]));
				assert_null(head);
				allowance = kept;
			}
			allowance = -1;
		}
		HASH_ADD(by_key, head, key, sizeof(key), &items[i]);
		HASH_FIND(by_key, head, &key, sizeof(key), found);
		assert_int_equal(found != NULL, xt_table_has(by_key, &items[i]));
		if (found)
			continue;
		if (++refused % 2 == 0) { /* every other one tries again */
			left_out++;
			continue;
		}
		allowance = -1;
		HASH_ADD(by_key, head, key, sizeof(key), &items[i]);
		HASH_FIND(by_key, head, &key, sizeof(key), found);
		assert_ptr_equal(found, &items[i]);
		assert_true(xt_table_has(by_key, found));
	}
	assert_true(refused > 1);
	assert_int_equal(HASH_CNT(by_key, head), 2000 - left_out);
	while (head) {
		found = head;
		HASH_DELETE(by_key, head, found);
	}
}

TEST_MAIN(cmocka_unit_test(the_same_bytes_hash_the_same_and_others_do_not),
	  cmocka_unit_test(an_item_that_found_no_memory_is_not_in_the_table))
