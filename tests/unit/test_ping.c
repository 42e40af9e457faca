/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Echo requests and replies of `xtunnel ping`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "packet/echo.h"
#include "packet/ping.h"
#include "packets.h"
#include "test_main.h"

#define COOKIE UINT64_C(0x0123456789abcdef)

static uint8_t p[66000];
static const struct xt_ip a4 = {4, {10, 7, 0, 1}}, b4 = {4, {10, 7, 0, 2}};
static const struct xt_ip a6 = {6, {0xfd, 7, [15] = 1}}, b6 = {6, {0xfd, 7, [15] = 2}};

static void a_request_of_any_size_is_answered_and_recognised(void **unused)
{
	(void)unused;
	for (int six = 0; six < 2; six++) {
		const struct xt_ip *src = six ? &a6 : &a4, *dst = six ? &b6 : &b4;
		uint32_t max = six ? XT_PING6_MAX : XT_PING4_MAX;

		for (uint32_t size = 0; size <= max; size += size < 40 || size == max ? 1 : 997) {
			uint32_t len = (uint32_t)xt_ping_build(p, src, dst, 7, 9, COOKIE, size);
			struct xt_ping_reply r;

			assert_int_equal(len, xt_ping_len(src->family, size));
			assert_true(slow_right(p, len));
			assert_false(xt_ping_read(&r, p, len));
			assert_int_equal(xt_echo_answer(p, &len), XT_REFLECTION_ANSWERED);
			assert_true(xt_ping_read(&r, p, len));
			assert_true(xt_ping_matches(&r, src, dst, 7, 9, COOKIE, size));
			assert_int_equal(r.ttl, 64);
			assert_false(xt_ping_matches(&r, dst, src, 7, 9, COOKIE, size));
			assert_false(xt_ping_matches(&r, src, dst, 8, 9, COOKIE, size));
			assert_false(xt_ping_matches(&r, src, dst, 7, 8, COOKIE, size));
			assert_false(xt_ping_matches(&r, src, dst, 7, 9, COOKIE, size + 1));
			assert_int_equal(xt_ping_matches(&r, src, dst, 7, 9, COOKIE ^ 1, size),
					 size < 8);
			if (size)
				assert_false(xt_ping_matches(&r, src, dst, 7, 9,
							     COOKIE ^ (UINT64_C(1) << 63), size));
		}
	}
}

static void impossible_requests_are_refused(void **unused)
{
	const struct xt_ip none = {0};

	(void)unused;
	assert_int_equal(xt_ping_build(p, &a4, &b6, 1, 1, 1, 8), 0);
	assert_int_equal(xt_ping_build(p, &none, &none, 1, 1, 1, 8), 0);
	assert_int_equal(xt_ping_build(p, &a4, &b4, 1, 1, 1, XT_PING4_MAX + 1), 0);
	assert_int_equal(xt_ping_build(p, &a6, &b6, 1, 1, 1, XT_PING6_MAX + 1), 0);
}

static void a_damaged_reply_is_not_read(void **unused)
{
	(void)unused;
	for (int six = 0; six < 2; six++) {
		uint32_t len =
		    (uint32_t)xt_ping_build(p, six ? &a6 : &a4, six ? &b6 : &b4, 1, 1, 1, 9);
		struct xt_ping_reply r;

		assert_int_equal(xt_echo_answer(p, &len), XT_REFLECTION_ANSWERED);
		for (uint32_t n = 0; n < len; n++) {
			assert_false(xt_ping_read(&r, p, n));
			for (int bit = 0; bit < 8; bit++) {
				/* Of IPv6's header the checksum covers addresses, length and
				 * protocol. */
				bool covered = !six || n >= 8 || n == 4 || n == 5 || n == 6;

				p[n] ^= (uint8_t)(1 << bit);
				if (covered)
					assert_false(xt_ping_read(&r, p, len));
				p[n] ^= (uint8_t)(1 << bit);
			}
		}
		assert_true(xt_ping_read(&r, p, len));
	}
}

static void a_reply_with_a_code_is_not_read(void **unused)
{
	struct xt_ping_reply r;
	uint32_t len = (uint32_t)xt_ping_build(p, &a4, &b4, 1, 1, 1, 9);

	(void)unused;
	assert_int_equal(xt_echo_answer(p, &len), XT_REFLECTION_ANSWERED);
	p[21] = 1;
	slow_seal_icmp(p, 20, len);
	assert_false(xt_ping_read(&r, p, len));
}

TEST_MAIN(cmocka_unit_test(a_request_of_any_size_is_answered_and_recognised),
	  cmocka_unit_test(impossible_requests_are_refused),
	  cmocka_unit_test(a_damaged_reply_is_not_read),
	  cmocka_unit_test(a_reply_with_a_code_is_not_read))
