/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* The headers that a capture puts before a payload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "packet/checksum.h"
#include "packet/envelope.h"
#include "packet/ip.h"
#include "test_main.h"

static const struct xt_endpoint a4 = {.ip = {4, {198, 18, 0, 1}}, .port = 51801};
static const struct xt_endpoint b4 = {.ip = {4, {198, 18, 0, 2}}, .port = 443};
static const struct xt_endpoint a6 = {.ip = {6, {0xfd, 0x18, [15] = 1}}, .port = 51801};
static const struct xt_endpoint b6 = {.ip = {6, {0xfd, 0x18, [15] = 2}}, .port = 443};

/* Header and payload in one. */
static size_t packet_make(uint8_t *out, const struct xt_endpoint *from,
			  const struct xt_endpoint *to, uint8_t tos, bool df, uint32_t len)
{
	static uint8_t payload[65535];
	uint8_t head[XT_ENVELOPE_MAX];
	size_t n;

	for (uint32_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(i * 7 + len);
	n = xt_envelope_put(head, from, to, tos, df, payload, len);
	memcpy(out, head, n);
	memcpy(out + n, payload, len);
	return n ? n + len : 0;
}

static void headers_are_those_of_a_datagram(void **state)
{
	static uint8_t packet[66000];
	struct xt_ip_view ip;

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		for (uint32_t len = 0; len < 1600; len += 1 + len / 3) {
			const struct xt_endpoint *from = v6 ? &a6 : &a4, *to = v6 ? &b6 : &b4;
			size_t n = packet_make(packet, from, to, 0xba, len % 2, len);
			uint64_t sum;

			assert_int_equal(n, (v6 ? 48 : 28) + len);
			assert_true(xt_ip_parse_packet(&ip, packet, n));
			assert_int_equal(ip.len, n);
			assert_int_equal(ip.protocol, XT_PROTO_UDP);
			assert_int_equal(ip.ecn, 2);
			assert_int_equal(ip.dscp, 0xba >> 2);
			assert_memory_equal(ip.src, from->ip.b, v6 ? 16 : 4);
			assert_memory_equal(ip.dst, to->ip.b, v6 ? 16 : 4);
			assert_true(xt_ip_header_right(&ip));
			if (!v6)
				assert_int_equal(ip.dont_fragment, len % 2);
			assert_int_equal(packet[ip.upper] << 8 | packet[ip.upper + 1], 51801);
			assert_int_equal(packet[ip.upper + 2] << 8 | packet[ip.upper + 3], 443);
			assert_int_equal(packet[ip.upper + 4] << 8 | packet[ip.upper + 5], 8 + len);
			sum = xt_checksum_pseudo(ip.version, ip.src, ip.dst, XT_PROTO_UDP, 8 + len);
			sum = xt_checksum_add(sum, packet + ip.upper, 8 + len);
			assert_int_equal(xt_checksum_finish(sum), 0);
			assert_true(packet[ip.upper + 6] || packet[ip.upper + 7]);
		}
	}
}

static void what_fits_no_packet_has_no_headers(void **state)
{
	static uint8_t packet[66000];
	const struct xt_endpoint none = {0};
	struct xt_ip_view ip;

	(void)state;
	assert_int_equal(packet_make(packet, &a4, &b6, 0, false, 10), 0);
	assert_int_equal(packet_make(packet, &a6, &b4, 0, false, 10), 0);
	assert_int_equal(packet_make(packet, &a6, &none, 0, false, 10), 0);
	assert_int_equal(packet_make(packet, &none, &none, 0, false, 10), 0);
	assert_int_equal(packet_make(packet, &a4, &b4, 0, false, 65535 - 28), 65535);
	assert_int_equal(packet_make(packet, &a4, &b4, 0, false, 65535 - 27), 0);
	assert_int_equal(packet_make(packet, &a6, &b6, 0, false, 65535 - 8), 65535 + 40);
	assert_int_equal(packet_make(packet, &a6, &b6, 0, false, 65535 - 7), 0);
	/* A source that is not known is the unspecified address. */
	assert_int_equal(packet_make(packet, &none, &b4, 0, false, 10), 38);
	assert_true(xt_ip_parse_packet(&ip, packet, 38));
	assert_memory_equal(ip.src, "\0\0\0\0", 4);
}

TEST_MAIN(cmocka_unit_test(headers_are_those_of_a_datagram),
	  cmocka_unit_test(what_fits_no_packet_has_no_headers))
