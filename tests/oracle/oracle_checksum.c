/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* The checksum against a bytewise reference: random lengths, alignments, splits and updates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packets.h"
#include "seed.h"
#include "test_main.h"

static uint64_t state;

static size_t fill(uint8_t *p, size_t max)
{
	size_t len = xt_pick(&state, max + 1);
	unsigned kind = (unsigned)(xt_next(&state) % 4);

	for (size_t i = 0; i < len; i++)
		p[i] = kind == 0 ? 0xff : kind == 1 ? 0 : (uint8_t)xt_next(&state);
	return len;
}

static void checksum_equals_the_sum_byte_by_byte(void **unused)
{
	static uint8_t buf[70000];

	(void)unused;
	for (int round = 0; round < 3000; round++) {
		size_t at = xt_next(&state) % 16;
		size_t len = fill(buf + at, round % 50 ? 300 : 65535);

		assert_int_equal(xt_checksum(buf + at, len), (uint16_t)~slow_sum(0, buf + at, len));
	}
}

static void parts_of_even_length_add_up_to_the_whole(void **unused)
{
	uint8_t buf[400];

	(void)unused;
	for (int round = 0; round < 3000; round++) {
		size_t len = fill(buf, sizeof(buf)), a = 0;
		uint64_t sum = 0;

		while (a < len) {
			size_t n = xt_pick(&state, 40) * 2;

			n = XT_MIN(n, len - a);
			sum = xt_checksum_add(sum, buf + a, n);
			a += n;
		}
		assert_int_equal(xt_checksum_finish(sum), (uint16_t)~slow_sum(0, buf, len));
	}
}

static void a_copy_has_the_bytes_and_their_sum(void **unused)
{
	static uint8_t from[3100], to[3200];

	(void)unused;
	for (int round = 0; round < 3000; round++) {
		size_t at = xt_next(&state) % 16, into = 1 + xt_next(&state) % 16;
		size_t len = fill(from + at, 3000);
		uint64_t sum;

		memset(to, 0x55, sizeof(to));
		sum = xt_checksum_copy(0, to + into, from + at, len);
		assert_int_equal(xt_checksum_finish(sum), (uint16_t)~slow_sum(0, from + at, len));
		assert_memory_equal(to + into, from + at, len);
		assert_int_equal(to[into - 1], 0x55);
		assert_int_equal(to[into + len], 0x55);
	}
}

static void update_equals_a_fresh_sum(void **unused)
{
	uint8_t buf[64];

	(void)unused;
	for (int round = 0; round < 20000; round++) {
		size_t at = xt_pick(&state, 31) * 2;
		uint16_t before, was, is;

		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (uint8_t)xt_next(&state);
		before = xt_checksum(buf, sizeof(buf));
		was = xt_be16_get(buf + at);
		is = round % 3 ? (uint16_t)xt_next(&state) : round % 2 ? 0xffff : 0;
		xt_be16_put(buf + at, is);
		assert_int_equal(xt_checksum_update(before, was, is),
				 xt_checksum(buf, sizeof(buf)));
	}
}

SEED_TEST_MAIN(state, cmocka_unit_test(checksum_equals_the_sum_byte_by_byte),
	       cmocka_unit_test(parts_of_even_length_add_up_to_the_whole),
	       cmocka_unit_test(a_copy_has_the_bytes_and_their_sum),
	       cmocka_unit_test(update_equals_a_fresh_sum))
