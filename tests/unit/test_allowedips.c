/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* AllowedIPs: which peer has which address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/allowedips.h"
#include "test_main.h"

struct xt_peer {
	struct xt_allowedips_list list;
};
static struct xt_peer a, b, c;

static struct xt_allowedips_list *list_of(struct xt_peer *peer)
{
	return &peer->list;
}

static struct xt_allowedips table;

static int fresh(void **state)
{
	(void)state;
	a = b = c = (struct xt_peer){0};
	xt_allowedips_init(&table, list_of);
	return 0;
}

static int done(void **state)
{
	(void)state;
	xt_allowedips_clear(&table);
	return 0;
}

static struct xt_cidr cidr(const char *text)
{
	struct xt_cidr out;

	assert_int_equal(xt_cidr_parse(&out, text), 0);
	return out;
}

static void insert(const char *text, struct xt_peer *peer)
{
	struct xt_cidr net = cidr(text);

	assert_int_equal(xt_allowedips_insert(&table, &net, peer), 0);
}

static bool take_from(const char *text, struct xt_peer *peer)
{
	struct xt_cidr net = cidr(text);

	return xt_allowedips_remove(&table, &net, peer);
}

static struct xt_peer *find(const char *text)
{
	struct xt_ip ip;

	assert_int_equal(xt_ip_parse(&ip, text), 0);
	return xt_allowedips_find(&table, &ip);
}

static void expect_list(const struct xt_peer *peer, const char *want)
{
	char got[400] = "", one[XT_CIDR_TEXT];
	struct xt_cidr net;

	for (uint32_t at = 0; xt_allowedips_next(&table, &peer->list, &at, &net);) {
		strcat(got, *got ? " " : "");
		strcat(got, xt_cidr_print(&net, one));
	}
	assert_string_equal(got, want);
}

static void the_longest_prefix_wins(void **state)
{
	(void)state;
	insert("10.0.0.0/8", &a);
	insert("10.7.0.0/16", &b);
	insert("10.7.3.9/32", &c);
	assert_ptr_equal(find("10.1.1.1"), &a);
	assert_ptr_equal(find("10.7.1.1"), &b);
	assert_ptr_equal(find("10.7.3.9"), &c);
	assert_ptr_equal(find("10.7.3.8"), &b);
	assert_null(find("11.0.0.0"));
	insert("0.0.0.0/0", &b);
	assert_ptr_equal(find("11.0.0.0"), &b);
	assert_null(find("::"));
	insert("fd07::/48", &a);
	insert("fd07::1:0:0:0:0/65", &c); /* past the middle */
	insert("::/0", &b);
	assert_ptr_equal(find("fd07::1"), &a);
	assert_ptr_equal(find("fd07:0:0:1::1"), &c);
	assert_ptr_equal(find("fd07:0:0:1:8000::1"), &a);
	assert_ptr_equal(find("fe80::1"), &b);
	assert_null(xt_allowedips_find(&table, &(struct xt_ip){0}));
}

static void host_bits_are_ignored(void **state)
{
	(void)state;
	insert("10.7.3.9/16", &a);
	insert("fd07::9/64", &a);
	expect_list(&a, "10.7.0.0/16 fd07::/64");
	assert_true(take_from("10.7.99.99/16", &a));
	assert_null(find("10.7.3.9"));
}

static void a_prefix_moves_from_one_peer_to_another(void **state)
{
	(void)state;
	insert("10.7.0.0/24", &a);
	insert("10.7.1.0/24", &a);
	insert("10.7.2.0/24", &a);
	insert("10.7.1.0/24", &b);
	expect_list(&a, "10.7.0.0/24 10.7.2.0/24");
	expect_list(&b, "10.7.1.0/24");
	assert_ptr_equal(find("10.7.1.1"), &b);
	assert_false(take_from("10.7.1.0/24", &a)); /* no longer its own */
	assert_ptr_equal(find("10.7.1.1"), &b);
	insert("10.7.0.0/24", &a); /* again: keeps its position */
	expect_list(&a, "10.7.0.0/24 10.7.2.0/24");
}

static void a_peer_leaves_and_others_stay(void **state)
{
	(void)state;
	insert("10.7.0.0/24", &a);
	insert("10.7.0.0/16", &b);
	insert("fd07::/48", &a);
	insert("0.0.0.0/0", &a);
	xt_allowedips_remove_peer(&table, &a);
	xt_allowedips_remove_peer(&table, &a);
	expect_list(&a, "");
	assert_int_equal(a.list.n, 0);
	assert_ptr_equal(find("10.7.0.1"), &b);
	assert_null(find("9.9.9.9"));
	assert_null(find("fd07::1"));
}

static void what_is_no_network_is_refused(void **state)
{
	struct xt_cidr bad[] = {cidr("1.2.3.4"), cidr("::1"), cidr("1.2.3.4")};

	(void)state;
	bad[0].bits = 33;
	bad[1].bits = 129;
	bad[2].ip.family = 0;
	for (size_t i = 0; i < XT_LEN(bad); i++) {
		assert_int_equal(xt_allowedips_insert(&table, &bad[i], &a), XT_E_INVALID);
		assert_false(xt_allowedips_remove(&table, &bad[i], &a));
	}
	expect_list(&a, "");
}

static void reserved_inserts_take_no_memory(void **state)
{
	struct xt_allowedips_node *nodes;

	(void)state;
	insert("10.7.0.0/16", &a);
	assert_int_equal(xt_allowedips_reserve(&table, 500), 0);
	nodes = table.nodes;
	for (unsigned i = 0; i < 500; i++) { /* each one forks somewhere */
		struct xt_cidr net = {.ip = {4, {10, (uint8_t)i, (uint8_t)(i * 37), 1}},
				      .bits = 32};

		net.ip.b[3] = (uint8_t)(i / 256);
		assert_int_equal(xt_allowedips_insert(&table, &net, &b), 0);
	}
	assert_ptr_equal(table.nodes, nodes);
	assert_int_equal(b.list.n, 500);
	assert_int_equal(xt_allowedips_reserve(&table, SIZE_MAX), XT_E_FULL);
	assert_int_equal(xt_allowedips_reserve(&table, UINT32_MAX / 2), XT_E_FULL);
	assert_ptr_equal(find("10.7.9.9"), &a);
}

static void prefixes_come_and_go_without_growing_the_pool(void **state)
{
	uint32_t cap;

	(void)state;
	insert("10.7.0.0/24", &a);
	insert("10.7.2.0/24", &b);
	insert("10.7.0.0/22", &c);
	xt_allowedips_remove_peer(&table, &c);
	cap = table.cap;
	for (int i = 0; i < 10000; i++) {
		insert("10.7.0.0/22", &c);
		insert("10.7.3.0/24", &c);
		insert("10.7.3.7/32", &c);
		if (i % 2)
			xt_allowedips_remove_peer(&table, &c);
		assert_int_equal(take_from("10.7.3.7/32", &c), !(i % 2));
		assert_int_equal(take_from("10.7.0.0/22", &c), !(i % 2));
		assert_int_equal(take_from("10.7.3.0/24", &c), !(i % 2));
	}
	assert_int_equal(table.cap, cap);
	assert_ptr_equal(find("10.7.0.1"), &a);
	assert_ptr_equal(find("10.7.2.1"), &b);
	assert_null(find("10.7.3.7"));
}

/* 100,000 peers with ten networks each: memory per network, and removal no slower than
 * insertion. */
static void a_million_networks_fit(void **state)
{
	enum { PEERS = 100000 };
	struct xt_peer *peers = calloc(PEERS, sizeof(*peers));
	clock_t start = clock();

	(void)state;
	assert_non_null(peers);
	assert_int_equal(xt_allowedips_reserve(&table, PEERS * 10), 0);
	for (uint32_t i = 0; i < PEERS; i++)
		for (uint32_t k = 0; k < 10; k++) {
			struct xt_cidr net = {.ip = {k % 2 ? 4 : 6, {0xfd, 7}}, .bits = 32};

			if (k % 2) {
				xt_be32_put(net.ip.b, (i * 10 + k) << 8);
				net.bits = 24;
			} else {
				xt_be32_put(net.ip.b + 4, i * 10 + k);
				net.bits = 64;
			}
			assert_int_equal(xt_allowedips_insert(&table, &net, &peers[i]), 0);
		}
	assert_true(table.cap <= PEERS * 20 + 16);
	assert_int_equal(peers[PEERS - 1].list.n, 10);
	assert_ptr_equal(find("0.0.1.77"), &peers[0]);
	for (uint32_t i = 0; i < PEERS; i += 2)
		xt_allowedips_remove_peer(&table, &peers[i]);
	assert_null(find("0.0.1.77"));
	for (uint32_t i = 1; i < PEERS; i += 2)
		xt_allowedips_remove_peer(&table, &peers[i]);
	assert_int_equal(table.root4 | table.root6, 0);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 20);
	free(peers);
}

TEST_MAIN(cmocka_unit_test_setup_teardown(the_longest_prefix_wins, fresh, done),
	  cmocka_unit_test_setup_teardown(host_bits_are_ignored, fresh, done),
	  cmocka_unit_test_setup_teardown(a_prefix_moves_from_one_peer_to_another, fresh, done),
	  cmocka_unit_test_setup_teardown(a_peer_leaves_and_others_stay, fresh, done),
	  cmocka_unit_test_setup_teardown(what_is_no_network_is_refused, fresh, done),
	  cmocka_unit_test_setup_teardown(reserved_inserts_take_no_memory, fresh, done),
	  cmocka_unit_test_setup_teardown(prefixes_come_and_go_without_growing_the_pool, fresh,
					  done),
	  cmocka_unit_test_setup_teardown(a_million_networks_fit, fresh, done))
