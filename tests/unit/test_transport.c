/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* TCP headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "packet/transport.h"
#include "test_main.h"

static uint8_t tcp[60];

static void begin(unsigned header, uint8_t flags)
{
	memset(tcp, 0, sizeof(tcp));
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[XT_TCP_FLAGS] = flags;
}

static void a_header_lies_inside_its_segment(void **state)
{
	(void)state;
	for (unsigned header = 0; header <= 60; header += 4) {
		begin(header, 0);
		for (unsigned len = 0; len <= 60; len++)
			assert_int_equal(xt_tcp_header(tcp, len),
					 header >= 20 && header <= len ? header : 0);
	}
}

static void a_bare_acknowledgement_says_nothing_else(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		bool ack = (flags & ~(unsigned)(XT_TCP_ECE | XT_TCP_CWR)) == XT_TCP_ACK;

		for (unsigned header = 20; header <= 40; header += 4) {
			begin(header, (uint8_t)flags);
			assert_int_equal(xt_tcp_bare_ack(tcp, header), ack);
			assert_false(xt_tcp_bare_ack(tcp, header + 1));
			assert_false(xt_tcp_bare_ack(tcp, header - 1));
		}
	}
	begin(16, XT_TCP_ACK);
	assert_false(xt_tcp_bare_ack(tcp, 16));
	assert_false(xt_tcp_bare_ack(tcp, 0));
}

TEST_MAIN(cmocka_unit_test(a_header_lies_inside_its_segment),
	  cmocka_unit_test(a_bare_acknowledgement_says_nothing_else))
