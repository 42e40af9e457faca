/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* The virtio-net header, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "packet/vnet.h"
#include "test_main.h"

static bool reads(struct xt_gso *gso, size_t len, uint8_t flags, uint8_t type, uint8_t head,
		  uint8_t size, uint8_t start, uint8_t offset)
{
	const uint8_t header[XT_VNET_LEN] = {flags, type, head, 0, size, 0, start, 0, offset, 0};

	return xt_vnet_decode(gso, header, len);
}

static void a_zero_header_is_a_plain_packet(void **state)
{
	const struct xt_gso none = {0};
	struct xt_gso gso;

	(void)state;
	assert_true(reads(&gso, 0, 0, 0, 0, 0, 0, 0));
	assert_memory_equal(&gso, &none, sizeof(gso));
	/* lengths without a kind mean nothing */
	assert_true(reads(&gso, 10, 0, 0, 200, 99, 200, 200));
	assert_memory_equal(&gso, &none, sizeof(gso));
	assert_true(reads(&gso, 10, 2, 0, 0, 0, 0, 0)); /* "checksum is right": ignored */
	assert_memory_equal(&gso, &none, sizeof(gso));
}

static void each_kind_is_known_and_others_are_refused(void **state)
{
	struct xt_gso gso;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		bool tcp = (type & 0x7f) == 1 || (type & 0x7f) == 4;
		bool good = tcp || type == 0 || type == 5;

		assert_int_equal(reads(&gso, 200, 1, (uint8_t)type, 54, 100, 20, 16), good);
		if (!good || type == 0) {
			assert_int_equal(gso.kind, XT_GSO_NONE);
			continue;
		}
		assert_int_equal(gso.kind, (type & 0x7f) == 1	? XT_GSO_TCP4
					   : (type & 0x7f) == 4 ? XT_GSO_TCP6
								: XT_GSO_UDP);
		assert_int_equal(gso.size, 100);
		assert_int_equal(gso.header_len, 54);
		assert_int_equal(gso.csum_start, 20);
		assert_int_equal(gso.csum_offset, 16);
		assert_int_equal(gso.flags, XT_GSO_NEEDS_CSUM | (type & 0x80 ? XT_GSO_ECN : 0));
	}
}

static void what_lies_outside_of_the_packet_is_refused(void **state)
{
	const uint8_t far[XT_VNET_LEN] = {1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	struct xt_gso gso;

	(void)state;
	assert_true(reads(&gso, 38, 1, 0, 0, 0, 20, 16));
	assert_false(reads(&gso, 37, 1, 0, 0, 0, 20, 16));
	assert_int_equal(gso.flags, 0);
	assert_false(xt_vnet_decode(&gso, far, 65535));
	assert_true(reads(&gso, 54, 0, 1, 54, 1, 0, 0));
	assert_false(reads(&gso, 53, 0, 1, 54, 1, 0, 0));
	assert_false(reads(&gso, 54, 0, 1, 54, 0, 0, 0)); /* segments of nothing */
	assert_int_equal(gso.kind, XT_GSO_NONE);
}

static void what_is_written_reads_the_same(void **state)
{
	(void)state;
	for (uint8_t kind = XT_GSO_NONE; kind <= XT_GSO_UDP; kind++) {
		struct xt_gso gso = {.kind = kind, .flags = XT_GSO_NEEDS_CSUM}, back;
		uint8_t header[XT_VNET_LEN];

		gso.csum_start = 0x128;
		gso.csum_offset = 16;
		if (kind != XT_GSO_NONE) {
			gso.size = 0x5a8;
			gso.header_len = 0x134;
		}
		if (kind == XT_GSO_TCP4 || kind == XT_GSO_TCP6)
			gso.flags |= XT_GSO_ECN;
		memset(header, 0xee, sizeof(header));
		xt_vnet_encode(header, &gso);
		assert_true(xt_vnet_decode(&back, header, 65535));
		assert_memory_equal(&back, &gso, sizeof(gso));
	}
	struct xt_gso tcp = {.kind = XT_GSO_TCP6, .size = 0x5a8, .header_len = 72};
	uint8_t header[XT_VNET_LEN];

	xt_vnet_encode(header, &tcp);
	assert_memory_equal(header, "\x00\x04\x48\x00\xa8\x05\x00\x00\x00\x00", XT_VNET_LEN);
}

TEST_MAIN(cmocka_unit_test(a_zero_header_is_a_plain_packet),
	  cmocka_unit_test(each_kind_is_known_and_others_are_refused),
	  cmocka_unit_test(what_lies_outside_of_the_packet_is_refused),
	  cmocka_unit_test(what_is_written_reads_the_same))
