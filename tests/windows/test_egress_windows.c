/* SPDX-License-Identifier: MIT */
/* layers: base */
/* The way of datagrams out of a Windows host, beside the tunnel, over a network configuration in
 * memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net_fake.h"
#include "platform/windows/egress_windows.h"
#include "platform/windows/names_windows.h"
#include "test_main.h"

static struct xt_egress_cache *cache;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	return xt_egress_cache_new(&cache);
}

static int teardown(void **state)
{
	(void)state;
	xt_egress_cache_free(cache);
	xt_names_remove("wg0");
	return 0;
}

static struct xt_path path_to(const char *remote, const char *local)
{
	struct xt_path path;

	memset(&path, 0, sizeof(path));
	path.remote.ip = fake_cidr(remote).ip;
	path.remote.port = 51820;
	if (local)
		path.local = fake_cidr(local).ip;
	return path;
}

static struct xt_egress egress_to(const char *remote, const char *local)
{
	const struct xt_path path = path_to(remote, local);

	xt_egress_expire(cache);
	return xt_egress_find(cache, FAKE_TUNNEL, &path);
}

static void the_longest_prefix_and_the_least_metric_win(void **state)
{
	(void)state;
	assert_int_equal(egress_to("198.51.100.1", NULL).link, FAKE_ETHERNET);
	assert_int_equal(egress_to("198.51.100.1", NULL).gateway.family, 4);
	assert_int_equal(egress_to("10.20.1.1", NULL).link, FAKE_WLAN);
	assert_int_equal(egress_to("10.20.1.1", NULL).gateway.family, 0);
	/* the sum of both metrics counts */
	fake.routes[0].metric = 26;
	assert_int_equal(egress_to("198.51.100.1", NULL).link, FAKE_WLAN);
	fake.routes[0].metric = 24;
	assert_int_equal(egress_to("198.51.100.1", NULL).link, FAKE_ETHERNET);
	/* an interface that is down has no routes */
	fake.interfaces[0].v[0].up = false;
	assert_int_equal(egress_to("198.51.100.1", NULL).link, FAKE_WLAN);
	fake.interfaces[1].v[0].up = false;
	assert_int_equal(egress_to("198.51.100.1", NULL).link, 0);
	assert_int_equal(egress_to("2001:db8::1", NULL).link, FAKE_ETHERNET);
}

static void datagrams_never_enter_the_tunnel(void **state)
{
	(void)state;
	assert_false(egress_to("198.51.100.1", NULL).captive);
	fake_route_put("0.0.0.0/0", NULL, FAKE_TUNNEL, 0);
	assert_int_equal(egress_to("198.51.100.1", NULL).link, FAKE_ETHERNET);
	assert_true(egress_to("198.51.100.1", NULL).captive); /* its metric is the least */
	fake.interfaces[2].v[0].metric = 30;
	assert_false(egress_to("198.51.100.1", NULL).captive);
	assert_false(egress_to("10.20.1.1", NULL).captive);
	/* a network of the tunnel that the endpoint is in */
	fake_route_put("203.0.113.0/24", NULL, FAKE_TUNNEL, 0);
	assert_true(egress_to("203.0.113.9", NULL).captive);
	assert_int_equal(egress_to("203.0.113.9", NULL).link, FAKE_ETHERNET);
}

static void another_tunnel_of_this_process_is_none_either(void **state)
{
	const struct xt_path path = path_to("203.0.113.9", NULL);

	(void)state;
	fake_route_put("203.0.113.0/24", NULL, FAKE_TUNNEL, 0);
	assert_int_equal(xt_egress_find(cache, 0, &path).link, FAKE_TUNNEL);
	assert_int_equal(xt_names_add("wg0", FAKE_TUNNEL), 0);
	xt_egress_expire(cache);
	assert_int_equal(xt_egress_find(cache, 0, &path).link, FAKE_ETHERNET);
}

static void a_pin_holds_on_the_link_that_has_the_address(void **state)
{
	(void)state;
	assert_true(egress_to("198.51.100.1", "192.168.1.20").pin);
	assert_false(egress_to("198.51.100.1", "10.20.0.7").pin);
	assert_true(egress_to("10.20.1.1", "10.20.0.7").pin);
	assert_false(egress_to("198.51.100.1", "192.168.1.21").pin);
	assert_false(egress_to("198.51.100.1", NULL).pin);
	assert_true(egress_to("2001:db8::1", "2001:db8:1::20").pin);
	fake.addresses[0].usable = false;
	assert_false(egress_to("198.51.100.1", "192.168.1.20").pin);
}

static void the_socket_is_pinned_while_the_tunnel_has_a_default_route(void **state)
{
	static const char *const halves[] = {"0.0.0.0/1", "0.0.0.0/0", "128.0.0.0/1"};

	(void)state;
	assert_int_equal(xt_egress_default(cache, FAKE_TUNNEL, 4), 0);
	for (size_t i = 0; i < XT_LEN(halves); i++) {
		size_t n = fake.n_routes;

		fake_route_put(halves[i], NULL, FAKE_TUNNEL, 0);
		xt_egress_expire(cache);
		assert_int_equal(xt_egress_default(cache, FAKE_TUNNEL, 4), FAKE_ETHERNET);
		assert_int_equal(xt_egress_default(cache, FAKE_TUNNEL, 6), 0);
		fake.n_routes = n;
	}
	fake_route_put("::/0", NULL, FAKE_TUNNEL, 0);
	xt_egress_expire(cache);
	assert_int_equal(xt_egress_default(cache, FAKE_TUNNEL, 4), 0);
	assert_int_equal(xt_egress_default(cache, FAKE_TUNNEL, 6), FAKE_ETHERNET);
	fake_route_put("0.0.0.0/0", NULL, FAKE_TUNNEL, 0);
	fake.routes[0].network = fake_cidr("172.16.0.0/12");
	xt_egress_expire(cache);
	assert_int_equal(xt_egress_default(cache, FAKE_TUNNEL, 4), FAKE_WLAN);
}

static void results_last_until_they_expire(void **state)
{
	const struct xt_path path = path_to("198.51.100.1", NULL);

	(void)state;
	assert_int_equal(xt_egress_find(cache, FAKE_TUNNEL, &path).link, FAKE_ETHERNET);
	fake.routes[0].metric = 100;
	assert_int_equal(xt_egress_find(cache, FAKE_TUNNEL, &path).link, FAKE_ETHERNET);
	xt_egress_expire(cache);
	assert_int_equal(xt_egress_find(cache, FAKE_TUNNEL, &path).link, FAKE_WLAN);
}

static void a_way_differs_by_link_source_gateway_and_return(void **state)
{
	const struct xt_path path = path_to("198.51.100.1", NULL);
	uint64_t way = xt_egress_way(cache, FAKE_TUNNEL, &path), other;

	(void)state;
	assert_true(way > XT_WAY_NONE);
	xt_egress_expire(cache);
	assert_true(xt_egress_way(cache, FAKE_TUNNEL, &path) == way);
	fake.routes[0].gateway = fake_cidr("192.168.1.2").ip;
	xt_egress_expire(cache);
	other = xt_egress_way(cache, FAKE_TUNNEL, &path);
	assert_true(other != way);
	way = other;
	fake.addresses[0].cidr = fake_cidr("192.168.1.99/24");
	xt_egress_expire(cache);
	other = xt_egress_way(cache, FAKE_TUNNEL, &path);
	assert_true(other != way);
	xt_egress_link_returned(cache, FAKE_ETHERNET);
	assert_true(xt_egress_way(cache, FAKE_TUNNEL, &path) != other);
	fake.n_routes = 0;
	xt_egress_expire(cache);
	assert_true(xt_egress_way(cache, FAKE_TUNNEL, &path) == XT_WAY_NONE);
}

TEST_MAIN(
    cmocka_unit_test_setup_teardown(the_longest_prefix_and_the_least_metric_win, setup, teardown),
    cmocka_unit_test_setup_teardown(datagrams_never_enter_the_tunnel, setup, teardown),
    cmocka_unit_test_setup_teardown(another_tunnel_of_this_process_is_none_either, setup, teardown),
    cmocka_unit_test_setup_teardown(a_pin_holds_on_the_link_that_has_the_address, setup, teardown),
    cmocka_unit_test_setup_teardown(the_socket_is_pinned_while_the_tunnel_has_a_default_route,
				    setup, teardown),
    cmocka_unit_test_setup_teardown(results_last_until_they_expire, setup, teardown),
    cmocka_unit_test_setup_teardown(a_way_differs_by_link_source_gateway_and_return, setup,
				    teardown))
