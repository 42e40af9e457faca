/* SPDX-License-Identifier: MIT */
/* layers: base */
/* One token bucket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/token_bucket.h"
#include "seed.h"
#include "test_main.h"

#define SECOND UINT64_C(1000000000)

static unsigned bucket_take(struct xt_token_bucket *bucket, const struct xt_token_rate *rate,
			    uint64_t now, unsigned times)
{
	unsigned taken = 0;

	while (times--)
		taken += xt_token_bucket_take(bucket, rate, now);
	return taken;
}

static void a_zeroed_bucket_gives_its_burst_and_then_one_token_each_interval(void **state)
{
	const struct xt_token_rate rate = xt_token_rate(10, 3);
	struct xt_token_bucket bucket = {0};
	uint64_t now = 5 * SECOND;

	(void)state;
	assert_true(xt_token_bucket_full(&bucket, now));
	assert_int_equal(bucket_take(&bucket, &rate, now, 9), 3);
	assert_false(xt_token_bucket_full(&bucket, now));
	assert_int_equal(bucket_take(&bucket, &rate, now + SECOND / 10 - 1, 9), 0);
	assert_int_equal(bucket_take(&bucket, &rate, now + SECOND / 10, 9), 1);
	assert_int_equal(bucket_take(&bucket, &rate, now + SECOND, 9), 3);
	assert_true(xt_token_bucket_full(&bucket, now + SECOND + 3 * SECOND / 10));
}

static void a_long_pause_fills_the_bucket_no_further_than_its_burst(void **state)
{
	const struct xt_token_rate rate = xt_token_rate(1, 2);
	struct xt_token_bucket bucket = {0};

	(void)state;
	assert_int_equal(bucket_take(&bucket, &rate, 0, 9), 2);
	assert_int_equal(bucket_take(&bucket, &rate, UINT64_C(1) << 62, 9), 2);
}

static void the_greatest_and_the_smallest_rates_do_not_overflow(void **state)
{
	const struct xt_token_rate fast = xt_token_rate(UINT32_MAX, UINT32_MAX);
	const struct xt_token_rate slow = xt_token_rate(1, UINT32_MAX);
	struct xt_token_bucket a = {0}, b = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_true(xt_token_bucket_take(&a, &fast, SECOND));
		assert_true(xt_token_bucket_take(&b, &slow, SECOND));
	}
	assert_int_equal(slow.burst, UINT32_MAX * SECOND);
}

static void at_any_times_no_more_tokens_are_taken_than_came_in(void **state)
{
	const struct xt_token_rate rate = xt_token_rate(100, 7);
	struct xt_token_bucket bucket = {0};
	uint64_t r = xt_seed(), now = 0, taken = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		now += xt_below(&r, SECOND / 50);
		taken += bucket_take(&bucket, &rate, now, (unsigned)xt_below(&r, 4));
		assert_true(taken <= 7 + now / (SECOND / 100));
	}
	assert_true(taken > now / (SECOND / 50));
}

TEST_MAIN(cmocka_unit_test(a_zeroed_bucket_gives_its_burst_and_then_one_token_each_interval),
	  cmocka_unit_test(a_long_pause_fills_the_bucket_no_further_than_its_burst),
	  cmocka_unit_test(the_greatest_and_the_smallest_rates_do_not_overflow),
	  cmocka_unit_test(at_any_times_no_more_tokens_are_taken_than_came_in))
