/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* A list of endpoints beside an endpoint that is known already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_pair.h"
#include "test_main.h"

/* A list of one address. */
static void list_apply(struct pair *p, uint8_t last, bool configured)
{
	struct xt_candidate v = {.endpoint = {{.family = 4, .b = {198, 18, 0, last}}, 51820, 0}};
	struct xt_candidate_list list = {
	    .v = &v, .n = 1, .hold_ns = XT_SECOND, .configured = configured, .changes = true};

	assert_int_equal(xt_device_set_endpoints(p->a.dev, p->now, &p->b.pub, &list), 0);
}

static void endpoint_set(struct pair *p, uint8_t last)
{
	struct xt_change change;
	struct xt_peer_change *pc;

	xt_change_init(&change);
	pc = xt_change_peer(&change, &p->b.pub);
	pc->set = XT_PEER_UPDATE_ONLY | XT_PEER_ENDPOINT;
	pc->endpoint.ip = (struct xt_ip){.family = 4, .b = {198, 18, 0, last}};
	pc->endpoint.port = 51820;
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &change), 0);
	xt_change_clear(&change);
}

/* The last byte of the endpoint of a's peer; 0: it has none. */
static unsigned endpoint_last(struct pair *p)
{
	struct xt_report *report;
	unsigned last;

	assert_int_equal(xt_device_report(p->a.dev, p->now, &report), 0);
	assert_int_equal(report->n_peers, 1);
	last = report->peers[0].endpoint.ip.b[3];
	xt_report_free(report);
	return last;
}

static void peer_recreate(struct pair *p)
{
	struct xt_change change;
	struct xt_peer_change *pc;
	struct xt_cidr all = {.ip = p->b.inner, .bits = 32};

	xt_change_init(&change);
	change.set = XT_SET_REPLACE_PEERS;
	pc = xt_change_peer(&change, &p->b.pub);
	assert_int_equal(xt_change_allowed(pc, &all, false), 0);
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &change), 0);
	xt_change_clear(&change);
}

static void an_answer_is_used_by_a_peer_without_endpoint_and_replaced_by_the_next(void **state)
{
	struct pair *p = *state;

	peer_recreate(p);
	list_apply(p, 77, false);
	assert_int_equal(endpoint_last(p), 77);
	list_apply(p, 78, false);
	assert_int_equal(endpoint_last(p), 78);
}

static void an_answer_never_replaces_an_endpoint_that_was_set(void **state)
{
	struct pair *p = *state;

	peer_recreate(p);
	endpoint_set(p, 5);
	list_apply(p, 77, false);
	assert_int_equal(endpoint_last(p), 5);
	list_apply(p, 77, true); /* the administrator's list does */
	assert_int_equal(endpoint_last(p), 77);
	endpoint_set(p, 5);
	peer_recreate(p); /* knows nothing of the former one */
	list_apply(p, 78, false);
	assert_int_equal(endpoint_last(p), 78);
}

static void a_learned_endpoint_is_kept_until_it_is_silent(void **state)
{
	struct pair *p = *state;

	peer_recreate(p);
	/* B sends: A learns its endpoint from the handshake and the data after it. */
	p->now.mono += 10 * XT_SECOND;
	packet_send(p, &p->b, &p->a, 100);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
	assert_int_equal(verdict_count(&p->a, XT_DROP_NO_ENDPOINT), 0);
	assert_int_equal(endpoint_last(p), 2);
	list_apply(p, 77, false);
	assert_int_equal(endpoint_last(p), 2);
	p->now.mono += 200 * XT_SECOND;
	list_apply(p, 77, true);
	assert_int_equal(endpoint_last(p), 2);
}

static void a_list_that_is_wrong_changes_nothing(void **state)
{
	struct pair *p = *state;
	struct xt_candidate v[XT_CANDIDATES_MAX + 1];
	struct xt_candidate_list list = {.v = v, .n = 2, .hold_ns = 1, .configured = true};

	for (size_t i = 0; i <= XT_CANDIDATES_MAX; i++)
		v[i] = (struct xt_candidate){
		    .endpoint = {{.family = 4, .b = {198, 18, 1, (uint8_t)i}}, 51820, 0}};
	v[1].endpoint.port = 0;
	assert_int_equal(xt_device_set_endpoints(p->a.dev, p->now, &p->b.pub, &list), XT_E_INVALID);
	v[1].endpoint.port = 1;
	v[1].endpoint.ip.family = 5;
	assert_int_equal(xt_device_set_endpoints(p->a.dev, p->now, &p->b.pub, &list), XT_E_INVALID);
	v[1].endpoint.ip.family = 4;
	list.n = XT_CANDIDATES_MAX + 1;
	assert_int_equal(xt_device_set_endpoints(p->a.dev, p->now, &p->b.pub, &list), XT_E_INVALID);
	assert_int_equal(endpoint_last(p), 2);
	list.n = XT_CANDIDATES_MAX;
	assert_int_equal(xt_device_set_endpoints(p->a.dev, p->now, &p->b.pub, &list), 0);
	assert_int_equal(endpoint_last(p), 0);
	assert_int_equal(xt_device_set_endpoints(p->a.dev, p->now, &p->a.pub, &list), 0);
	list.n = 0; /* without a list the peer stays where it is */
	assert_int_equal(xt_device_set_endpoints(p->a.dev, p->now, &p->b.pub, &list), 0);
	assert_int_equal(endpoint_last(p), 0);
}

static void the_report_lists_the_addresses_in_order(void **state)
{
	struct pair *p = *state;
	struct xt_candidate v[3] = {{.endpoint = {{.family = 4, .b = {198, 18, 1, 0}}, 51820, 0}},
				    {.endpoint = {{.family = 4, .b = {198, 18, 1, 1}}, 51820, 0}},
				    {.endpoint = {{.family = 6, .b = {0xfd, 1}}, 51820, 0}}};
	struct xt_candidate_list list = {.v = v, .n = 3, .hold_ns = 1, .configured = true};
	const struct xt_candidate_report *c;
	struct xt_report *report;

	assert_int_equal(xt_device_set_endpoints(p->a.dev, p->now, &p->b.pub, &list), 0);
	assert_int_equal(xt_device_report(p->a.dev, p->now, &report), 0);
	assert_int_equal(report->peers[0].n_candidates, 3);
	assert_false(report->peers[0].endpoint_set);
	c = &report->candidates[report->peers[0].first_candidate];
	assert_int_equal(c[0].endpoint.ip.b[3], 0);
	assert_int_equal(c[0].state, XT_CANDIDATE_IN_USE);
	assert_int_equal(c[1].endpoint.ip.family, 6);
	assert_int_equal(c[1].state, XT_CANDIDATE_IDLE);
	assert_int_equal(c[2].endpoint.ip.b[3], 1);
	xt_report_free(report);
	endpoint_set(p, 5);
	assert_int_equal(xt_device_report(p->a.dev, p->now, &report), 0);
	assert_int_equal(report->peers[0].n_candidates, 0);
	assert_true(report->peers[0].endpoint_set);
	xt_report_free(report);
}

TEST_MAIN(cmocka_unit_test_setup_teardown(
	      an_answer_is_used_by_a_peer_without_endpoint_and_replaced_by_the_next, setup,
	      teardown),
	  cmocka_unit_test_setup_teardown(an_answer_never_replaces_an_endpoint_that_was_set, setup,
					  teardown),
	  cmocka_unit_test_setup_teardown(a_learned_endpoint_is_kept_until_it_is_silent, setup,
					  teardown),
	  cmocka_unit_test_setup_teardown(a_list_that_is_wrong_changes_nothing, setup, teardown),
	  cmocka_unit_test_setup_teardown(the_report_lists_the_addresses_in_order, setup, teardown))
