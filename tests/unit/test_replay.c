/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* The replay window at its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "core/replay.h"
#include "test_main.h"

static void replay_refuses_a_counter_seen_before(void **state)
{
	struct xt_replay w;

	(void)state;
	xt_replay_init(&w);
	assert_true(xt_replay_accept(&w, 0));
	assert_false(xt_replay_accept(&w, 0));
	assert_true(xt_replay_accept(&w, 1));
	assert_true(xt_replay_accept(&w, 63));
	assert_true(xt_replay_accept(&w, 64));
	assert_false(xt_replay_accept(&w, 63));
	assert_false(xt_replay_accept(&w, 64));
	assert_false(xt_replay_accept(&w, 1));
	assert_true(xt_replay_accept(&w, 2));
}

static void replay_accepts_the_window_backwards_once(void **state)
{
	struct xt_replay w;

	(void)state;
	xt_replay_init(&w);
	assert_true(xt_replay_accept(&w, 100000));
	for (uint64_t back = 1; back <= XT_REPLAY_WINDOW; back++)
		assert_true(xt_replay_accept(&w, 100000 - back));
	assert_false(xt_replay_accept(&w, 100000 - XT_REPLAY_WINDOW - 1));
	for (uint64_t back = 0; back <= XT_REPLAY_WINDOW; back++)
		assert_false(xt_replay_accept(&w, 100000 - back));
}

static void replay_refuses_what_lies_behind_at_every_place_in_a_word(void **state)
{
	struct xt_replay w;

	(void)state;
	for (uint64_t top = 9000; top < 9000 + 130; top++) {
		xt_replay_init(&w);
		assert_true(xt_replay_accept(&w, top));
		assert_false(xt_replay_accept(&w, top - XT_REPLAY_WINDOW - 1));
		assert_false(xt_replay_accept(&w, 0));
		assert_true(xt_replay_accept(&w, top - XT_REPLAY_WINDOW));
		assert_false(xt_replay_accept(&w, top));
	}
}

static void a_jump_forgets_what_stood_in_the_ring(void **state)
{
	static const uint64_t jumps[] = {1,    63,   64,   65,	 8063,
					 8128, 8191, 8192, 8193, UINT64_C(1) << 40};
	struct xt_replay w;

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		uint64_t top = 8191 + jumps[i];

		xt_replay_init(&w);
		for (uint64_t c = 0; c < 8192; c++)
			assert_true(xt_replay_accept(&w, c));
		assert_true(xt_replay_accept(&w, top));
		for (uint64_t c = top - XT_REPLAY_WINDOW; c <= top; c++)
			assert_int_equal(xt_replay_accept(&w, c), c > 8191 && c != top);
	}
}

static void replay_ends_where_messages_must(void **state)
{
	struct xt_replay w;

	(void)state;
	xt_replay_init(&w);
	assert_false(xt_replay_accept(&w, UINT64_MAX));
	assert_false(xt_replay_accept(&w, XT_REJECT_AFTER_MESSAGES));
	assert_true(xt_replay_accept(&w, 0)); /* the refused ones moved nothing */
	assert_true(xt_replay_accept(&w, XT_REJECT_AFTER_MESSAGES - 1));
	assert_false(xt_replay_accept(&w, XT_REJECT_AFTER_MESSAGES - 1));
	assert_true(xt_replay_accept(&w, XT_REJECT_AFTER_MESSAGES - 2));
	assert_false(xt_replay_accept(&w, 1));
}

TEST_MAIN(cmocka_unit_test(replay_refuses_a_counter_seen_before),
	  cmocka_unit_test(replay_accepts_the_window_backwards_once),
	  cmocka_unit_test(replay_refuses_what_lies_behind_at_every_place_in_a_word),
	  cmocka_unit_test(a_jump_forgets_what_stood_in_the_ring),
	  cmocka_unit_test(replay_ends_where_messages_must))
