/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* The internet checksum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packets.h"
#include "test_main.h"

static void checksum_of_the_example_in_rfc_1071(void **unused)
{
	const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)unused;
	assert_int_equal(xt_checksum(data, sizeof(data)), (uint16_t)~0xddf2);
}

static void update_gives_the_example_of_rfc_1624(void **unused)
{
	(void)unused;
	/* Section 4: equation 2 of RFC 1141 gives 0xffff here, which is wrong. */
	assert_int_equal(xt_checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static void nothing_sums_to_nothing(void **unused)
{
	const uint8_t zeros[40] = {0};

	(void)unused;
	assert_int_equal(xt_checksum(zeros, 0), 0xffff);
	for (size_t len = 0; len <= sizeof(zeros); len++)
		assert_int_equal(xt_checksum(zeros, len), 0xffff);
}

static void the_last_odd_byte_is_a_high_half(void **unused)
{
	const uint8_t data[3] = {0x12, 0x34, 0x56};

	(void)unused;
	assert_int_equal(xt_checksum(data, 3), (uint16_t) ~(0x1234 + 0x5600));
}

static void pseudo_header_is_summed_for_both_versions(void **unused)
{
	const uint8_t a4[4] = {10, 7, 0, 1}, b4[4] = {10, 7, 0, 2};
	const uint8_t flat4[12] = {10, 7, 0, 1, 10, 7, 0, 2, 0, 17, 0x01, 0x02};
	uint8_t packet[40] = {0x60};

	(void)unused;
	assert_int_equal(xt_checksum_finish(xt_checksum_pseudo(4, a4, b4, 17, 0x102)),
			 (uint16_t)~slow_sum(0, flat4, 12));
	for (uint8_t i = 8; i < 40; i++)
		packet[i] = (uint8_t)(i * 7);
	assert_int_equal(
	    xt_checksum_finish(xt_checksum_pseudo(6, packet + 8, packet + 24, 58, 0x12345)),
	    (uint16_t)~slow_pseudo6(packet, 0x12345, 58));
}

static void a_partial_checksum_is_completed(void **unused)
{
	uint8_t p[300], whole[300];
	size_t len = request6(whole, 1, 2, 101);

	(void)unused;
	memcpy(p, whole, len);
	xt_be16_put(p + 42, slow_pseudo6(p, (uint32_t)(len - 40), 58));
	assert_true(xt_checksum_complete(p, len, 40, 2));
	assert_memory_equal(p, whole, len);
}

static void a_completed_zero_is_written_as_ones_for_udp_alone(void **unused)
{
	uint8_t p[20];

	(void)unused;
	for (size_t offset = 0; offset <= 18; offset += 2) {
		memset(p, 0, sizeof(p));
		p[offset] = p[offset + 1] = 0xff;
		assert_true(xt_checksum_complete(p, sizeof(p), 0, offset));
		assert_int_equal(xt_be16_get(p + offset), offset == 6 ? 0xffff : 0);
	}
}

static void a_field_outside_of_the_packet_is_refused(void **unused)
{
	uint8_t p[8] = {0};

	(void)unused;
	assert_false(xt_checksum_complete(p, 8, 0, 7));
	assert_false(xt_checksum_complete(p, 8, 7, 0));
	assert_false(xt_checksum_complete(p, 8, 9, 0));
	assert_false(xt_checksum_complete(p, 8, SIZE_MAX, 2));
	assert_false(xt_checksum_complete(p, 8, 2, SIZE_MAX));
	assert_true(xt_checksum_complete(p, 8, 6, 0));
}

TEST_MAIN(cmocka_unit_test(checksum_of_the_example_in_rfc_1071),
	  cmocka_unit_test(update_gives_the_example_of_rfc_1624),
	  cmocka_unit_test(nothing_sums_to_nothing),
	  cmocka_unit_test(the_last_odd_byte_is_a_high_half),
	  cmocka_unit_test(pseudo_header_is_summed_for_both_versions),
	  cmocka_unit_test(a_partial_checksum_is_completed),
	  cmocka_unit_test(a_completed_zero_is_written_as_ones_for_udp_alone),
	  cmocka_unit_test(a_field_outside_of_the_packet_is_refused))
