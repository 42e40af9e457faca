/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* The rate limit per source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/limits.h"
#include "core/ratelimit.h"
#include "seed.h"
#include "test_main.h"

static struct xt_ratelimit *of(uint32_t rate, uint32_t burst, uint32_t sources)
{
	struct xt_ratelimit *limit;

	assert_int_equal(xt_ratelimit_new(&limit, rate, burst, sources), 0);
	return limit;
}

static struct xt_ip ip(const char *text)
{
	struct xt_ip out;

	assert_int_equal(xt_ip_parse(&out, text), 0);
	return out;
}

static unsigned allowed(struct xt_ratelimit *limit, const char *from, uint64_t now, unsigned times)
{
	struct xt_ip source = ip(from);
	unsigned n = 0;

	while (times--)
		n += xt_ratelimit_allow(limit, &source, now);
	return n;
}

static void a_burst_passes_and_then_one_each_interval(void **state)
{
	struct xt_ratelimit *limit = of(20, 5, 100);
	uint64_t now = 0;

	(void)state;
	assert_int_equal(allowed(limit, "198.18.0.1", now, 100), 5);
	now += 50 * XT_MS - 1;
	assert_int_equal(allowed(limit, "198.18.0.1", now, 100), 0);
	now += 1;
	assert_int_equal(allowed(limit, "198.18.0.1", now, 100), 1);
	now += 100 * XT_MS;
	assert_int_equal(allowed(limit, "198.18.0.1", now, 100), 2);
	now += 10 * XT_SECOND;
	assert_int_equal(allowed(limit, "198.18.0.1", now, 100), 5);
	xt_ratelimit_free(limit);
}

static void in_the_long_run_the_rate_holds(void **state)
{
	struct xt_ratelimit *limit = of(20, 5, 100);
	unsigned n = 0;

	(void)state;
	for (uint64_t now = 0; now < 10 * XT_SECOND; now += XT_MS)
		n += allowed(limit, "198.18.0.1", now, 1);
	assert_in_range(n, 200, 205);
	xt_ratelimit_free(limit);
}

static void sources_do_not_spend_each_others_tokens(void **state)
{
	struct xt_ratelimit *limit = of(20, 5, 100);

	(void)state;
	assert_int_equal(allowed(limit, "198.18.0.1", 1, 9), 5);
	assert_int_equal(allowed(limit, "198.18.0.2", 1, 9), 5);
	assert_int_equal(xt_ratelimit_sources(limit), 2);
	xt_ratelimit_free(limit);
}

static void an_address_and_a_network_of_the_same_number_are_two(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) { /* few chains, under another hash key each time */
		struct xt_ratelimit *limit = of(20, 5, 16);
		struct xt_ip four = {.family = 4, .b = {198, 18, 0, (uint8_t)i}};
		struct xt_ip six = {.family = 6, .b = {0, 0, 0, 0, 198, 18, 0, (uint8_t)i}};

		for (int k = 0; k < 6; k++) {
			assert_int_equal(xt_ratelimit_allow(limit, &four, 1), k < 5);
			assert_int_equal(xt_ratelimit_allow(limit, &six, 1), k < 5);
		}
		xt_ratelimit_free(limit);
	}
}

static void an_ipv6_network_of_64_bits_is_one_source(void **state)
{
	struct xt_ratelimit *limit = of(20, 5, 100);

	(void)state;
	assert_int_equal(allowed(limit, "2001:db8:0:1::1", 1, 3), 3);
	assert_int_equal(allowed(limit, "2001:db8:0:1:ffff:ffff:ffff:ffff", 1, 9), 2);
	assert_int_equal(allowed(limit, "2001:db8:0:2::1", 1, 9), 5);
	assert_int_equal(xt_ratelimit_sources(limit), 2);
	xt_ratelimit_free(limit);
}

static bool allow_number(struct xt_ratelimit *limit, uint32_t i, uint64_t now)
{
	struct xt_ip source = {.family = 4};

	xt_be32_put(source.b, i);
	return xt_ratelimit_allow(limit, &source, now);
}

static void memory_is_bounded_and_a_new_source_waits(void **state)
{
	struct xt_ratelimit *limit = of(20, 5, XT_RATELIMIT_SOURCES);
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < 3 * XT_RATELIMIT_SOURCES; i++)
		n += allow_number(limit, i, XT_SECOND);
	assert_int_equal(n, XT_RATELIMIT_SOURCES);
	assert_int_equal(xt_ratelimit_sources(limit), XT_RATELIMIT_SOURCES);
	/* Known sources continue; a new one is admitted when a bucket is full again. */
	assert_true(allow_number(limit, 0, XT_SECOND));
	assert_false(allow_number(limit, UINT32_MAX, XT_SECOND));
	assert_true(allow_number(limit, UINT32_MAX, XT_SECOND + 50 * XT_MS));
	assert_int_equal(xt_ratelimit_sources(limit), XT_RATELIMIT_SOURCES);
	xt_ratelimit_free(limit);
}

static void sources_unused_for_long_are_evicted(void **state)
{
	struct xt_ratelimit *limit = of(20, 5, 1000);
	uint64_t now = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		allow_number(limit, i, now);
	now += 2 * XT_SECOND;
	for (uint32_t i = 0; i < 1000; i++)
		allow_number(limit, 7, now += XT_SECOND);
	assert_int_equal(xt_ratelimit_sources(limit), 1);
	/* An evicted source has a full bucket again. */
	for (uint32_t i = 0; i < 999; i++)
		for (int k = 0; k < 6; k++)
			assert_int_equal(allow_number(limit, 5000 + i, now), k < 5);
	xt_ratelimit_free(limit);
}

static void the_source_that_was_used_last_is_not_evicted(void **state)
{
	struct xt_ratelimit *limit = of(10, 3, 2);

	(void)state;
	assert_true(allow_number(limit, 1, 0));
	assert_true(allow_number(limit, 2, 0));
	assert_true(allow_number(limit, 1, 500 * XT_MS));
	/* 1 is spending its bucket: 2, which is full again, makes room. */
	assert_true(allow_number(limit, 3, 550 * XT_MS));
	assert_int_equal(xt_ratelimit_sources(limit), 2);
	xt_ratelimit_free(limit);
}

static void eviction_gives_no_source_more_tokens(void **state)
{
	enum { SOURCES = 40 };
	uint64_t r = xt_seed(), now = 0, full[SOURCES] = {0};
	struct xt_ratelimit *limit = of(10, 3, 16);

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint32_t k = (uint32_t)xt_below(&r, SOURCES);
		uint64_t due;

		now += xt_below(&r, 20) ? xt_below(&r, 10 * XT_MS) : xt_below(&r, 2 * XT_SECOND);
		due = XT_MAX(full[k], now) + 100 * XT_MS;
		if (!allow_number(limit, k, now))
			continue;
		assert_true(due - now <= 300 * XT_MS);
		full[k] = due;
		assert_true(xt_ratelimit_sources(limit) <= 16);
	}
	xt_ratelimit_free(limit);
}

static void invalid_limits_are_refused(void **state)
{
	struct xt_ratelimit *limit;

	(void)state;
	assert_int_equal(xt_ratelimit_new(&limit, 0, 5, 10), XT_E_INVALID);
	assert_int_equal(xt_ratelimit_new(&limit, 1000000001, 5, 10), XT_E_INVALID);
	assert_int_equal(xt_ratelimit_new(&limit, 20, 0, 10), XT_E_INVALID);
	assert_int_equal(xt_ratelimit_new(&limit, 20, 5, 0), XT_E_INVALID);
	assert_int_equal(xt_ratelimit_new(&limit, 20, 5, UINT32_MAX), XT_E_INVALID);
	xt_ratelimit_free(NULL);
	limit = of(1, 1, 1);
	assert_int_equal(allowed(limit, "1.2.3.4", 5, 3), 1);
	assert_int_equal(allowed(limit, "1.2.3.5", 5, 3), 0);
	assert_int_equal(allowed(limit, "1.2.3.5", 5 + XT_SECOND, 3), 1);
	xt_ratelimit_free(limit);
}

TEST_MAIN(cmocka_unit_test(a_burst_passes_and_then_one_each_interval),
	  cmocka_unit_test(in_the_long_run_the_rate_holds),
	  cmocka_unit_test(sources_do_not_spend_each_others_tokens),
	  cmocka_unit_test(an_address_and_a_network_of_the_same_number_are_two),
	  cmocka_unit_test(an_ipv6_network_of_64_bits_is_one_source),
	  cmocka_unit_test(memory_is_bounded_and_a_new_source_waits),
	  cmocka_unit_test(sources_unused_for_long_are_evicted),
	  cmocka_unit_test(the_source_that_was_used_last_is_not_evicted),
	  cmocka_unit_test(eviction_gives_no_source_more_tokens),
	  cmocka_unit_test(invalid_limits_are_refused))
