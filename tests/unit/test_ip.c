/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Parsing IP packets, and ECN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "packet/ip.h"
#include "packets.h"
#include "test_main.h"

/* Check the fields that p, of len bytes and marked with DSCP 0x2e and ECT(1), has in v. */
static void view_check(struct xt_ip_view *v, const uint8_t *p, size_t len, uint8_t version,
		       uint32_t header, uint8_t protocol)
{
	assert_true(xt_ip_parse_packet(v, p, len));
	assert_int_equal(v->version, version);
	assert_int_equal(v->len, len);
	assert_int_equal(v->header, header);
	assert_int_equal(v->upper, header);
	assert_int_equal(v->protocol, protocol);
	assert_int_equal(v->dscp, 0x2e);
	assert_int_equal(v->ecn, XT_ECN_ECT1);
	assert_int_equal(v->ttl, 63);
}

static void headers_of_an_ipv4_packet_are_read(void **unused)
{
	uint8_t p[128];
	size_t len = request4(p, 1, 2, 10);
	struct xt_ip_view v;
	struct xt_ip ip;

	(void)unused;
	p[1] = 0xb9;
	p[6] = 0x40;
	view_check(&v, p, len, 4, 20, XT_PROTO_ICMP);
	assert_int_equal(v.id, 0x1234);
	assert_true(v.dont_fragment && !v.fragment && !v.more && !v.offset);
	xt_ip_source(&v, &ip);
	assert_true(ip.family == 4 && ip.b[3] == 1 && ip.b[4] == 0);
	xt_ip_destination(&v, &ip);
	assert_true(ip.family == 4 && ip.b[3] == 2);
}

static void headers_of_an_ipv6_packet_are_read(void **unused)
{
	uint8_t p[128];
	size_t len = request6(p, 1, 2, 10);
	struct xt_ip_view v;
	struct xt_ip ip;

	(void)unused;
	p[0] = 0x6b;
	p[1] = 0x90;
	view_check(&v, p, len, 6, 40, XT_PROTO_ICMP6);
	assert_false(v.fragment || v.extended || v.broken);
	xt_ip_source(&v, &ip);
	assert_true(ip.family == 6 && ip.b[0] == 0xfd && ip.b[15] == 1);
}

static void bytes_behind_the_packet_are_not_its_own(void **unused)
{
	uint8_t p[128];
	struct xt_ip_view v;
	size_t len = request4(p, 1, 2, 3);

	(void)unused;
	assert_true(xt_ip_parse_packet(&v, p, len + 9));
	assert_int_equal(v.len, len);
	len = request6(p, 1, 2, 3);
	assert_true(xt_ip_parse_packet(&v, p, len + 9));
	assert_int_equal(v.len, len);
}

static void a_packet_cut_at_any_length_is_refused(void **unused)
{
	uint8_t p[128];
	struct xt_ip_view v;
	size_t len = request4(p, 1, 2, 3);

	(void)unused;
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, p, n);
		assert_false(xt_ip_parse_packet(&v, cut, n));
		free(cut);
	}
	len = request6(p, 1, 2, 3);
	for (size_t n = 0; n < len; n++)
		assert_false(xt_ip_parse_packet(&v, p, n));
}

static void impossible_headers_are_refused(void **unused)
{
	uint8_t p[128];
	struct xt_ip_view v;
	size_t len = request4(p, 1, 2, 30);

	(void)unused;
	for (unsigned first = 0; first < 256; first++) {
		bool fine = first >> 4 == 4 && (first & 15) >= 5 && (first & 15) * 4 <= len;

		p[0] = (uint8_t)first;
		if (first >> 4 == 6) /* reads 0x1234 as the length */
			assert_false(xt_ip_parse_packet(&v, p, len));
		else
			assert_int_equal(xt_ip_parse_packet(&v, p, len), fine);
	}
	p[0] = 0x45;
	p[3] = 19;
	assert_false(xt_ip_parse_packet(&v, p, len));
	p[3] = 20;
	assert_true(xt_ip_parse_packet(&v, p, len));
}

static void fragments_of_both_versions_are_known(void **unused)
{
	static uint8_t p[4096], f[4096];
	struct xt_ip_view v;
	size_t len = request4(p, 1, 2, 3000), n;

	(void)unused;
	n = cut_fragment(f, p, len, 1480, 800, 0);
	assert_true(xt_ip_parse_packet(&v, f, n));
	assert_true(v.fragment && v.more && v.offset == 1480 && v.upper == 20);
	len = request6(p, 1, 2, 3000);
	n = cut_fragment(f, p, len, 1480, len - 40 - 1480, 0xdeadbeef);
	assert_true(xt_ip_parse_packet(&v, f, n));
	assert_true(v.fragment && !v.more && v.offset == 1480 && v.upper == 48);
	assert_int_equal(v.frag_header, 40);
	assert_int_equal(v.id, 0xdeadbeef);
	assert_int_equal(v.protocol, XT_PROTO_ICMP6);
	assert_false(v.extended);
}

/* A packet with these extension headers of 8 bytes each in front of ICMPv6. */
static size_t chain(uint8_t *p, const uint8_t *headers, size_t n)
{
	size_t len = request6(p, 1, 2, 4), extra = n * 8;

	memmove(p + 40 + extra, p + 40, len - 40);
	p[6] = n ? headers[0] : 58;
	for (size_t i = 0; i < n; i++) {
		memset(p + 40 + i * 8, 0, 8);
		p[40 + i * 8] = i + 1 < n ? headers[i + 1] : 58;
	}
	p[5] = (uint8_t)(p[5] + extra);
	return len + extra;
}

static void extension_headers_are_walked(void **unused)
{
	const uint8_t list[] = {0, 60, 43, 44, 135};
	const uint8_t twice[] = {44, 44};
	uint8_t p[512], many[20];
	struct xt_ip_view v;
	size_t len = chain(p, list, 5);

	(void)unused;
	assert_true(xt_ip_parse_packet(&v, p, len));
	assert_true(v.extended && v.fragment && !v.broken);
	assert_int_equal(v.protocol, XT_PROTO_ICMP6);
	assert_int_equal(v.upper, 80);
	len = chain(p, twice, 2);
	assert_true(xt_ip_parse_packet(&v, p, len));
	assert_true(v.extended && v.fragment);
	memset(many, 60, sizeof(many));
	len = chain(p, many, sizeof(many));
	assert_true(xt_ip_parse_packet(&v, p, len));
	assert_true(v.broken);
}

static void a_chain_that_leaves_the_packet_is_broken(void **unused)
{
	const uint8_t one[] = {0};
	uint8_t p[512];
	struct xt_ip_view v;
	size_t len = chain(p, one, 1);

	(void)unused;
	for (unsigned size = 0; size < 256; size++) {
		p[41] = (uint8_t)size;
		assert_true(xt_ip_parse_packet(&v, p, len));
		assert_int_equal(v.broken, (size + 1) * 8 > len - 40);
		assert_true(v.upper <= v.len);
	}
	p[5] = 7;
	assert_true(xt_ip_parse_packet(&v, p, len));
	assert_true(v.broken);
}

/* RFC 6040, figure 4; rows inner, columns outer: Not-ECT, ECT(1), ECT(0), CE; 9: the mark is
 * lost. */
static void ecn_is_merged_by_the_table_of_rfc_6040(void **unused)
{
	static const uint8_t want[4][4] = {{0, 0, 0, 9}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
	uint8_t p[64];
	struct xt_ip_view v;

	(void)unused;
	for (uint8_t inner = 0; inner < 4; inner++) {
		for (uint8_t outer = 0; outer < 4; outer++) {
			size_t len = request4(p, 1, 2, 4);

			p[1] = (uint8_t)(0xb8 | inner);
			slow_seal4(p);
			assert_true(xt_ip_parse_packet(&v, p, len));
			assert_int_equal(xt_ip_merge_ecn(&v, outer), want[inner][outer] != 9);
			assert_int_equal(p[1], 0xb8 | want[inner][outer] % 9);
			assert_true(slow_right(p, len));
			len = request6(p, 1, 2, 4);
			p[0] = 0x6b;
			p[1] = (uint8_t)(0x8a | inner << 4);
			assert_true(xt_ip_parse_packet(&v, p, len));
			assert_int_equal(v.ecn, inner);
			assert_int_equal(xt_ip_merge_ecn(&v, outer), want[inner][outer] != 9);
			assert_int_equal(p[1], 0x8a | want[inner][outer] % 9 << 4);
			assert_int_equal(p[0], 0x6b);
		}
	}
}

static void the_outer_header_carries_the_inner_ecn(void **unused)
{
	uint8_t p[64];
	struct xt_ip_view v;
	size_t len = request4(p, 1, 2, 4);

	(void)unused;
	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		p[1] = ecn;
		assert_true(xt_ip_parse_packet(&v, p, len));
		assert_int_equal(xt_ip_outer_ecn(&v), ecn);
	}
}

static void swapping_keeps_checksums_right(void **unused)
{
	uint8_t p[64];
	struct xt_ip_view v;
	size_t len = request4(p, 1, 2, 4);

	(void)unused;
	assert_true(xt_ip_parse_packet(&v, p, len));
	xt_ip_swap(&v);
	assert_true(p[15] == 2 && p[19] == 1 && slow_right(p, len));
	assert_true(xt_ip_header_right(&v));
	p[8] ^= 1;
	assert_false(xt_ip_header_right(&v));
	xt_ip_header_seal(&v);
	assert_true(slow_right(p, len));
}

TEST_MAIN(cmocka_unit_test(headers_of_an_ipv4_packet_are_read),
	  cmocka_unit_test(headers_of_an_ipv6_packet_are_read),
	  cmocka_unit_test(bytes_behind_the_packet_are_not_its_own),
	  cmocka_unit_test(a_packet_cut_at_any_length_is_refused),
	  cmocka_unit_test(impossible_headers_are_refused),
	  cmocka_unit_test(fragments_of_both_versions_are_known),
	  cmocka_unit_test(extension_headers_are_walked),
	  cmocka_unit_test(a_chain_that_leaves_the_packet_is_broken),
	  cmocka_unit_test(ecn_is_merged_by_the_table_of_rfc_6040),
	  cmocka_unit_test(the_outer_header_carries_the_inner_ecn),
	  cmocka_unit_test(swapping_keeps_checksums_right))
