/* SPDX-License-Identifier: MIT */
/* layers: core crypto base */
/* TAI64N: encoding, rounding, order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "test_main.h"
#include "vectors.h"
#include "base/bytes.h"
#include "core/tai64n.h"

#define SECOND XT_TAI64N_SECOND
#define STEP   XT_TAI64N_STEP

static void the_epoch_is_ten_seconds_past_the_label(void **state)
{
	static const uint8_t want[XT_TIMESTAMP_LEN] = {0x40, 0, 0, 0, 0, 0, 0, 10};
	uint8_t timestamp[XT_TIMESTAMP_LEN];

	(void)state;
	xt_tai64n_encode(timestamp, 0);
	assert_memory_equal(timestamp, want, sizeof(want));
}

static void the_timestamp_of_the_handshake_vector_comes_out(void **state)
{
	uint8_t timestamp[XT_TIMESTAMP_LEN];

	(void)state;
	xt_tai64n_encode(timestamp, 1700000000 * SECOND + 4ull * STEP - 1);
	vector_expect("handshake.txt", "stamp", timestamp, sizeof(timestamp));
}

static void nanoseconds_are_rounded_down_within_their_second(void **state)
{
	uint8_t a[XT_TIMESTAMP_LEN], b[XT_TIMESTAMP_LEN];

	(void)state;
	xt_tai64n_encode(a, 5 * SECOND + STEP);
	xt_tai64n_encode(b, 5 * SECOND + 2 * STEP - 1);
	assert_int_equal(xt_tai64n_compare(a, b), 0);
	xt_tai64n_encode(b, 5 * SECOND + 2 * STEP);
	assert_true(xt_tai64n_compare(a, b) < 0);
	xt_tai64n_encode(b, 5 * SECOND + STEP - 1);
	assert_true(xt_tai64n_compare(a, b) > 0);
	for (uint64_t ns = 0; ns < SECOND; ns += 999983) {
		xt_tai64n_encode(a, ns);
		assert_int_equal(xt_be32_get(a + 8) % STEP, 0);
		assert_true(xt_be32_get(a + 8) < SECOND);
	}
}

static void next_is_the_least_time_with_a_greater_timestamp(void **state)
{
	uint8_t a[XT_TIMESTAMP_LEN], b[XT_TIMESTAMP_LEN], c[XT_TIMESTAMP_LEN];
	uint64_t at = 1700000000 * SECOND;

	(void)state;
	for (int i = 0; i < 200; i++) { /* over three ends of a second */
		const uint64_t next = xt_tai64n_next(at + (uint64_t)i);

		xt_tai64n_encode(a, at);
		xt_tai64n_encode(b, next - 1);
		xt_tai64n_encode(c, next);
		assert_int_equal(xt_tai64n_compare(a, b), 0);
		assert_true(xt_tai64n_compare(c, a) > 0);
		assert_int_equal(xt_tai64n_floor(next), next);
		at = next;
	}
	assert_true(at > 1700000003 * SECOND);
	assert_true(xt_tai64n_next(UINT64_MAX) == XT_NEVER);
}

static void decoding_gives_the_rounded_time_and_survives_any_bytes(void **state)
{
	const uint64_t times[] = {0, 1, SECOND - 1, 1700000000 * SECOND + 5, UINT64_MAX};
	uint8_t timestamp[XT_TIMESTAMP_LEN];

	(void)state;
	for (size_t i = 0; i < XT_LEN(times); i++) {
		xt_tai64n_encode(timestamp, times[i]);
		assert_true(xt_tai64n_decode(timestamp) == xt_tai64n_floor(times[i]));
	}
	memset(timestamp, 0xff, sizeof(timestamp));
	assert_true(xt_tai64n_decode(timestamp) == UINT64_MAX);
	memset(timestamp, 0, sizeof(timestamp));
	assert_true(xt_tai64n_decode(timestamp) == 0);
	/* The greatest that fits in 64 bits, and one more second. */
	xt_be64_put(timestamp, XT_TAI64N_EPOCH + UINT64_MAX / SECOND);
	assert_true(xt_tai64n_decode(timestamp) == UINT64_MAX / SECOND * SECOND);
	xt_be64_put(timestamp, XT_TAI64N_EPOCH + UINT64_MAX / SECOND + 1);
	assert_true(xt_tai64n_decode(timestamp) == UINT64_MAX);
}

TEST_MAIN(cmocka_unit_test(the_epoch_is_ten_seconds_past_the_label),
	  cmocka_unit_test(the_timestamp_of_the_handshake_vector_comes_out),
	  cmocka_unit_test(nanoseconds_are_rounded_down_within_their_second),
	  cmocka_unit_test(next_is_the_least_time_with_a_greater_timestamp),
	  cmocka_unit_test(decoding_gives_the_rounded_time_and_survives_any_bytes))
