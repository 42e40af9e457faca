/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* The choice of an inner address for a new peer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "config/address_pool.h"
#include "test_main.h"

#define USED_MAX 16

/* The next address of a network, where used, up to NULL, is in use. */
static int next(char text[XT_CIDR_TEXT], const char *address, const char *const *used)
{
	struct xt_cidr hub, v[USED_MAX], out = {0};
	size_t n = 0;
	int rc;

	assert_int_equal(xt_cidr_parse(&hub, address), 0);
	for (; used[n]; n++)
		assert_int_equal(xt_cidr_parse(&v[n], used[n]), 0);
	rc = xt_address_pool_next(&out, &hub, v, n);
	if (rc == 0)
		xt_cidr_print(&out, text);
	return rc;
}

#define NEXT(address, expected, ...)                                                               \
	do {                                                                                       \
		const char *const used[] = {__VA_ARGS__, NULL};                                    \
		char text[XT_CIDR_TEXT];                                                           \
		assert_int_equal(next(text, address, used), 0);                                    \
		assert_string_equal(text, expected);                                               \
	} while (0)
#define FULL(address, ...)                                                                         \
	do {                                                                                       \
		const char *const used[] = {__VA_ARGS__, NULL};                                    \
		char text[XT_CIDR_TEXT];                                                           \
		assert_int_equal(next(text, address, used), XT_E_FULL);                            \
	} while (0)

static void the_lowest_free_address_is_next(void **state)
{
	(void)state;
	NEXT("10.7.0.1/24", "10.7.0.2/24", "10.8.0.2/32");
	NEXT("10.7.0.1/24", "10.7.0.3/24", "10.7.0.2/32");
	NEXT("10.7.0.1/24", "10.7.0.3/24", "10.7.0.4/32", "10.7.0.2/32");
	NEXT("10.7.0.9/24", "10.7.0.1/24", "10.7.0.2/32");
	NEXT("10.7.0.2/24", "10.7.0.3/24", "10.7.0.1/32");
	NEXT("10.0.0.1/8", "10.0.1.0/8", "10.0.0.0/24");
	NEXT("fd07::1/64", "fd07::2/64", "fd08::2/128");
	NEXT("fd07::1/64", "fd07::4/64", "fd07::3/128", "fd07::2/128");
}

static void a_network_of_a_peer_is_passed_over(void **state)
{
	(void)state;
	NEXT("10.7.0.1/24", "10.7.0.32/24", "10.7.0.0/27");
	NEXT("10.7.0.1/24", "10.7.0.64/24", "10.7.0.0/27", "10.7.0.32/27", "10.7.0.8/32");
	NEXT("10.7.0.1/24", "10.7.0.2/24", "10.7.0.16/28");
	NEXT("fd07::1/64", "fd07::1:0/64", "fd07::/112");
}

static void a_wider_network_is_a_route_and_not_in_the_way(void **state)
{
	(void)state;
	NEXT("10.7.0.1/24", "10.7.0.2/24", "0.0.0.0/0", "10.0.0.0/8");
	NEXT("fd07::1/64", "fd07::2/64", "::/0");
	FULL("10.7.0.1/24", "10.7.0.0/24");
}

static void network_and_broadcast_are_left_out(void **state)
{
	(void)state;
	NEXT("10.7.0.5/30", "10.7.0.6/30", "10.9.0.0/32");
	FULL("10.7.0.5/30", "10.7.0.6/32");
	FULL("10.7.0.1/29", "10.7.0.2/32", "10.7.0.3/32", "10.7.0.4/31", "10.7.0.6/32");
	NEXT("fd07::1/126", "fd07::2/126", "10.9.0.0/32");
	NEXT("fd07::1/126", "fd07::3/126", "fd07::2/128");
	FULL("fd07::1/126", "fd07::2/128", "fd07::3/128");
}

static void a_network_of_two_has_neither(void **state)
{
	(void)state;
	NEXT("10.7.0.1/31", "10.7.0.0/31", "10.9.0.0/32");
	NEXT("10.7.0.0/31", "10.7.0.1/31", "10.9.0.0/32");
	NEXT("fd07::1/127", "fd07::/127", "10.9.0.0/32");
	FULL("10.7.0.0/31", "10.7.0.1/32");
}

static void a_single_address_has_no_room(void **state)
{
	(void)state;
	FULL("10.7.0.1/32", "10.9.0.0/32");
	FULL("fd07::1/128", "10.9.0.0/32");
}

static void the_end_of_all_addresses_is_no_overflow(void **state)
{
	(void)state;
	FULL("255.255.255.253/30", "255.255.255.254/31");
	FULL("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffd/126",
	     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");
}

/* Against a count by hand: a /22 that fills up, in any order of what is used. */
static void a_network_fills_without_a_gap(void **state)
{
	struct xt_cidr hub, *v = calloc(1024, sizeof(*v));
	bool seen[1024] = {false};
	size_t n = 0;
	(void)state;

	assert_non_null(v);
	assert_int_equal(xt_cidr_parse(&hub, "10.7.2.0/22"), 0);
	while (xt_address_pool_next(&v[n], &hub, v, n) == 0) {
		size_t number = (size_t)(v[n].ip.b[2] & 3) * 256 + v[n].ip.b[3];

		assert_false(seen[number]);
		seen[number] = true;
		assert_int_equal(v[n].bits, 22);
		v[n].bits = 32;
		n++;
		if (n % 7 == 0) { /* the order does not count */
			struct xt_cidr first = v[0];

			v[0] = v[n - 1];
			v[n - 1] = first;
		}
	}
	assert_int_equal(n, 1024 - 3);
	assert_false(seen[0] || seen[512] || seen[1023]);
	free(v);
}

TEST_MAIN(cmocka_unit_test(the_lowest_free_address_is_next),
	  cmocka_unit_test(a_network_of_a_peer_is_passed_over),
	  cmocka_unit_test(a_wider_network_is_a_route_and_not_in_the_way),
	  cmocka_unit_test(network_and_broadcast_are_left_out),
	  cmocka_unit_test(a_network_of_two_has_neither),
	  cmocka_unit_test(a_single_address_has_no_room),
	  cmocka_unit_test(the_end_of_all_addresses_is_no_overflow),
	  cmocka_unit_test(a_network_fills_without_a_gap))
