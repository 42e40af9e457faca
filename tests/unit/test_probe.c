/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Requests of probes and what may answer them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/echo.h"
#include "packet/ping.h"
#include "packet/probe.h"
#include "packet/transport.h"
#include "test_main.h"

#define TOKEN UINT32_C(0x89abcdef)

static const struct xt_ip a4 = {4, {10, 0, 0, 1}}, b4 = {4, {10, 0, 0, 2}};
static const struct xt_ip a6 = {6, {0xfd, [15] = 1}}, b6 = {6, {0xfd, [15] = 2}};

static struct xt_ip_view built(uint8_t *out, enum xt_probe_kind kind, bool v6)
{
	size_t len = xt_probe_build(out, kind, v6 ? &a6 : &a4, v6 ? &b6 : &b4, TOKEN);
	struct xt_ip_view view;

	assert_in_range(len, 40, XT_PROBE_MAX);
	assert_true(xt_ip_parse_packet(&view, out, len));
	assert_int_equal(view.len, len);
	assert_true(xt_ip_header_right(&view));
	return view;
}

/* The answer to a packet in place: addresses swapped. */
static bool reads(struct xt_ip_view *view, uint32_t *token)
{
	xt_ip_swap(view);
	return xt_probe_read(view, token);
}

static void an_echo_request_is_small_and_its_reply_has_the_token(void **state)
{
	uint8_t out[XT_PROBE_MAX];
	uint32_t token = 0;

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct xt_ip_view view = built(out, XT_PROBE_ECHO, v6);

		assert_int_equal(view.len, v6 ? 52 : 48);
		assert_false(xt_probe_read(&view, &token)); /* a request is no answer */
		assert_true(xt_echo_right(&view));
		out[view.upper] = v6 ? 129 : 0;
		assert_true(reads(&view, &token));
		assert_int_equal(token, TOKEN);
	}
}

static void an_ack_of_no_connection_is_reset_with_the_token(void **state)
{
	uint8_t out[XT_PROBE_MAX], *tcp;
	uint32_t token = 0;

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct xt_ip_view view = built(out, XT_PROBE_TCP, v6);
		const struct xt_ip *src = v6 ? &a6 : &a4, *dst = v6 ? &b6 : &b4;
		uint64_t sum =
		    xt_checksum_pseudo(view.version, src->b, dst->b, XT_PROTO_TCP, XT_TCP_HEADER);

		tcp = out + view.upper;
		assert_int_equal(view.len - view.upper, XT_TCP_HEADER);
		assert_true(xt_tcp_bare_ack(tcp, XT_TCP_HEADER));
		assert_int_equal(xt_checksum_finish(xt_checksum_add(sum, tcp, XT_TCP_HEADER)), 0);
		assert_false(xt_probe_read(&view, &token));
		/* RFC 9293 3.10.7.1: the sequence number is that which was acknowledged */
		xt_be16_put(tcp + 2, xt_be16_get(tcp));
		xt_be16_put(tcp, 1);
		xt_be32_put(tcp + 4, xt_be32_get(tcp + 8));
		assert_false(reads(&view, &token));
		tcp[XT_TCP_FLAGS] = XT_TCP_RST;
		assert_true(reads(&view, &token));
		assert_int_equal(token, TOKEN);
		xt_be16_put(tcp, 80); /* a reset of a connection of the host */
		assert_false(reads(&view, &token));
	}
}

static void an_unknown_option_is_quoted_with_the_token(void **state)
{
	uint8_t out[XT_PROBE_MAX], error[XT_IP6_HEADER + 8 + XT_PROBE_MAX];
	struct xt_ip_view view = built(out, XT_PROBE_HOP, true), answer;
	uint32_t token = 0, quoted = view.len;

	(void)state;
	assert_int_equal(view.len, 56);
	assert_int_equal(out[6], XT_PROTO_HOPOPTS);
	assert_int_equal(out[42] >> 6, 3); /* discard, and send a parameter problem */
	assert_int_equal(view.protocol, XT_PROTO_ICMP6);
	assert_int_equal(xt_probe_build(out, XT_PROBE_HOP, &a4, &b4, TOKEN), 0);
	memset(error, 0, sizeof(error));
	xt_ip_header_put(error, &b6, &a6, XT_PROTO_ICMP6, 8 + quoted);
	error[40] = 4;
	error[41] = 2;
	memcpy(error + 48, out, quoted);
	assert_true(xt_ip_parse_packet(&answer, error, 48 + quoted));
	assert_true(xt_probe_read(&answer, &token));
	assert_int_equal(token, TOKEN);
	error[41] = 1;
	assert_false(xt_probe_read(&answer, &token));
	error[41] = 2;
	error[5] = 8 + 47; /* the quotation ends before the option does */
	assert_true(xt_ip_parse_packet(&answer, error, 40 + 8 + 47));
	assert_false(xt_probe_read(&answer, &token));
}

static void families_that_differ_are_refused(void **state)
{
	uint8_t out[XT_PROBE_MAX];
	const struct xt_ip none = {0};

	(void)state;
	assert_int_equal(xt_probe_build(out, XT_PROBE_ECHO, &a4, &b6, TOKEN), 0);
	assert_int_equal(xt_probe_build(out, XT_PROBE_TCP, &none, &none, TOKEN), 0);
}

/* Cut at every length: nothing outside of the packet is read (asan). */
static void short_packets_are_no_answer(void **state)
{
	uint32_t token;

	(void)state;
	for (size_t len = 20; len < 28; len++) {
		uint8_t packet[28] = {0x45, 0, 0, (uint8_t)len, [8] = 64, [9] = XT_PROTO_ICMP};
		struct xt_ip_view view;

		assert_true(xt_ip_parse_packet(&view, packet, len));
		assert_false(xt_probe_read(&view, &token));
		packet[9] = XT_PROTO_TCP;
		assert_true(xt_ip_parse_packet(&view, packet, len));
		assert_false(xt_probe_read(&view, &token));
	}
}

TEST_MAIN(cmocka_unit_test(an_echo_request_is_small_and_its_reply_has_the_token),
	  cmocka_unit_test(an_ack_of_no_connection_is_reset_with_the_token),
	  cmocka_unit_test(an_unknown_option_is_quoted_with_the_token),
	  cmocka_unit_test(families_that_differ_are_refused),
	  cmocka_unit_test(short_packets_are_no_answer))
