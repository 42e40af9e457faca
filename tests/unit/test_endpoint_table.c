/* SPDX-License-Identifier: MIT */
/* layers: daemon config core crypto packet base */
/* The table of names and entries of endpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/endpoint_table.h"
#include "test_main.h"

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_B "+xMUJWph4YDOHQOSFLhnS8q07RFk2mWpW4fSkL7AER0="

static struct xt_endpoint_table *make(const char *text, struct xt_public keys[2])
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_endpoint_table *table;
	struct xt_conf conf;

	assert_int_equal(xt_conf_parse(&conf, NULL, text, strlen(text), &diagnostics), 0);
	xt_conf_diagnostics_clear(&diagnostics);
	for (size_t i = 0; i < 2 && i < conf.n_peers; i++)
		keys[i] = conf.peers[i].key;
	assert_int_equal(xt_endpoint_table_new(&table, &conf), 0);
	xt_conf_clear(&conf);
	return table;
}

static struct xt_endpoint address(uint8_t last)
{
	return (struct xt_endpoint){.ip = {4, {198, 18, 0, last}}};
}

static void each_name_is_there_once(void **state)
{
	static const char text[] =
	    "[Interface]\n[Peer]\nPublicKey = " KEY_B "\nEndpoint = b.test:1, a.test:2, b.test:3\n"
	    "[Peer]\nPublicKey = " KEY_A "\nEndpoint = 192.0.2.1:4, b.test:5\nEndpointHold = 7\n";
	struct xt_public keys[2];
	struct xt_endpoint_table *table = make(text, keys);
	const struct xt_endpoint_peer *peer;
	uint32_t entry;

	(void)state;
	assert_int_equal(table->n_names, 2);
	assert_string_equal(table->names[0].host, "a.test");
	assert_int_equal(table->names[0].n_uses, 1);
	assert_int_equal(table->names[1].n_uses, 3);
	peer = xt_endpoint_table_find(table, &keys[1]);
	assert_int_equal(peer->hold_s, 7);
	assert_int_equal(peer->n, 2);
	assert_true(peer->named);
	peer = xt_endpoint_table_find(table, &keys[0]);
	assert_int_equal(peer->hold_s, XT_ENDPOINT_HOLD_S);
	entry = table->uses[table->names[0].first_use];
	assert_ptr_equal(&table->peers[table->entries[entry].peer], peer);
	assert_int_equal(table->entries[entry].endpoint.port, 2);
	keys[0].b[0] ^= 1;
	assert_null(xt_endpoint_table_find(table, &keys[0]));
	assert_null(xt_endpoint_table_find(NULL, &keys[0]));
	xt_endpoint_table_free(table);
}

static void a_list_has_what_is_known_in_the_order_of_the_entries(void **state)
{
	static const char text[] = "[Interface]\n[Peer]\nPublicKey = " KEY_B "\n"
				   "Endpoint = a.test:1, 192.0.2.1:2, b.test:3\n";
	struct xt_public keys[2];
	struct xt_endpoint_table *table = make(text, keys);
	const struct xt_endpoint_peer *peer = xt_endpoint_table_find(table, &keys[0]);
	struct xt_endpoint v[2] = {address(5), address(6)};
	struct xt_candidate out[XT_CANDIDATES_MAX];

	(void)state;
	assert_int_equal(xt_endpoint_table_list(table, peer, true, out), 0);
	assert_int_equal(xt_endpoint_table_list(table, peer, false, out), 1);
	assert_true(xt_endpoint_name_answer(&table->names[1], NULL, v, 2));
	assert_int_equal(xt_endpoint_table_list(table, peer, true, out), 0);
	assert_true(xt_endpoint_name_answer(&table->names[0], "no such host", NULL, 0));
	assert_int_equal(xt_endpoint_table_list(table, peer, true, out), 3);
	assert_int_equal(out[0].endpoint.ip.b[0], 192);
	assert_int_equal(out[0].endpoint.port, 2);
	assert_int_equal(out[0].entry, 1);
	assert_int_equal(out[2].endpoint.ip.b[3], 6);
	assert_int_equal(out[2].endpoint.port, 3);
	assert_int_equal(out[2].entry, 2);
	xt_endpoint_table_free(table);
}

static void a_failure_keeps_the_addresses(void **state)
{
	struct xt_public keys[2];
	struct xt_endpoint_table *table =
	    make("[Interface]\n[Peer]\nPublicKey = " KEY_B "\nEndpoint = a.test:1\n", keys);
	struct xt_endpoint_name *name = &table->names[0];
	struct xt_endpoint v = address(5);

	(void)state;
	assert_true(xt_endpoint_name_answer(name, NULL, &v, 1));
	assert_false(xt_endpoint_name_answer(name, NULL, &v, 1));
	assert_false(xt_endpoint_name_answer(name, "no such host", NULL, 0));
	assert_int_equal(name->state, XT_NAME_FOUND);
	assert_int_equal(name->n, 1);
	assert_string_equal(name->why, "no such host");
	v.ip.b[3] = 6;
	assert_true(xt_endpoint_name_answer(name, NULL, &v, 1));
	assert_string_equal(name->why, "");
	xt_endpoint_table_free(table);
}

static void another_configuration_takes_over_what_is_known(void **state)
{
	struct xt_public keys[2];
	struct xt_endpoint_table *old = make(
	    "[Interface]\n[Peer]\nPublicKey = " KEY_B "\nEndpoint = a.test:1, b.test:1\n", keys);
	struct xt_endpoint_table *table = make(
	    "[Interface]\n[Peer]\nPublicKey = " KEY_B "\nEndpoint = b.test:7, c.test:1\n", keys);
	struct xt_candidate out[XT_CANDIDATES_MAX];
	struct xt_endpoint v = address(5);

	(void)state;
	assert_true(xt_endpoint_name_answer(&old->names[1], NULL, &v, 1));
	old->names[1].open = true;
	xt_endpoint_table_adopt(table, old);
	xt_endpoint_table_free(old);
	assert_int_equal(table->names[0].state, XT_NAME_FOUND);
	assert_false(table->names[0].open);
	assert_int_equal(table->names[1].state, XT_NAME_ASKING);
	assert_int_equal(xt_endpoint_table_list(table, &table->peers[0], true, out), 1);
	assert_int_equal(out[0].endpoint.port, 7);
	xt_endpoint_table_free(table);
}

TEST_MAIN(cmocka_unit_test(each_name_is_there_once),
	  cmocka_unit_test(a_list_has_what_is_known_in_the_order_of_the_entries),
	  cmocka_unit_test(a_failure_keeps_the_addresses),
	  cmocka_unit_test(another_configuration_takes_over_what_is_known))
