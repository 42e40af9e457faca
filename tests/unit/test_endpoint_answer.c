/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* An endpoint that is the late answer of a name server, beside one that is known already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_pair.h"

static void endpoint_apply(struct pair *p, uint8_t last, uint32_t also)
{
	struct xt_change change;
	struct xt_peer_change *pc;

	xt_change_init(&change);
	pc = xt_change_peer(&change, &p->b.pub);
	pc->set = XT_PEER_UPDATE_ONLY | XT_PEER_ENDPOINT | also;
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
	assert_int_equal(endpoint_last(p), 0);
	endpoint_apply(p, 77, XT_PEER_ENDPOINT_ANSWER);
	assert_int_equal(endpoint_last(p), 77);
	endpoint_apply(p, 78, XT_PEER_ENDPOINT_ANSWER);
	assert_int_equal(endpoint_last(p), 78);
}

static void an_answer_never_replaces_an_endpoint_that_was_set(void **state)
{
	struct pair *p = *state;

	peer_recreate(p);
	endpoint_apply(p, 5, 0);
	endpoint_apply(p, 77, XT_PEER_ENDPOINT_ANSWER);
	assert_int_equal(endpoint_last(p), 5);
	peer_recreate(p); /* knows nothing of the former one */
	endpoint_apply(p, 77, XT_PEER_ENDPOINT_ANSWER);
	assert_int_equal(endpoint_last(p), 77);
	endpoint_apply(p, 6, 0);
	assert_int_equal(endpoint_last(p), 6);
}

static void an_answer_replaces_a_learned_endpoint_only_after_its_session(void **state)
{
	struct pair *p = *state;

	peer_recreate(p);
	/* B calls: A learns its endpoint from the handshake and the data after it. */
	p->now.mono += 10 * XT_SECOND;
	packet_send(p, &p->b, &p->a, 100);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
	assert_int_equal(verdict_count(&p->a, XT_DROP_NO_ENDPOINT), 0);
	assert_int_equal(endpoint_last(p), 2);
	endpoint_apply(p, 77, XT_PEER_ENDPOINT_ANSWER);
	assert_int_equal(endpoint_last(p), 2);
	p->now.mono += 200 * XT_SECOND;
	endpoint_apply(p, 77, XT_PEER_ENDPOINT_ANSWER);
	assert_int_equal(endpoint_last(p), 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		an_answer_is_used_by_a_peer_without_endpoint_and_replaced_by_the_next, setup,
		teardown),
	    cmocka_unit_test_setup_teardown(an_answer_never_replaces_an_endpoint_that_was_set,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(
		an_answer_replaces_a_learned_endpoint_only_after_its_session, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
