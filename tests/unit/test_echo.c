/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Echo requests into replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/echo.h"
#include "packets.h"
#include "test_main.h"

/* The correct reply, built from the request byte by byte. */
static void expect(uint8_t *want, const uint8_t *request, size_t len)
{
	bool six = request[0] >> 4 == 6;
	size_t n = six ? 16 : 4, at = six ? 8 : 12;
	size_t head = six ? 40 : (size_t)(request[0] & 15) * 4;

	memcpy(want, request, len);
	memcpy(want + at, request + at + n, n);
	memcpy(want + at + n, request + at, n);
	want[six ? 7 : 8] = 64;
	want[1] = request[1] & (six ? 0xcf : 0xfc);
	want[head] = six ? 129 : 0;
	slow_seal_icmp(want, head, len);
	if (!six)
		slow_seal4(want);
}

static enum xt_reflection answer(uint8_t *p, size_t len)
{
	uint32_t n = (uint32_t)len;

	return xt_echo_answer(p, &n);
}

static void a_request_of_any_size_becomes_its_reply(void **unused)
{
	static uint8_t p[65536], want[65536];

	(void)unused;
	for (size_t size = 0; size <= 65487; size = size < 300 ? size + 1 : size + 3259) {
		size_t len = request4(p, 1, 2, size);

		expect(want, p, len);
		assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
		assert_memory_equal(p, want, len);
		assert_true(slow_right(p, len));
		len = request6(p, 1, 2, size);
		expect(want, p, len);
		assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
		assert_memory_equal(p, want, len);
		assert_true(slow_right(p, len));
	}
	assert_int_equal(answer(p, request4(p, 1, 2, 65507)), XT_REFLECTION_ANSWERED);
	assert_true(slow_right(p, 65535));
}

static void every_other_checksum_is_refused(void **unused)
{
	uint8_t p[128], keep[128];

	(void)unused;
	for (int six = 0; six < 2; six++) {
		size_t len = six ? request6(keep, 1, 2, 13) : request4(keep, 1, 2, 13);
		size_t field = six ? 42 : 22, answered = 0;

		for (unsigned sum = 0; sum < 65536; sum++) {
			memcpy(p, keep, len);
			xt_be16_put(p + field, (uint16_t)sum);
			answered += answer(p, len) == XT_REFLECTION_ANSWERED;
		}
		assert_int_equal(answered, 1);
	}
}

static void every_other_header_checksum_is_refused(void **unused)
{
	uint8_t p[128], keep[128];
	size_t len = request4(keep, 1, 2, 13), answered = 0;

	(void)unused;
	for (unsigned sum = 0; sum < 65536; sum++) {
		memcpy(p, keep, len);
		xt_be16_put(p + 10, (uint16_t)sum);
		answered += answer(p, len) == XT_REFLECTION_ANSWERED;
	}
	assert_int_equal(answered, 1);
}

/* The sequence number walks through all values, so every checksum comes up, 0 and its neighbours
 * too; where the right one is 0, 0xffff says the same and is taken. */
static void every_checksum_that_a_request_can_have_is_turned_right(void **unused)
{
	uint8_t p[64], want[64];
	unsigned zeros = 0;

	(void)unused;
	for (int six = 0; six < 2; six++) {
		for (unsigned seq = 0; seq < 65536; seq++) {
			size_t len = six ? request6(p, 1, 2, 0) : request4(p, 1, 2, 0);
			size_t head = six ? 40 : 20;

			xt_be16_put(p + head + 6, (uint16_t)seq);
			slow_seal_icmp(p, head, len);
			if (xt_be16_get(p + head + 2) == 0) {
				zeros++;
				xt_be16_put(p + head + 2, 0xffff);
			}
			expect(want, p, len);
			assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
			assert_memory_equal(p, want, len);
		}
	}
	assert_int_equal(zeros, 2);
}

/* The sum of all zeros is the one that is zero: its checksum is 0xffff, and 0 is refused by
 * receivers. */
static void a_reply_of_zeros_has_all_ones_as_checksum(void **unused)
{
	uint8_t p[64];

	(void)unused;
	for (size_t size = 0; size < 20; size++) {
		size_t len = request4(p, 1, 2, size);

		memset(p + 24, 0, len - 24);
		slow_seal_icmp(p, 20, len);
		assert_int_equal(xt_be16_get(p + 22), 0xf7ff);
		assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
		assert_int_equal(xt_be16_get(p + 22), 0xffff);
		assert_true(slow_right(p, len));
	}
}

static void a_truncated_request_is_never_answered(void **unused)
{
	uint8_t p[128], keep[128];

	(void)unused;
	for (int six = 0; six < 2; six++) {
		size_t len = six ? request6(keep, 1, 2, 21) : request4(keep, 1, 2, 21);

		for (size_t n = 0; n < len; n++) {
			uint8_t *cut = malloc(n ? n : 1);

			memcpy(cut, keep, n);
			assert_int_not_equal(answer(cut, n), XT_REFLECTION_ANSWERED);
			assert_memory_equal(cut, keep, n);
			free(cut);
		}
		/* The length field agrees, but the ICMP header is not whole, or the sum no longer
		 * right. */
		for (size_t n = six ? 40 : 20; n < len; n++) {
			memcpy(p, keep, len);
			xt_be16_put(p + (six ? 4 : 2), (uint16_t)(six ? n - 40 : n));
			if (!six)
				slow_seal4(p);
			assert_int_not_equal(answer(p, n), XT_REFLECTION_ANSWERED);
		}
	}
}

static void trailing_bytes_are_cut(void **unused)
{
	uint8_t p[128], want[128];

	(void)unused;
	for (int six = 0; six < 2; six++) {
		uint32_t len = (uint32_t)(six ? request6(p, 1, 2, 5) : request4(p, 1, 2, 5));
		uint32_t given = len + 7;

		memset(p + len, 0xee, 7);
		expect(want, p, len);
		assert_int_equal(xt_echo_answer(p, &given), XT_REFLECTION_ANSWERED);
		assert_int_equal(given, len);
		assert_memory_equal(p, want, len);
		assert_int_equal(p[len], 0xee);
	}
}

static void only_type_and_code_of_a_request_are_answered(void **unused)
{
	uint8_t p[128];

	(void)unused;
	for (unsigned value = 0; value < 65536; value++) {
		size_t len = request4(p, 1, 2, 8);

		xt_be16_put(p + 20, (uint16_t)value);
		slow_seal_icmp(p, 20, len);
		assert_int_equal(answer(p, len) == XT_REFLECTION_ANSWERED, value == 0x0800);
		len = request6(p, 1, 2, 8);
		xt_be16_put(p + 40, (uint16_t)value);
		slow_seal_icmp(p, 40, len);
		assert_int_equal(answer(p, len) == XT_REFLECTION_ANSWERED, value == 0x8000);
	}
}

static void icmp_of_the_other_version_is_not_answered(void **unused)
{
	uint8_t p[128];
	size_t len = request4(p, 1, 2, 8);

	(void)unused;
	p[9] = 58;
	slow_seal4(p);
	assert_int_equal(answer(p, len), XT_REFLECTION_NOT_ECHO);
	len = request6(p, 1, 2, 8);
	p[6] = 1;
	assert_int_equal(answer(p, len), XT_REFLECTION_NOT_ECHO);
}

static void only_ordinary_sources_are_answered(void **unused)
{
	const uint8_t bad4[][4] = {{0, 0, 0, 0},   {127, 0, 0, 1},     {127, 9, 9, 9},
				   {224, 0, 0, 1}, {239, 255, 0, 255}, {255, 255, 255, 255},
				   {10, 7, 0, 2}};
	const uint8_t bad6[][16] = {
	    {0}, {[15] = 1}, {0xff, 0x02, [15] = 1}, {0xfd, 0x07, [15] = 2}};
	uint8_t p[128];

	(void)unused;
	for (size_t i = 0; i < XT_LEN(bad4); i++) {
		size_t len = request4(p, 1, 2, 8);

		memcpy(p + 12, bad4[i], 4);
		slow_seal4(p);
		assert_int_equal(answer(p, len), XT_REFLECTION_MALFORMED);
	}
	for (size_t i = 0; i < XT_LEN(bad6); i++) {
		size_t len = request6(p, 1, 2, 8);

		memcpy(p + 8, bad6[i], 16);
		slow_seal_icmp(p, 40, len);
		assert_int_equal(answer(p, len), XT_REFLECTION_MALFORMED);
	}
}

static void dscp_and_df_are_kept_and_ecn_is_cleared(void **unused)
{
	uint8_t p[128];

	(void)unused;
	for (unsigned tos = 0; tos < 256; tos++) {
		size_t len = request4(p, 1, 2, 8);

		p[1] = (uint8_t)tos;
		p[6] = tos & 1 ? 0x40 : 0;
		slow_seal4(p);
		assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
		assert_int_equal(p[1], tos & 0xfc);
		assert_int_equal(p[6], tos & 1 ? 0x40 : 0);
		assert_int_equal(p[8], 64);
		assert_true(slow_right(p, len));
		len = request6(p, 1, 2, 8);
		p[0] = (uint8_t)(0x60 | tos >> 4);
		p[1] = (uint8_t)(tos << 4 | 0xa);
		assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
		assert_int_equal(p[0], 0x60 | tos >> 4);
		assert_int_equal(p[1], ((tos & 0xfc) << 4 & 0xff) | 0xa);
		assert_int_equal(p[7], 64);
	}
}

/* A request with these options, filled up with zeros to four bytes. */
static size_t with_options(uint8_t *p, const uint8_t *options, size_t n)
{
	size_t len = request4(p, 1, 2, 12), room = (n + 3) / 4 * 4;

	memmove(p + 20 + room, p + 20, len - 20);
	memset(p + 20, 0, room);
	memcpy(p + 20, options, n);
	p[0] = (uint8_t)(0x45 + room / 4);
	p[3] = (uint8_t)(p[3] + room);
	slow_seal4(p);
	return len + room;
}

static void options_are_copied_but_source_routes_are_not_answered(void **unused)
{
	const uint8_t router_alert[] = {148, 4, 0, 0}, record[] = {7, 7, 4, 1, 2, 3, 4};
	const uint8_t mixed[] = {1, 148, 4, 0, 0, 1, 137, 3, 4}, loose[] = {131, 3, 4};
	const uint8_t hidden[] = {7, 7, 4, 131, 3, 4, 4}, behind_end[] = {0, 131, 3, 4};
	const uint8_t zero_len[] = {7, 0, 0, 0}, too_long[] = {7, 5, 4, 0}, cut[] = {1, 1, 1, 7};
	uint8_t p[128], want[128];
	size_t len;

	(void)unused;
	len = with_options(p, router_alert, sizeof(router_alert));
	expect(want, p, len);
	assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
	assert_memory_equal(p, want, len);
	len = with_options(p, record, sizeof(record));
	expect(want, p, len);
	assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
	assert_memory_equal(p, want, len);
	len = with_options(p, hidden, sizeof(hidden));
	assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
	len = with_options(p, behind_end, sizeof(behind_end));
	assert_int_equal(answer(p, len), XT_REFLECTION_ANSWERED);
	assert_int_equal(answer(p, with_options(p, mixed, sizeof(mixed))), XT_REFLECTION_NOT_ECHO);
	assert_int_equal(answer(p, with_options(p, loose, sizeof(loose))), XT_REFLECTION_NOT_ECHO);
	assert_int_equal(answer(p, with_options(p, zero_len, 4)), XT_REFLECTION_MALFORMED);
	assert_int_equal(answer(p, with_options(p, too_long, 4)), XT_REFLECTION_MALFORMED);
	assert_int_equal(answer(p, with_options(p, cut, 4)), XT_REFLECTION_MALFORMED);
}

static void extension_headers_and_fragments_are_not_answered(void **unused)
{
	const uint8_t kinds[] = {0, 43, 44, 51, 60, 135};
	uint8_t p[128], f[128];
	size_t len;

	(void)unused;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		len = request6(p, 1, 2, 8);
		memmove(p + 48, p + 40, len - 40);
		memset(p + 40, 0, 8);
		p[40] = 58;
		p[6] = kinds[i];
		p[5] = (uint8_t)(p[5] + 8);
		assert_int_equal(answer(p, len + 8), XT_REFLECTION_NOT_ECHO);
	}
	len = request4(p, 1, 2, 64);
	assert_int_equal(answer(f, cut_fragment(f, p, len, 0, 32, 0)), XT_REFLECTION_NOT_ECHO);
	assert_int_equal(answer(f, cut_fragment(f, p, len, 32, 40, 0)), XT_REFLECTION_NOT_ECHO);
}

TEST_MAIN(cmocka_unit_test(a_request_of_any_size_becomes_its_reply),
	  cmocka_unit_test(every_other_checksum_is_refused),
	  cmocka_unit_test(every_other_header_checksum_is_refused),
	  cmocka_unit_test(every_checksum_that_a_request_can_have_is_turned_right),
	  cmocka_unit_test(a_reply_of_zeros_has_all_ones_as_checksum),
	  cmocka_unit_test(a_truncated_request_is_never_answered),
	  cmocka_unit_test(trailing_bytes_are_cut),
	  cmocka_unit_test(only_type_and_code_of_a_request_are_answered),
	  cmocka_unit_test(icmp_of_the_other_version_is_not_answered),
	  cmocka_unit_test(only_ordinary_sources_are_answered),
	  cmocka_unit_test(dscp_and_df_are_kept_and_ecn_is_cleared),
	  cmocka_unit_test(options_are_copied_but_source_routes_are_not_answered),
	  cmocka_unit_test(extension_headers_and_fragments_are_not_answered))
