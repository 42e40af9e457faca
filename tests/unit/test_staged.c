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
#include "test_main.h"

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

/* Plain text that waited must not stay behind. The block still belongs to the pool. */
static void a_packet_is_wiped_when_it_leaves(void **state)
{
	struct xt_staged_pool *pool = xt_staged_pool_new(1 << 20);
	struct xt_staged q = {0};
	const uint8_t *at;
	uint32_t out, left = 0;

	(void)state;
	memset(packet, 0x5a, 1000);
	assert_true(xt_staged_push(pool, &q, packet, 1000, 128, &out));
	at = (const uint8_t *)q.head;
	xt_staged_pop(pool, &q, got);
	assert_memory_equal(packet, got, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		left += at[i] == 0x5a;
	assert_int_equal(left, 0);
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

static void a_full_pool_takes_from_the_queue_that_holds_most(void **state)
{
	struct xt_staged_pool *pool = xt_staged_pool_new(8 * 2048);
	struct xt_staged a = {0}, b = {0};
	uint32_t out;

	(void)state;
	for (uint8_t i = 0; i < 8; i++)
		assert_true(xt_staged_push(pool, &a, &i, 1, 128, &out));
	assert_int_equal(out, 0);
	for (uint32_t i = 1; i <= 4; i++) {
		assert_true(xt_staged_push(pool, &b, packet, 100, 128, &out));
		assert_int_equal(out, 1);
		assert_int_equal(a.n, 8 - i);
		assert_int_equal(b.n, i);
	}
	/* Of equals the queue that pushes loses its own. */
	assert_true(xt_staged_push(pool, &b, packet, 100, 128, &out));
	assert_int_equal(out, 1);
	assert_int_equal(a.n, 4);
	assert_int_equal(b.n, 4);
	assert_true(xt_staged_push(pool, &a, packet, 5000, 128, &out));
	assert_int_equal(b.blocks + a.blocks, 8);
	assert_false(xt_staged_push(pool, &a, packet, 65535, 128, &out));
	assert_int_equal(out, 0);
	xt_staged_clear(pool, &a);
	xt_staged_clear(pool, &b);
	assert_int_equal(a.blocks + b.blocks, 0);
	for (uint8_t i = 0; i < 8; i++)
		assert_true(xt_staged_push(pool, &b, &i, 1, 128, &out));
	assert_int_equal(out, 0);
	xt_staged_clear(pool, &b);
	xt_staged_pool_free(pool);
}

/* More queues than the pool has blocks: the last one still gets in, in place of the oldest. */
static void the_first_packet_of_a_queue_is_always_kept(void **state)
{
	struct xt_staged_pool *pool = xt_staged_pool_new(8 * 2048);
	struct xt_staged queues[20];
	uint32_t out, sum = 0;

	(void)state;
	memset(queues, 0, sizeof(queues));
	for (int i = 0; i < 20; i++) {
		assert_true(xt_staged_push(pool, &queues[i], packet, 100, 128, &out));
		assert_int_equal(queues[i].n, 1);
		sum += out;
	}
	assert_int_equal(sum, 12);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(queues[i].n, i >= 12);
		xt_staged_clear(pool, &queues[i]);
	}
	xt_staged_pool_free(pool);
}

/* Random pushes and pops against a count of every queue. */
static void the_pool_is_never_shared_unfairly(void **state)
{
	enum { BLOCKS = 64, QUEUES = 7 };
	struct xt_staged_pool *pool = xt_staged_pool_new(BLOCKS * 2048);
	struct xt_staged queues[QUEUES];
	uint32_t seed = 1, out;

	(void)state;
	memset(queues, 0, sizeof(queues));
	for (int step = 0; step < 100000; step++) {
		struct xt_staged *q;
		uint32_t used = 0;

		seed = seed * 1664525 + 1013904223;
		q = &queues[(seed >> 8) % QUEUES];
		if (seed >> 30 == 0 && q->n) {
			xt_staged_pop(pool, q, NULL);
		} else {
			assert_true(
			    xt_staged_push(pool, q, packet, 1 + (seed >> 12) % 9000, 128, &out));
			assert_true(q->n > 0);
		}
		for (int i = 0; i < QUEUES; i++) {
			used += queues[i].blocks;
			assert_int_equal(!queues[i].n, !queues[i].blocks);
		}
		assert_in_range(used, 0, BLOCKS);
	}
	for (int i = 0; i < QUEUES; i++)
		xt_staged_clear(pool, &queues[i]);
	xt_staged_pool_free(pool);
}

TEST_MAIN(cmocka_unit_test(staged_packets_come_out_whole_and_in_order),
	  cmocka_unit_test(a_packet_is_wiped_when_it_leaves),
	  cmocka_unit_test(the_oldest_is_pushed_out_of_a_full_queue),
	  cmocka_unit_test(a_full_pool_takes_from_the_queue_that_holds_most),
	  cmocka_unit_test(the_first_packet_of_a_queue_is_always_kept),
	  cmocka_unit_test(the_pool_is_never_shared_unfairly))
