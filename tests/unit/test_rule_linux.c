/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* Policy routing on Linux, in a network namespace of the test, verified by ip(8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/addr.h"
#include "unit/link_host.h"

/* Both families, one address each; the test sets the rest. */
struct request {
	struct xt_link_plan plan;
	struct xt_link_address addresses[2];
	struct xt_cidr networks[3];
};

static void plan_init(struct request *request)
{
	memset(request, 0, sizeof(*request));
	snprintf(request->plan.name, sizeof(request->plan.name), "%s", NAME);
	assert_int_equal(xt_cidr_parse(&request->addresses[0].cidr, "10.7.0.1/24"), 0);
	assert_int_equal(xt_cidr_parse(&request->addresses[1].cidr, "fd07::1/64"), 0);
	assert_int_equal(xt_cidr_parse(&request->networks[0], "0.0.0.0/0"), 0);
	assert_int_equal(xt_cidr_parse(&request->networks[1], "::/0"), 0);
	assert_int_equal(xt_cidr_parse(&request->networks[2], "10.40.0.0/16"), 0);
	request->plan.addresses = request->addresses;
	request->plan.n_addresses = 2;
	request->plan.networks = request->networks;
	request->plan.n_networks = 3;
	request->plan.routes = true;
}

static void a_default_route_goes_by_mark_and_rules_and_is_undone_whole(void **state)
{
	char before[NET_TEXT], text[NET_TEXT];
	struct request request;
	struct xt_link *link;

	(void)state;
	host_now(before);
	plan_init(&request);
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 0, true, true), 0);
	assert_int_equal(request.plan.policy.table, 51820);
	link = link_set_plan(&request.plan);
	net_run(text, "ip -4 rule");
	assert_string_equal(text, "0:\tfrom all lookup local\n"
				  "32764:\tfrom all lookup main suppress_prefixlength 0\n"
				  "32765:\tnot from all fwmark 0xca6c lookup 51820\n"
				  "32766:\tfrom all lookup main\n"
				  "32767:\tfrom all lookup default\n");
	net_run(text, "ip -6 rule");
	assert_non_null(strstr(text, "32764:\tfrom all lookup main suppress_prefixlength 0\n"
				     "32765:\tnot from all fwmark 0xca6c lookup 51820\n"
				     "32766:"));
	net_run(text, "ip -4 route show table 51820");
	assert_non_null(strstr(text, "default dev " NAME));
	net_run(text, "ip -6 route show table 51820");
	assert_non_null(strstr(text, "default dev " NAME));
	net_run(text, "ip -4 route");
	assert_non_null(strstr(text, "10.40.0.0/16 dev " NAME));
	assert_null(strstr(text, "default"));
	net_run(text, "ip -4 route get 203.0.113.1");
	assert_non_null(strstr(text, "dev " NAME));
	net_run(text, "ip -4 route get 203.0.113.1 mark 51820 2>&1");
	assert_null(strstr(text, "dev " NAME));
	xt_link_undo(link);
	host_unchanged(before);
}

static void the_way_to_an_endpoint_follows_the_mark(void **state)
{
	struct request request;
	struct xt_link *link;
	struct xt_endpoint to;
	struct xt_ip source, expected;
	uint32_t ifindex;

	(void)state;
	plan_init(&request);
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 0, true, true), 0);
	link = link_set_plan(&request.plan);
	assert_int_equal(xt_endpoint_parse(&to, "203.0.113.1:7"), 0);
	assert_true(xt_link_way(&to, 0, &source, &ifindex));
	assert_int_equal(ifindex, tun->ifindex);
	assert_int_equal(xt_ip_parse(&expected, "10.7.0.1"), 0);
	assert_true(xt_ip_equal(&source, &expected));
	assert_false(xt_link_way(&to, 51820, &source, &ifindex));
	assert_int_equal(source.family, 0);
	xt_link_undo(link);
	to.ip.family = 0;
	assert_false(xt_link_way(&to, 0, &source, &ifindex));
}

static void only_a_requested_family_gets_rules(void **state)
{
	char text[NET_TEXT], v6[NET_TEXT];
	struct request request;
	struct xt_link *link;

	(void)state;
	net_run(v6, "ip -6 rule");
	plan_init(&request);
	request.networks[1] = request.networks[2];
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 77, true, false), 0);
	assert_int_equal(request.plan.policy.table, 77);
	link = link_set_plan(&request.plan);
	net_run(text, "ip -6 rule");
	assert_string_equal(text, v6);
	net_run(text, "ip -4 rule");
	assert_non_null(strstr(text, "32765:\tnot from all fwmark 0x4d lookup 77\n"));
	xt_link_undo(link);
}

static void a_table_with_routes_of_others_is_not_free(void **state)
{
	struct xt_link_policy policy;

	(void)state;
	ip("route add 203.0.113.0/24 dev lo table 51820");
	ip("-6 route add fd07:9::/64 dev lo table 51821");
	ip("link set " NAME " up");
	ip("route add 203.0.113.0/24 dev " NAME " table 51822");
	assert_int_equal(xt_link_policy_choose(&policy, NAME, 0, true, false), 0);
	assert_int_equal(policy.table, 51822); /* the interface's, from an earlier run */
	assert_int_equal(policy.priority[1], 0);
	assert_int_equal(xt_link_policy_choose(&policy, "missing", 0, true, false), 0);
	assert_int_equal(policy.table, 51823);
	ip("route del 203.0.113.0/24 dev lo table 51820");
	ip("-6 route del fd07:9::/64 dev lo table 51821");
}

static void a_mark_that_is_a_table_of_every_host_is_refused(void **state)
{
	struct xt_link_policy policy;

	(void)state;
	for (uint32_t mark = 253; mark <= 255; mark++)
		assert_int_equal(xt_link_policy_choose(&policy, NAME, mark, true, true), -EINVAL);
	assert_int_equal(policy.table, 0);
	assert_int_equal(xt_link_policy_choose(&policy, NAME, 254, false, false), 0);
}

static void a_failing_rule_rolls_everything_back(void **state)
{
	char before[NET_TEXT], error[200];
	struct request request;
	struct xt_link *link = NULL;

	(void)state;
	plan_init(&request);
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 0, true, true), 0);
	/* each of the four exists before */
	static const char *const rules[] = {
	    "-4 rule add pref 32764 table main suppress_prefixlength 0",
	    "-4 rule add pref 32765 not fwmark 51820 table 51820",
	    "-6 rule add pref 32764 table main suppress_prefixlength 0",
	    "-6 rule add pref 32765 not fwmark 51820 table 51820",
	};
	for (size_t i = 0; i < 4; i++) {
		char undo[100];

		ip(rules[i]);
		host_now(before);
		assert_int_equal(xt_link_set(&link, &request.plan, error, sizeof(error)), -EEXIST);
		assert_null(link);
		assert_non_null(strstr(error, i < 2 ? "IPv4 rule" : "IPv6 rule"));
		assert_non_null(strstr(error, i % 2 ? "not fwmark 51820" : "suppress_prefix"));
		host_unchanged(before);
		snprintf(undo, sizeof(undo), "%.8sdel%s", rules[i], rules[i] + 11);
		ip(undo);
	}
}

static void two_tunnels_undo_only_their_rules(void **state)
{
	char first[NET_TEXT], text[NET_TEXT];
	struct request request, other;
	struct xt_link *link, *link2;
	struct xt_tun *tun2;
	const struct xt_tun_options options = {
	    .name = "rule1", .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX};

	(void)state;
	plan_init(&request);
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 0, true, true), 0);
	link = link_set_plan(&request.plan);
	net_run(first, "ip -4 rule; ip -6 rule");
	assert_int_equal(xt_tun_open(&tun2, &options), 0);
	plan_init(&other);
	snprintf(other.plan.name, sizeof(other.plan.name), "rule1");
	assert_int_equal(xt_cidr_parse(&other.addresses[0].cidr, "10.8.0.1/24"), 0);
	assert_int_equal(xt_cidr_parse(&other.addresses[1].cidr, "fd07:8::1/64"), 0);
	assert_int_equal(xt_cidr_parse(&other.networks[2], "10.41.0.0/16"), 0);
	assert_int_equal(xt_link_policy_choose(&other.plan.policy, "rule1", 0, true, true), 0);
	assert_int_equal(other.plan.policy.table, 51821);
	link2 = link_set_plan(&other.plan);
	net_run(text, "ip -4 rule");
	assert_non_null(strstr(text, "32762:\tfrom all lookup main suppress_prefixlength 0\n"
				     "32763:\tnot from all fwmark 0xca6d lookup 51821\n"
				     "32764:"));
	xt_link_undo(link);
	net_run(text, "ip -4 rule");
	assert_string_equal(text, "0:\tfrom all lookup local\n"
				  "32762:\tfrom all lookup main suppress_prefixlength 0\n"
				  "32763:\tnot from all fwmark 0xca6d lookup 51821\n"
				  "32766:\tfrom all lookup main\n"
				  "32767:\tfrom all lookup default\n");
	xt_link_undo(link2);
	tun2->ops->close(tun2);
}

static void rules_left_by_a_crash_can_be_removed_without_the_interface(void **state)
{
	char before[NET_TEXT];
	struct request request;

	(void)state;
	tun_teardown(NULL);
	host_now(before);
	assert_int_equal(tun_setup(NULL), 0);
	plan_init(&request);
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 0, true, true), 0);
	struct xt_link *lost = link_set_plan(&request.plan);
	tun_teardown(NULL);
	xt_link_policy_remove(&request.plan.policy);
	xt_link_policy_remove(&request.plan.policy);
	host_unchanged(before);
	xt_link_undo(lost);
}

static void forgetting_removes_the_rules_and_a_new_start_finds_its_route(void **state)
{
	char before[NET_TEXT], text[NET_TEXT];
	struct request request;

	(void)state;
	net_run(before, "ip -4 rule; ip -6 rule");
	plan_init(&request);
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 0, true, true), 0);
	xt_link_forget(link_set_plan(&request.plan));
	net_run(text, "ip -4 rule; ip -6 rule");
	assert_string_equal(text, before);
	net_run(text, "ip -4 route show table 51820");
	assert_non_null(strstr(text, "default"));
	assert_int_equal(xt_link_policy_choose(&request.plan.policy, NAME, 0, true, true), 0);
	assert_int_equal(request.plan.policy.table, 51820);
	xt_link_undo(link_set_plan(&request.plan));
	net_run(text, "ip -4 rule; ip -6 rule");
	assert_string_equal(text, before);
}

static void the_switch_for_marked_answers_is_set_once(void **state)
{
	char text[NET_TEXT];

	(void)state;
	net_run(text, "echo 0 >/proc/sys/net/ipv4/conf/all/src_valid_mark");
	assert_int_equal(xt_link_valid_mark(), 0);
	net_run(text, "cat /proc/sys/net/ipv4/conf/all/src_valid_mark");
	assert_string_equal(text, "1\n");
	assert_int_equal(xt_link_valid_mark(), 1);
	assert_int_equal(mount("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, "/proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(xt_link_valid_mark(), 1);
	assert_int_equal(umount("/proc/sys"), 0);
	net_run(text, "echo 0 >/proc/sys/net/ipv4/conf/all/src_valid_mark");
	assert_int_equal(mount("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, "/proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(xt_link_valid_mark(), -EROFS);
	assert_int_equal(umount("/proc/sys"), 0);
}

static void addresses_in_force_are_listed(void **state)
{
	struct xt_link_address *v;
	size_t n;

	(void)state;
	ip("link set " NAME " up");
	ip("addr add 10.7.0.1/24 dev " NAME);
	ip("addr add 192.168.7.1 peer 192.168.7.2 dev " NAME);
	ip("-6 addr add fd07::1/64 dev " NAME " nodad");
	assert_int_equal(xt_link_addresses(NAME, &v, &n), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		char text[XT_CIDR_TEXT];
		const char *expect[] = {"10.7.0.1/24", "192.168.7.1/32", "fd07::1/64"};

		assert_string_equal(xt_cidr_print(&v[i].cidr, text), expect[i]);
		assert_int_equal(v[i].peer.family, i == 1 ? 4 : 0);
	}
	free(v);
	assert_int_equal(xt_link_addresses("missing", &v, &n), -ENODEV);
}

#define test(name) cmocka_unit_test_setup_teardown(name, tun_setup, tun_teardown)

NET_TEST_MAIN(test(a_default_route_goes_by_mark_and_rules_and_is_undone_whole),
	      test(the_way_to_an_endpoint_follows_the_mark),
	      test(only_a_requested_family_gets_rules),
	      test(a_table_with_routes_of_others_is_not_free),
	      test(a_mark_that_is_a_table_of_every_host_is_refused),
	      test(a_failing_rule_rolls_everything_back), test(two_tunnels_undo_only_their_rules),
	      test(rules_left_by_a_crash_can_be_removed_without_the_interface),
	      test(forgetting_removes_the_rules_and_a_new_start_finds_its_route),
	      test(the_switch_for_marked_answers_is_set_once), test(addresses_in_force_are_listed))
