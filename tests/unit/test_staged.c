/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Staged packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/staged.h"

static uint8_t packet[65535], got[65535];

static void fill(uint32_t len, uint8_t seed)
{
	for (uint32_t i = 0; i < len; i++)
		packet[i] = (uint8_t)(i * 7 + seed);
}

static void staged_packets_come_out_whole_and_in_order(void **state)
{
	static const uint32_t sizes[] = {1, 20, 1420, 2016, 2017, 2032, 4048, 9000, 65535};
	struct xt_staged_pool *pool = xt_staged_pool_new(1 << 20);
	struct xt_staged q = {0};
	uint32_t out;

	(void)state;
	for (uint8_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill(sizes[i], i);
		assert_true(xt_staged_push(pool, &q, packet, sizes[i], 128, &out));
		assert_int_equal(out, 0);
	}
	for (uint8_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(xt_staged_len(&q), sizes[i]);
		fill(sizes[i], i);
		xt_staged_pop(pool, &q, got);
		assert_memory_equal(packet, got, sizes[i]);
	}
	assert_int_equal(xt_staged_len(&q), 0);
	xt_staged_pool_free(pool);
}

static void the_oldest_is_pushed_out_of_a_full_queue(void **state)
{
	struct xt_staged_pool *pool = xt_staged_pool_new(1 << 20);
	struct xt_staged q = {0};
	uint32_t out;

	(void)state;
	for (uint8_t i = 0; i < 5; i++)
		assert_true(xt_staged_push(pool, &q, &i, 1, 3, &out));
	assert_int_equal(out, 1);
	assert_int_equal(q.n, 3);
	xt_staged_pop(pool, &q, got);
	assert_int_equal(got[0], 2);
	assert_int_equal(xt_staged_clear(pool, &q), 2);
	xt_staged_pool_free(pool);
}

static void one_queue_cannot_take_what_another_holds(void **state)
{
	struct xt_staged_pool *pool = xt_staged_pool_new(8 * 2048);
	struct xt_staged a = {0}, b = {0};
	uint32_t out;

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_true(xt_staged_push(pool, &a, packet, 100, 128, &out));
	assert_false(xt_staged_push(pool, &b, packet, 100, 128, &out));
	assert_int_equal(out, 0);
	assert_true(xt_staged_push(pool, &a, packet, 5000, 128, &out));
	assert_int_equal(out, 3);
	assert_false(xt_staged_push(pool, &a, packet, 65535, 128, &out));
	xt_staged_clear(pool, &a);
	assert_true(xt_staged_push(pool, &b, packet, 100, 128, &out));
	xt_staged_clear(pool, &b);
	xt_staged_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(staged_packets_come_out_whole_and_in_order),
	    cmocka_unit_test(the_oldest_is_pushed_out_of_a_full_queue),
	    cmocka_unit_test(one_queue_cannot_take_what_another_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
