/* SPDX-License-Identifier: MIT */
/* layers: base */
/* The link on Windows over a network configuration in memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "net_fake.h"
#include "platform/link.h"
#include "platform/windows/names_windows.h"
#include "test_main.h"

#define DUMP 8192

static char error[256];

static int setup(void **state)
{
	(void)state;
	fake_reset();
	error[0] = '\0';
	return 0;
}

/* A plan of addresses and networks given as texts; a peer follows its address as "A/32>B". */
struct plan {
	struct xt_link_plan plan;
	struct xt_link_address addresses[8];
	struct xt_cidr networks[8];
};

static void plan_add(struct plan *plan, const char *address, const char *network)
{
	if (address)
		plan->addresses[plan->plan.n_addresses++].cidr = fake_cidr(address);
	if (network)
		plan->networks[plan->plan.n_networks++] = fake_cidr(network);
	plan->plan.addresses = plan->addresses;
	plan->plan.networks = plan->networks;
}

static void plan_init(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	snprintf(plan->plan.name, sizeof(plan->plan.name), "wg0");
	plan->plan.routes = true;
	plan->plan.mtu = 1420;
}

static void plan_split(struct plan *plan)
{
	plan_init(plan);
	plan_add(plan, "10.7.0.1/24", "10.7.0.0/24");
	plan_add(plan, "fd07::1/64", "10.0.0.0/8");
	plan_add(plan, NULL, "10.9.0.0/16");
	plan_add(plan, NULL, "10.9.1.5/16"); /* the same network */
	plan_add(plan, NULL, "fd08::/48");
}

static void plan_full(struct plan *plan)
{
	plan_init(plan);
	plan_add(plan, "10.7.0.2/24", "0.0.0.0/0");
	plan_add(plan, "fd07::1/64", "::/0");
	plan_add(plan, NULL, "10.9.0.0/16");
	plan->plan.policy = (struct xt_link_policy){.table = 51820, .priority = {1, 1}};
}

static int plan_set(struct xt_link **link, const struct plan *plan)
{
	fake.log[0] = '\0';
	fake.changes = 0;
	return xt_link_set(link, &plan->plan, error, sizeof(error));
}

static void steps_are_made_in_order_and_undone_in_reverse(void **state)
{
	char before[DUMP], after[DUMP];
	struct xt_link *link;
	struct plan plan;

	(void)state;
	plan_split(&plan);
	fake_dump(before, sizeof(before));
	assert_int_equal(plan_set(&link, &plan), 0);
	assert_string_equal(fake.log, "set IPv4 mtu 1420 metric 5 automatic\n"
				      "set IPv6 mtu 1420 metric 5 automatic\n"
				      "address 10.7.0.1/24 7\n"
				      "address fd07::1/64 7\n"
				      "route fd08::/48 7\n"
				      "route 10.9.0.0/16 7\n"
				      "route 10.0.0.0/8 7\n");
	assert_int_equal(xt_link_mtu(link), 1420);
	fake.log[0] = '\0';
	xt_link_undo(link);
	assert_string_equal(fake.log, "no route 10.0.0.0/8 7\n"
				      "no route 10.9.0.0/16 7\n"
				      "no route fd08::/48 7\n"
				      "no address fd07::1/64 7\n"
				      "no address 10.7.0.1/24 7\n"
				      "set IPv4 mtu 65535 metric 5 automatic\n"
				      "set IPv6 mtu 65535 metric 5 automatic\n");
	fake_dump(after, sizeof(after));
	assert_string_equal(after, before);
}

/* Windows adds IPv4 and IPv6 to an adapter a moment after it was made. */
static void families_that_come_late_are_waited_for(void **state)
{
	struct xt_link *link;
	struct plan plan;

	(void)state;
	fake.interfaces[2].family[0] = fake.interfaces[2].family[1] = false;
	fake.late = true;
	plan_split(&plan);
	assert_int_equal(plan_set(&link, &plan), 0);
	xt_link_undo(link);
	fake.interfaces[2].family[1] = false;
	assert_false(xt_link_ipv6_off("wg0"));
}

static void a_default_route_takes_the_least_metric(void **state)
{
	struct xt_link *link;
	struct plan plan;

	(void)state;
	plan_full(&plan);
	assert_int_equal(plan_set(&link, &plan), 0);
	assert_string_equal(fake.log, "set IPv4 mtu 1420 metric 0\n"
				      "set IPv6 mtu 1420 metric 0\n"
				      "address 10.7.0.2/24 7\n"
				      "address fd07::1/64 7\n"
				      "route 10.9.0.0/16 7\n"
				      "route 0.0.0.0/0 7\n"
				      "route ::/0 7\n");
	xt_link_undo(link);
}

/* Every change of a plan fails once. */
static void a_plan_is_applied_whole_or_not_at_all(void **state)
{
	void (*const plans[])(struct plan *) = {plan_split, plan_full};

	(void)state;
	for (size_t p = 0; p < XT_LEN(plans); p++) {
		struct xt_link *link;
		struct plan plan;
		int rc = -1;

		plans[p](&plan);
		for (unsigned k = 1; rc < 0; k++) {
			char before[DUMP], after[DUMP];

			fake_reset();
			fake_dump(before, sizeof(before));
			fake.fail_at = k;
			error[0] = '\0';
			rc = plan_set(&link, &plan);
			if (rc == 0)
				break;
			assert_int_equal(rc, -EIO);
			assert_int_not_equal(error[0], '\0');
			fake_dump(after, sizeof(after));
			assert_string_equal(after, before);
			assert_true(k < 20);
		}
		xt_link_undo(link);
	}
}

static void what_is_there_already_is_neither_made_nor_removed(void **state)
{
	struct xt_link *link;
	struct plan plan;
	size_t addresses = fake.n_addresses + 1, routes = fake.n_routes + 1;

	(void)state;
	plan_init(&plan);
	plan_add(&plan, "10.7.0.1/24", "10.9.0.0/16");
	fake_address_put("10.7.0.1/24", FAKE_TUNNEL);
	fake_route_put("10.9.0.0/16", NULL, FAKE_TUNNEL, 0);
	assert_int_equal(plan_set(&link, &plan), 0);
	assert_null(strstr(fake.log, "address"));
	assert_null(strstr(fake.log, "route"));
	xt_link_undo(link);
	assert_int_equal(fake.n_addresses, addresses);
	assert_int_equal(fake.n_routes, routes);
}

static void refusals_name_what_was_refused(void **state)
{
	struct xt_link *link;
	struct plan plan;

	(void)state;
	plan_full(&plan);
	plan.plan.policy.table = 0;
	assert_int_equal(plan_set(&link, &plan), -EINVAL);
	assert_string_equal(error, "route 0.0.0.0/0: would catch the datagrams of the tunnel");
	plan_split(&plan);
	plan.plan.table = 77;
	assert_int_equal(plan_set(&link, &plan), -EOPNOTSUPP);
	assert_string_equal(error, "Table = 77: Windows has one routing table");
	plan_split(&plan);
	plan.plan.mtu = 1279;
	assert_int_equal(plan_set(&link, &plan), -EINVAL);
	assert_string_equal(error, "MTU 1279: too small for IPv6, which needs 1280");
	plan_init(&plan);
	plan_add(&plan, "10.20.0.7/32", NULL);
	assert_int_equal(plan_set(&link, &plan), -EEXIST);
	assert_string_equal(error, "address 10.20.0.7/32: another interface has it already");
	plan_split(&plan);
	snprintf(plan.plan.name, sizeof(plan.plan.name), "absent");
	assert_int_equal(plan_set(&link, &plan), -ENODEV);
	assert_non_null(strstr(error, "interface absent"));
	plan_split(&plan);
	fake.interfaces[2].family[1] = false;
	assert_int_equal(plan_set(&link, &plan), -EAFNOSUPPORT);
	assert_string_equal(error, "interface wg0: IPv6 is switched off on it");
}

static void a_lenient_plan_leaves_out_a_route(void **state)
{
	struct xt_link *link;
	struct plan plan;
	char said[80];

	(void)state;
	plan_split(&plan);
	plan.plan.lenient = true;
	fake.fail_at = 5; /* fd08::/48 */
	assert_int_equal(plan_set(&link, &plan), 0);
	snprintf(said, sizeof(said), "route fd08::/48: %s", strerror(EIO));
	assert_string_equal(error, said);
	assert_null(strstr(fake.log, "fd08"));
	assert_non_null(strstr(fake.log, "route 10.0.0.0/8"));
	xt_link_undo(link);
}

static void a_pair_is_an_address_and_a_route(void **state)
{
	struct xt_link *link;
	struct plan plan;

	(void)state;
	plan_init(&plan);
	plan_add(&plan, "10.7.0.1/30", NULL);
	plan.addresses[0].peer = fake_cidr("10.99.0.1").ip;
	assert_int_equal(plan_set(&link, &plan), 0);
	assert_non_null(strstr(fake.log, "address 10.7.0.1/32 7\nroute 10.99.0.0/30 7\n"));
	xt_link_undo(link);
	plan.addresses[0].peer = fake_cidr("fd00::1").ip;
	assert_int_equal(plan_set(&link, &plan), -EINVAL);
}

static void an_edit_adds_first_and_removes_then(void **state)
{
	char first[DUMP], after[DUMP], second[DUMP];
	struct plan split, full;
	struct xt_link_edit *edit;
	struct xt_link *link;

	(void)state;
	plan_split(&split);
	plan_full(&full);
	full.plan.mtu = 1380;
	fake_dump(first, sizeof(first));
	assert_int_equal(plan_set(&link, &full), 0);
	fake_dump(second, sizeof(second));
	xt_link_undo(link);
	assert_int_equal(plan_set(&link, &split), 0);
	fake.log[0] = '\0';
	assert_int_equal(xt_link_extend(&edit, link, &full.plan, true, error, sizeof(error)), 0);
	assert_null(strstr(fake.log, "no "));
	assert_non_null(strstr(fake.log, "mtu 1420 metric 0")); /* the larger one until then */
	assert_int_equal(xt_link_retire(edit, error, sizeof(error)), 0);
	assert_non_null(strstr(fake.log, "no address 10.7.0.1/24"));
	assert_null(strstr(fake.log, "no address fd07::1/64")); /* both plans have it */
	assert_null(strstr(fake.log, "no route 10.9.0.0/16"));
	xt_link_commit(edit);
	assert_int_equal(xt_link_mtu(link), 1380);
	fake_dump(after, sizeof(after));
	assert_string_equal(after, second);
	xt_link_undo(link);
	fake_dump(after, sizeof(after));
	assert_string_equal(after, first);
}

/* Every change of an edit fails once, in the first half or in the second. */
static void a_failed_edit_is_taken_back(void **state)
{
	struct plan split, full;
	bool done = false;

	(void)state;
	plan_split(&split);
	plan_full(&full);
	full.plan.mtu = 1380;
	for (unsigned k = 1; !done; k++) {
		char before[DUMP], after[DUMP];
		struct xt_link_edit *edit;
		struct xt_link *link;
		int rc;

		fake_reset();
		assert_int_equal(plan_set(&link, &split), 0);
		fake_dump(before, sizeof(before));
		fake.changes = 0;
		fake.fail_at = k;
		error[0] = '\0';
		rc = xt_link_extend(&edit, link, &full.plan, true, error, sizeof(error));
		if (rc == 0) {
			rc = xt_link_retire(edit, error, sizeof(error));
			done = rc == 0;
			if (done)
				xt_link_commit(edit);
			else
				xt_link_revert(edit);
		}
		if (!done) {
			assert_int_equal(rc, -EIO);
			assert_int_not_equal(error[0], '\0');
			fake_dump(after, sizeof(after));
			assert_string_equal(after, before);
		}
		fake.fail_at = 0;
		xt_link_undo(link);
		assert_true(k < 40);
	}
}

static void restore_makes_again_what_is_gone(void **state)
{
	char before[DUMP], after[DUMP];
	struct xt_link *link;
	struct plan plan;

	(void)state;
	plan_split(&plan);
	assert_int_equal(plan_set(&link, &plan), 0);
	fake_dump(before, sizeof(before));
	fake.n_routes -= 2;
	fake.n_addresses--;
	assert_int_equal(xt_link_restore(link), 0);
	fake_dump(after, sizeof(after));
	assert_string_equal(after, before);
	xt_link_undo(link);
}

static void the_mtu_follows_the_route_to_the_endpoint(void **state)
{
	const struct xt_ip wlan = fake_cidr("10.20.3.4").ip, far = fake_cidr("198.51.100.1").ip;
	struct xt_link *link;
	struct plan plan;

	(void)state;
	plan_full(&plan);
	plan.plan.mtu = 0;
	plan.plan.endpoints = &wlan;
	plan.plan.n_endpoints = 1;
	assert_int_equal(plan_set(&link, &plan), 0);
	assert_int_equal(xt_link_mtu(link), 1320);
	assert_int_equal(xt_names_add("wg0", FAKE_TUNNEL), 0);
	assert_int_equal(xt_link_mtu_for(&far, 0), 1420); /* its default route does not count */
	xt_names_remove("wg0");
	xt_link_undo(link);
	assert_int_equal(xt_link_mtu_for(&far, 1), 1420);
	assert_int_equal(xt_link_mtu_for(&wlan, 1), 1320);
	fake.n_routes = 0;
	assert_int_equal(xt_link_mtu_for(&far, 1), 1420);
}

static void the_host_is_described_without_the_tunnel(void **state)
{
	struct xt_link_connected *connected;
	struct xt_link_address *addresses;
	struct xt_endpoint to = {.ip = fake_cidr("10.20.3.4").ip, .port = 1};
	struct xt_ip source;
	uint32_t ifindex;
	size_t n;

	(void)state;
	fake_address_put("10.7.0.1/24", FAKE_TUNNEL);
	assert_int_equal(xt_link_connected("wg0", &connected, &n), 0);
	assert_int_equal(n, 4);
	assert_memory_equal(connected[0].network.ip.b, fake_cidr("192.168.1.0").ip.b, 4);
	free(connected);
	assert_int_equal(xt_link_addresses("Ethernet", &addresses, &n), 0);
	assert_int_equal(n, 2); /* without the link-local one */
	free(addresses);
	assert_true(xt_link_way(&to, 0, &source, &ifindex));
	assert_int_equal(ifindex, FAKE_WLAN);
	assert_memory_equal(source.b, fake_cidr("10.20.0.7").ip.b, 4);
	fake.n_routes = 0;
	assert_false(xt_link_way(&to, 0, &source, &ifindex));
	assert_false(xt_link_ipv6_off("wg0"));
	fake.interfaces[2].family[1] = false;
	assert_true(xt_link_ipv6_off("wg0"));
}

TEST_MAIN(cmocka_unit_test_setup(steps_are_made_in_order_and_undone_in_reverse, setup),
	  cmocka_unit_test_setup(families_that_come_late_are_waited_for, setup),
	  cmocka_unit_test_setup(a_default_route_takes_the_least_metric, setup),
	  cmocka_unit_test_setup(a_plan_is_applied_whole_or_not_at_all, setup),
	  cmocka_unit_test_setup(what_is_there_already_is_neither_made_nor_removed, setup),
	  cmocka_unit_test_setup(refusals_name_what_was_refused, setup),
	  cmocka_unit_test_setup(a_lenient_plan_leaves_out_a_route, setup),
	  cmocka_unit_test_setup(a_pair_is_an_address_and_a_route, setup),
	  cmocka_unit_test_setup(an_edit_adds_first_and_removes_then, setup),
	  cmocka_unit_test_setup(a_failed_edit_is_taken_back, setup),
	  cmocka_unit_test_setup(restore_makes_again_what_is_gone, setup),
	  cmocka_unit_test_setup(the_mtu_follows_the_route_to_the_endpoint, setup),
	  cmocka_unit_test_setup(the_host_is_described_without_the_tunnel, setup))
