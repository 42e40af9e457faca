/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* The addresses that the echo responder answers for: each mode, each kind of address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "packet/echo_rules.h"
#include "test_main.h"

static struct xt_echo_local local_of(const char *cidr, const char *peer)
{
	struct xt_echo_local local = {0};

	assert_int_equal(xt_cidr_parse(&local.cidr, cidr), 0);
	if (peer)
		assert_int_equal(xt_ip_parse(&local.peer, peer), 0);
	return local;
}

static bool answers(const struct xt_echo_rules *rules, const char *text)
{
	struct xt_ip ip;

	assert_int_equal(xt_ip_parse(&ip, text), 0);
	return xt_echo_rules_answers(rules, &ip);
}

static bool covers(void *ctx, const struct xt_ip *ip)
{
	return xt_cidr_contains(ctx, ip);
}

static void host_answers_for_free_addresses_of_its_networks(void **unused)
{
	struct xt_echo_local local[] = {local_of("10.7.0.1/24", NULL), local_of("fd07::1/64", NULL),
					local_of("10.7.0.200/16", NULL)};
	struct xt_cidr peers;
	struct xt_echo_rules rules = {.side = XT_ECHO_SIDE_HOST,
				      .local = local,
				      .n_local = 3,
				      .covered = covers,
				      .ctx = &peers};

	(void)unused;
	assert_int_equal(xt_cidr_parse(&peers, "10.7.0.16/28"), 0);
	assert_true(answers(&rules, "10.7.0.2"));
	assert_true(answers(&rules, "10.7.9.9"));
	assert_true(answers(&rules, "fd07::2"));
	assert_true(answers(&rules, "fd07::ffff:ffff:ffff:ffff"));
	assert_false(answers(&rules, "10.7.0.1"));   /* local */
	assert_false(answers(&rules, "10.7.0.200")); /* local, of the other network */
	assert_false(answers(&rules, "fd07::1"));
	assert_false(answers(&rules, "10.7.0.0")); /* network and broadcast of either */
	assert_false(answers(&rules, "10.7.0.255"));
	assert_false(answers(&rules, "10.7.255.255"));
	assert_false(answers(&rules, "fd07::"));
	assert_false(answers(&rules, "10.7.0.16")); /* a peer's */
	assert_false(answers(&rules, "10.7.0.31"));
	assert_true(answers(&rules, "10.7.0.32"));
	assert_false(answers(&rules, "10.8.0.1")); /* outside */
	assert_false(answers(&rules, "fd07:0:0:1::2"));
	assert_false(answers(&rules, "255.255.255.255"));
	assert_false(answers(&rules, "224.0.0.1"));
	assert_false(answers(&rules, "ff02::1"));
}

static void small_networks_have_no_broadcast_address(void **unused)
{
	struct xt_echo_local own30 = local_of("10.7.0.5/30", NULL),
			     own31 = local_of("10.7.0.5/31", NULL);
	struct xt_echo_local own32 = local_of("10.7.0.5/32", NULL),
			     own128 = local_of("fd07::/128", NULL);
	struct xt_echo_rules rules = {.side = XT_ECHO_SIDE_HOST, .local = &own30, .n_local = 1};

	(void)unused;
	assert_false(answers(&rules, "10.7.0.4"));
	assert_true(answers(&rules, "10.7.0.6"));
	assert_false(answers(&rules, "10.7.0.7"));
	rules.local = &own31;
	assert_true(answers(&rules, "10.7.0.4"));
	assert_false(answers(&rules, "10.7.0.5"));
	assert_false(answers(&rules, "10.7.0.6"));
	rules.local = &own32;
	assert_false(answers(&rules, "10.7.0.5"));
	assert_false(answers(&rules, "10.7.0.6"));
	rules.local = &own128;
	assert_false(answers(&rules, "fd07::"));
	rules.side = XT_ECHO_SIDE_PEER;
	assert_true(answers(&rules, "fd07::"));
}

static void a_pair_answers_for_its_other_end_only(void **unused)
{
	struct xt_echo_local local[] = {local_of("192.168.7.1", "192.168.7.2"),
					local_of("fd07::1/64", "fd07:1::2")};
	struct xt_echo_rules rules = {.side = XT_ECHO_SIDE_HOST, .local = local, .n_local = 2};

	(void)unused;
	assert_true(answers(&rules, "192.168.7.2"));
	assert_true(answers(&rules, "fd07:1::2"));
	assert_false(answers(&rules, "192.168.7.1"));
	assert_false(answers(&rules, "192.168.7.3"));
	assert_false(answers(&rules, "fd07::2"));
	rules.side = XT_ECHO_SIDE_PEER;
	assert_true(answers(&rules, "192.168.7.1"));
	assert_true(answers(&rules, "fd07::1"));
	assert_false(answers(&rules, "192.168.7.2"));
}

static void peer_answers_for_local_addresses_only(void **unused)
{
	struct xt_echo_local local[] = {local_of("10.7.0.1/24", NULL),
					local_of("fd07::1/64", NULL)};
	struct xt_cidr all;
	struct xt_echo_rules rules = {.side = XT_ECHO_SIDE_PEER,
				      .local = local,
				      .n_local = 2,
				      .covered = covers,
				      .ctx = &all};

	(void)unused;
	assert_int_equal(xt_cidr_parse(&all, "0.0.0.0/0"), 0);
	assert_true(answers(&rules, "10.7.0.1"));
	assert_true(answers(&rules, "fd07::1"));
	assert_false(answers(&rules, "10.7.0.2"));
	assert_false(answers(&rules, "10.7.0.0"));
	assert_false(answers(&rules, "10.7.0.255"));
	assert_false(answers(&rules, "fd07::"));
	assert_false(answers(&rules, "10.8.0.1"));
}

static void a_list_is_the_exact_set_for_both_sides(void **unused)
{
	struct xt_echo_local local = local_of("10.7.0.1/24", NULL);
	struct xt_cidr list[2], all;
	struct xt_echo_rules rules = {.local = &local,
				      .n_local = 1,
				      .addresses = list,
				      .n_addresses = 2,
				      .covered = covers,
				      .ctx = &all};

	(void)unused;
	assert_int_equal(xt_cidr_parse(&all, "0.0.0.0/0"), 0);
	assert_int_equal(xt_cidr_parse(&list[0], "10.7.0.0/25"), 0);
	assert_int_equal(xt_cidr_parse(&list[1], "192.0.2.77/24"), 0);
	for (int side = 0; side < XT_ECHO_SIDES; side++) {
		rules.side = (enum xt_echo_side)side;
		assert_true(answers(&rules, "10.7.0.0"));
		assert_true(answers(&rules, "10.7.0.1"));
		assert_true(answers(&rules, "10.7.0.127"));
		assert_false(answers(&rules, "10.7.0.128"));
		assert_true(answers(&rules, "192.0.2.1"));
		assert_false(answers(&rules, "fd07::1"));
	}
}

static void without_addresses_nothing_is_answered(void **unused)
{
	struct xt_echo_rules rules = {.side = XT_ECHO_SIDE_HOST};

	(void)unused;
	assert_false(answers(&rules, "10.7.0.1"));
	assert_false(answers(&rules, "::"));
	rules.side = XT_ECHO_SIDE_PEER;
	assert_false(answers(&rules, "10.7.0.1"));
}

static void directed_broadcast_is_known(void **unused)
{
	struct xt_echo_local local[] = {local_of("10.7.0.1/24", NULL),
					local_of("10.8.0.1/31", NULL),
					local_of("192.168.7.1", "192.168.7.2")};
	struct xt_echo_rules rules = {.local = local, .n_local = 3};
	const char *const no[] = {"10.7.0.0", "10.7.0.254", "10.8.0.1", "192.168.7.1", "fd07::"};
	struct xt_ip ip;

	(void)unused;
	assert_int_equal(xt_ip_parse(&ip, "10.7.0.255"), 0);
	assert_true(xt_echo_rules_broadcast(&rules, &ip));
	for (size_t i = 0; i < XT_LEN(no); i++) {
		assert_int_equal(xt_ip_parse(&ip, no[i]), 0);
		assert_false(xt_echo_rules_broadcast(&rules, &ip));
	}
}

TEST_MAIN(cmocka_unit_test(host_answers_for_free_addresses_of_its_networks),
	  cmocka_unit_test(small_networks_have_no_broadcast_address),
	  cmocka_unit_test(a_pair_answers_for_its_other_end_only),
	  cmocka_unit_test(peer_answers_for_local_addresses_only),
	  cmocka_unit_test(a_list_is_the_exact_set_for_both_sides),
	  cmocka_unit_test(without_addresses_nothing_is_answered),
	  cmocka_unit_test(directed_broadcast_is_known))
