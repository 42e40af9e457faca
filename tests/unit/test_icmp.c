/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* ICMP errors toward the TUN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/icmp.h"
#include "packets.h"
#include "test_main.h"

#define SECOND UINT64_C(1000000000)

static uint8_t p[4096], out[XT_ICMP6_MAX];
static const struct xt_ip local4 = {4, {10, 9, 0, 1}}, local6 = {6, {0xfd, 9, [15] = 1}};

static size_t build(size_t len, enum xt_icmp_kind kind)
{
	return xt_icmp_build(out, p, len, kind, 1400, p[0] >> 4 == 4 ? &local4 : &local6);
}

/* Check the error about the len bytes of p, whose IP header has head bytes. */
static void error_check(size_t len, enum xt_icmp_kind kind, size_t head, uint16_t type_and_code)
{
	size_t address = head == 20 ? 4 : 16, at = head == 20 ? 12 : 8, got = build(len, kind);

	assert_int_equal(got, head + 8 + len);
	assert_int_equal(xt_be16_get(out + head), type_and_code);
	assert_int_equal(xt_be32_get(out + head + 4), kind == XT_ICMP_TOO_BIG ? 1400 : 0);
	assert_memory_equal(out + at, head == 20 ? local4.b : local6.b, address);
	assert_memory_equal(out + at + address, p + at, address);
	assert_memory_equal(out + head + 8, p, len);
	assert_true(slow_right(out, got));
}

static void each_kind_has_its_type_and_code(void **unused)
{
	const uint16_t want4[] = {0x0300, 0x0301, 0x0304}, want6[] = {0x0100, 0x0103, 0x0200};

	(void)unused;
	for (int kind = 0; kind < 3; kind++) {
		size_t len = request4(p, 1, 2, 100);

		p[6] = 0x40;
		slow_seal4(p);
		error_check(len, (enum xt_icmp_kind)kind, 20, want4[kind]);
		len = request6(p, 1, 2, 100);
		error_check(len, (enum xt_icmp_kind)kind, 40, want6[kind]);
	}
}

static void the_quote_is_bounded(void **unused)
{
	size_t len, got;

	(void)unused;
	for (size_t size = 0; size < 3000; size += 7) {
		len = request4(p, 1, 2, size);
		got = build(len + 50, XT_ICMP_NO_ROUTE); /* trailing bytes are not quoted */
		assert_int_equal(got, XT_MIN(len + 28, 576u));
		assert_true(slow_right(out, got));
		len = request6(p, 1, 2, size);
		got = build(len + 50, XT_ICMP_NO_ROUTE);
		assert_int_equal(got, XT_MIN(len + 48, 1280u));
		assert_true(slow_right(out, got));
	}
}

/* Of a packet only its first bytes were kept. */
static void the_beginning_of_a_packet_is_enough_for_too_big(void **unused)
{
	size_t len, n;

	(void)unused;
	len = request4(p, 1, 2, 1372);
	p[6] = 0x40;
	slow_seal4(p);
	for (n = 20; n <= XT_ICMP_HEAD_MAX; n++) {
		uint8_t *kept = malloc(n); /* nothing behind it is read */

		memcpy(kept, p, n);
		if (n == 20) /* ICMP whose type is not there */
			assert_int_equal(xt_icmp_too_big(out, kept, n, 1232), 0);
		else {
			assert_int_equal(xt_icmp_too_big(out, kept, n, 1232), 28 + n);
			assert_true(slow_right(out, 28 + n));
			assert_int_equal(xt_be16_get(out + 20), 0x0304);
			assert_int_equal(xt_be16_get(out + 26), 1232);
			assert_memory_equal(out + 12, p + 16,
					    4); /* the destination is the source */
			assert_memory_equal(out + 16, p + 12, 4);
			assert_memory_equal(out + 28, p, n);
		}
		free(kept);
	}
	assert_int_equal(xt_be16_get(out + 30), len); /* the quoted length is the whole one's */
	len = request6(p, 1, 2, 1352);
	for (n = 48; n <= XT_ICMP_HEAD_MAX; n += 8) {
		assert_int_equal(xt_icmp_too_big(out, p, n, 1280), 48 + n);
		assert_true(slow_right(out, 48 + n));
		assert_int_equal(xt_be16_get(out + 40), 0x0200);
		assert_int_equal(xt_be32_get(out + 44), 1280);
		assert_memory_equal(out + 8, p + 24, 16);
		assert_memory_equal(out + 24, p + 8, 16);
		assert_memory_equal(out + 48, p, n);
	}
	assert_int_equal(xt_icmp_too_big(out, p, 39, 1280), 0);
	assert_int_equal(xt_icmp_too_big(out, p, XT_ICMP_HEAD_MAX + 1, 1280), 0);
	request4(p, 1, 2, 1372); /* without DF */
	assert_int_equal(xt_icmp_too_big(out, p, 64, 1232), 0);
	memset(p, 0, 64);
	assert_int_equal(xt_icmp_too_big(out, p, 64, 1232), 0);
}

static void without_a_local_address_the_destination_is_the_source(void **unused)
{
	size_t len = request4(p, 1, 2, 8);

	(void)unused;
	assert_true(xt_icmp_build(out, p, len, XT_ICMP_NO_ROUTE, 0, NULL) > 0);
	assert_memory_equal(out + 12, p + 16, 4);
	assert_true(xt_icmp_build(out, p, len, XT_ICMP_NO_ROUTE, 0, &local6) > 0);
	assert_memory_equal(out + 12, p + 16, 4);
	len = request6(p, 1, 2, 8);
	assert_true(xt_icmp_build(out, p, len, XT_ICMP_NO_ROUTE, 0, &local4) > 0);
	assert_memory_equal(out + 8, p + 24, 16);
}

static void errors_are_never_answered(void **unused)
{
	const uint8_t fine4[] = {0, 8, 13, 14};
	size_t len = request4(p, 1, 2, 8);

	(void)unused;
	for (unsigned type = 0; type < 256; type++) {
		bool fine = memchr(fine4, (int)type, sizeof(fine4)) != NULL;

		p[20] = (uint8_t)type;
		assert_int_equal(build(len, XT_ICMP_NO_ROUTE) > 0, fine);
	}
	len = request6(p, 1, 2, 8);
	for (unsigned type = 0; type < 256; type++) {
		p[40] = (uint8_t)type;
		assert_int_equal(build(len, XT_ICMP_NO_ROUTE) > 0, type >= 128 && type != 137);
	}
	len = request4(p, 1, 2, 8);
	p[3] = 20; /* ICMP without a type */
	assert_int_equal(build(len, XT_ICMP_NO_ROUTE), 0);
}

static void an_error_behind_extension_headers_is_seen(void **unused)
{
	size_t len = request6(p, 1, 2, 8);

	(void)unused;
	memmove(p + 48, p + 40, len - 40);
	memset(p + 40, 0, 8);
	p[40] = 58;
	p[6] = 60;
	p[5] = (uint8_t)(p[5] + 8);
	assert_true(build(len + 8, XT_ICMP_NO_ROUTE) > 0);
	p[48] = 1;
	assert_int_equal(build(len + 8, XT_ICMP_NO_ROUTE), 0);
	p[41] = 200; /* a chain that leaves the packet may hide one */
	assert_int_equal(build(len + 8, XT_ICMP_NO_ROUTE), 0);
}

static void only_first_fragments_are_answered(void **unused)
{
	static uint8_t whole[4096];
	size_t len = request4(whole, 1, 2, 2000);

	(void)unused;
	whole[9] = 17; /* not ICMP: a later fragment shows no type */
	assert_true(build(cut_fragment(p, whole, len, 0, 800, 0), XT_ICMP_NO_ROUTE) > 0);
	assert_int_equal(build(cut_fragment(p, whole, len, 800, 800, 0), XT_ICMP_NO_ROUTE), 0);
	len = request6(whole, 1, 2, 2000);
	whole[6] = 17;
	assert_true(build(cut_fragment(p, whole, len, 0, 800, 0), XT_ICMP_NO_ROUTE) > 0);
	assert_int_equal(build(cut_fragment(p, whole, len, 800, 800, 0), XT_ICMP_NO_ROUTE), 0);
}

static void strange_addresses_are_not_answered(void **unused)
{
	const uint8_t bad4[][4] = {
	    {0, 0, 0, 0}, {127, 0, 0, 1}, {224, 0, 0, 1}, {255, 255, 255, 255}};
	const uint8_t bad6[][16] = {{0}, {[15] = 1}, {0xff, 2, [15] = 1}};

	(void)unused;
	for (size_t i = 0; i < XT_LEN(bad4); i++) {
		for (int at = 12; at <= 16; at += 4) {
			size_t len = request4(p, 1, 2, 8);

			memcpy(p + at, bad4[i], 4);
			assert_int_equal(build(len, XT_ICMP_NO_ROUTE), 0);
		}
	}
	for (size_t i = 0; i < XT_LEN(bad6); i++) {
		for (int at = 8; at <= 24; at += 16) {
			size_t len = request6(p, 1, 2, 8);

			memcpy(p + at, bad6[i], 16);
			assert_int_equal(build(len, XT_ICMP_NO_ROUTE), 0);
		}
	}
}

static void too_big_is_sent_only_when_routers_may_not_fragment(void **unused)
{
	size_t len = request4(p, 1, 2, 8);

	(void)unused;
	assert_int_equal(build(len, XT_ICMP_TOO_BIG), 0);
	p[6] = 0x40;
	assert_true(build(len, XT_ICMP_TOO_BIG) > 0);
}

static void garbage_is_not_answered(void **unused)
{
	size_t len = request4(p, 1, 2, 8);

	(void)unused;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(build(n, XT_ICMP_NO_ROUTE), 0);
}

static void errors_are_rate_limited_and_suppressed_ones_are_counted(void **unused)
{
	struct xt_icmp icmp;
	struct xt_batch *batch;
	struct xt_pkt pkt = {.data = p};
	uint64_t now = 5;

	(void)unused;
	assert_int_equal(xt_batch_new(&batch, 300, 1u << 20), 0);
	pkt.len = (uint32_t)request4(p, 1, 2, 8);
	xt_icmp_init(&icmp, now, 100, 50);
	for (int i = 0; i < 60; i++)
		assert_int_equal(
		    xt_icmp_answer(&icmp, now, &pkt, XT_ICMP_NO_ROUTE, 0, &local4, batch), i < 50);
	assert_int_equal(batch->n, 50);
	assert_int_equal(icmp.sent, 50);
	assert_int_equal(icmp.suppressed, 10);
	now += SECOND / 100;
	assert_true(xt_icmp_answer(&icmp, now, &pkt, XT_ICMP_NO_ROUTE, 0, &local4, batch));
	assert_false(xt_icmp_answer(&icmp, now, &pkt, XT_ICMP_NO_ROUTE, 0, &local4, batch));
	now += UINT64_C(1) << 62;
	for (int i = 0; i < 60; i++)
		assert_int_equal(
		    xt_icmp_answer(&icmp, now, &pkt, XT_ICMP_NO_ROUTE, 0, &local4, batch), i < 50);
	/* A packet that must not be answered takes no token and is not counted as suppressed. */
	p[12] = 224;
	assert_false(
	    xt_icmp_answer(&icmp, now + SECOND, &pkt, XT_ICMP_NO_ROUTE, 0, &local4, batch));
	assert_int_equal(icmp.suppressed, 21);
	xt_batch_free(batch);
}

TEST_MAIN(cmocka_unit_test(each_kind_has_its_type_and_code), cmocka_unit_test(the_quote_is_bounded),
	  cmocka_unit_test(the_beginning_of_a_packet_is_enough_for_too_big),
	  cmocka_unit_test(without_a_local_address_the_destination_is_the_source),
	  cmocka_unit_test(errors_are_never_answered),
	  cmocka_unit_test(an_error_behind_extension_headers_is_seen),
	  cmocka_unit_test(only_first_fragments_are_answered),
	  cmocka_unit_test(strange_addresses_are_not_answered),
	  cmocka_unit_test(too_big_is_sent_only_when_routers_may_not_fragment),
	  cmocka_unit_test(garbage_is_not_answered),
	  cmocka_unit_test(errors_are_rate_limited_and_suppressed_ones_are_counted))
