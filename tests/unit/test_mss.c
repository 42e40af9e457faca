/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* The MSS of a SYN: lowered only, at any place, in any list of options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "flows.h"
#include "packet/mss.h"
#include "seed.h"
#include "test_main.h"

static uint8_t p[2048], before[2048];
static size_t len, upper;
static uint64_t seed;

/* A SYN with those options. */
static void syn_build(uint8_t version, uint8_t flags, const uint8_t *options, size_t n)
{
	struct flow f = flow_of(version, 6);

	f.flags = flags;
	f.options = (uint8_t)n;
	len = flow_packet(p, &f, NULL, 0);
	upper = flow_network(&f);
	memcpy(p + upper + 20, options, n);
	flow_seal(p, len);
	memcpy(before, p, len);
}

static bool clamp(uint32_t mtu, bool partial)
{
	struct xt_ip_view ip;

	assert_true(xt_ip_parse_packet(&ip, p, len));
	assert_int_equal(ip.protocol, XT_PROTO_TCP);
	return xt_mss_is_syn(&ip) && xt_mss_clamp(&ip, mtu, partial);
}

static uint32_t value(size_t at)
{
	return xt_be16_get(p + upper + 20 + at);
}

static void a_syn_and_its_answer_get_what_the_path_carries(void **state)
{
	const uint8_t options[] = {2, 4, 0x05, 0xb4, 1, 3, 3, 7};

	(void)state;
	for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
		const uint8_t flags[] = {0x02, 0x12, 0xc2}; /* SYN; with ACK; with ECE and CWR */

		for (size_t i = 0; i < XT_LEN(flags); i++) {
			syn_build(version, flags[i], options, sizeof(options));
			assert_true(clamp(1232, false));
			assert_int_equal(value(2), version == 4 ? 1192 : 1172);
			assert_true(flow_right(p, len));
			p[upper + 22] = before[upper + 22]; /* nothing else has changed */
			p[upper + 23] = before[upper + 23];
			memcpy(p + upper + 16, before + upper + 16, 2);
			assert_memory_equal(p, before, len);
		}
	}
}

static void every_place_of_the_option_keeps_the_checksum_right(void **state)
{
	(void)state;
	for (size_t nops = 0; nops <= 8; nops++) {
		uint8_t options[12];

		memset(options, 1, sizeof(options));
		memcpy(options + nops, (const uint8_t[]){2, 4, 0xff, 0x01}, 4);
		syn_build(nops % 3 ? 4 : 6, 0x02, options, sizeof(options));
		assert_true(clamp(1232, false));
		assert_int_equal(value(nops + 2), nops % 3 ? 1192 : 1172);
		assert_true(flow_right(p, len));
	}
}

static void a_partial_checksum_stays_and_a_wrong_one_stays_wrong(void **state)
{
	const uint8_t options[] = {1, 2, 4, 0x05, 0xb4, 1, 1, 1};

	(void)state;
	syn_build(4, 0x02, options, sizeof(options));
	assert_true(clamp(1232, true));
	assert_int_equal(value(3), 1192);
	assert_memory_equal(p + upper + 16, before + upper + 16, 2);
	syn_build(4, 0x02, options, sizeof(options));
	p[upper + 17] ^= 0x11;
	assert_true(clamp(1232, false));
	assert_false(flow_right(p, len));
}

static void nothing_grows_and_nothing_is_added(void **state)
{
	const uint8_t small[] = {2, 4, 0x04, 0xa8}; /* 1192 */
	const uint8_t none[] = {1, 1, 1, 1}, ended[] = {0, 2, 4, 0xff, 0xff, 0, 0, 0};

	(void)state;
	syn_build(4, 0x02, small, sizeof(small));
	assert_false(clamp(1232, false));
	assert_false(clamp(9000, false));
	assert_false(clamp(65535, false));
	assert_true(clamp(1231, false));
	syn_build(4, 0x02, none, sizeof(none));
	assert_false(clamp(1232, false));
	syn_build(4, 0x02, none, 0);
	assert_false(clamp(1232, false));
	syn_build(4, 0x02, ended, sizeof(ended)); /* behind the end of the list */
	assert_false(clamp(1232, false));
	syn_build(4, 0x02, (const uint8_t[]){2, 4, 0xff, 0xff}, 4);
	assert_false(clamp(40, false)); /* no room for any payload */
	assert_false(clamp(0, false));
	assert_memory_equal(p, before, len);
}

static void only_a_syn_is_changed(void **state)
{
	const uint8_t options[] = {2, 4, 0x05, 0xb4};
	struct xt_ip_view ip;

	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		syn_build(4, (uint8_t)flags, options, sizeof(options));
		assert_int_equal(clamp(1232, false), (flags & 2) != 0);
	}
	syn_build(4, 0x02, options, sizeof(options));
	p[7] = 1; /* a later fragment: this is no TCP header */
	slow_seal4(p);
	assert_false(clamp(1232, false));
	syn_build(4, 0x02, options, sizeof(options));
	put16(p + 2, 20 + 19); /* the header is cut short */
	assert_true(xt_ip_parse_packet(&ip, p, len));
	assert_false(xt_mss_is_syn(&ip));
}

static void every_mss_option_is_lowered(void **state)
{
	const uint8_t options[] = {2,	 4, 0x05, 0xb4, 1,    2, 4, 0xff,
				   0xff, 2, 4,	  0x00, 0x64, 1, 1, 1};

	(void)state;
	syn_build(6, 0x12, options, sizeof(options));
	assert_true(clamp(1232, false));
	assert_int_equal(value(2), 1172);
	assert_int_equal(value(7), 1172);
	assert_int_equal(value(11), 100);
	assert_true(flow_right(p, len));
}

static void malformed_lists_end_where_they_are_malformed(void **state)
{
	static const uint8_t lists[][8] = {
	    {3, 0, 2, 4, 0xff, 0xff, 0, 0}, /* a length of 0 */
	    {3, 1, 2, 4, 0xff, 0xff, 0, 0}, /* and of 1 */
	    {3, 9, 2, 4, 0xff, 0xff, 0, 0}, /* past the header */
	    {2, 3, 0xff, 2, 3, 0xff, 1, 1}, /* an MSS of one byte */
	    {2, 6, 0xff, 0xff, 0xff, 0xff, 1, 1},
	    {1, 1, 1, 1, 1, 1, 1, 2}, /* no room for a length */
	    {1, 1, 1, 1, 1, 1, 2, 4}, /* nor for the value */
	    {1, 1, 1, 1, 1, 2, 4, 0xff},
	};

	(void)state;
	for (size_t i = 0; i < XT_LEN(lists); i++) {
		syn_build(4, 0x02, lists[i], sizeof(lists[i]));
		assert_false(clamp(600, false));
		assert_memory_equal(p, before, len);
	}
}

static void extension_headers_are_walked_and_an_authenticated_packet_is_left(void **state)
{
	const uint8_t options[] = {2, 4, 0x05, 0xb4};
	const uint8_t kinds[] = {0, 43, 60, 44, 51}; /* hop by hop, routing, destination, … */

	(void)state;
	for (size_t i = 0; i < XT_LEN(kinds); i++) {
		syn_build(6, 0x02, options, sizeof(options));
		memmove(p + 48, p + 40, len - 40);
		memset(p + 40, 0, 8);
		p[6] = kinds[i];
		p[40] = 6;
		len += 8;
		put16(p + 4, (uint32_t)len - 40);
		upper = 48;
		assert_int_equal(clamp(1232, false), kinds[i] != 51);
		assert_int_equal(value(2), kinds[i] != 51 ? 1172 : 1460);
		/* the checksum does not cover extension headers */
		memmove(p + 40, p + 48, len - 48);
		len -= 8;
		p[6] = 6;
		put16(p + 4, (uint32_t)len - 40);
		assert_true(flow_right(p, len));
	}
}

/* Random lists: no byte changes but the values above the limit, and the checksum. */
static void random_lists_change_in_values_only(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t options[40];
		size_t n = 4 * xt_pick(&seed, 11);
		uint32_t mtu = (uint32_t)xt_below(&seed, 2000), changes = 0;

		for (size_t k = 0; k < n; k++) {
			const uint8_t likely[] = {0, 1, 2, 4, 3, 255};

			options[k] = xt_below(&seed, 2) ? likely[xt_below(&seed, XT_LEN(likely))]
							: (uint8_t)xt_below(&seed, 256);
		}
		syn_build(xt_below(&seed, 2) ? 4 : 6, 0x02, options, n);
		(void)clamp(mtu, false);
		assert_true(flow_right(p, len));
		for (size_t k = 0; k < len; k++)
			changes += p[k] != before[k] && (k < upper + 16 || k > upper + 17) &&
				   k < upper + 20;
		assert_int_equal(changes, 0);
	}
}

SEED_TEST_MAIN(seed, cmocka_unit_test(a_syn_and_its_answer_get_what_the_path_carries),
	       cmocka_unit_test(every_place_of_the_option_keeps_the_checksum_right),
	       cmocka_unit_test(a_partial_checksum_stays_and_a_wrong_one_stays_wrong),
	       cmocka_unit_test(nothing_grows_and_nothing_is_added),
	       cmocka_unit_test(only_a_syn_is_changed),
	       cmocka_unit_test(every_mss_option_is_lowered),
	       cmocka_unit_test(malformed_lists_end_where_they_are_malformed),
	       cmocka_unit_test(extension_headers_are_walked_and_an_authenticated_packet_is_left),
	       cmocka_unit_test(random_lists_change_in_values_only))
