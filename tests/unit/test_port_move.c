/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* A device whose port has changed: keepalives at once, and a wait for the peers with a session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/port_move.h"
#include "device_pair.h"

static void a_peer_is_waited_for_until_it_is_heard_at_the_new_port(void **state)
{
	struct pair *p = *state;
	uint64_t before;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
	xt_port_move_begin(p->a.dev);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_MORE);
	before = verdict_count(&p->b, XT_TAKEN_KEEPALIVE);
	traffic_send(p, &p->a, &p->b);
	assert_int_equal(verdict_count(&p->b, XT_TAKEN_KEEPALIVE), before + 1);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_WAITS);
	p->b.path.old_port = true; /* it still sends to the old one */
	packet_send(p, &p->b, &p->a, 100);
	assert_int_equal(p->delivered, 2);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_WAITS);
	p->b.path.old_port = false;
	packet_send(p, &p->b, &p->a, 100);
	assert_int_equal(p->delivered, 3);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_OVER);
}

static void without_a_session_nothing_is_sent_or_waited_for(void **state)
{
	struct pair *p = *state;

	xt_port_move_begin(p->a.dev);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_MORE);
	traffic_send(p, &p->a, &p->b);
	assert_int_equal(p->datagrams, 0);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_OVER);
}

static void a_peer_that_is_removed_is_not_waited_for(void **state)
{
	struct pair *p = *state;
	struct xt_change change;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	xt_port_move_begin(p->a.dev);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_MORE);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_WAITS);
	xt_change_init(&change);
	xt_change_peer(&change, &p->b.pub)->set = XT_PEER_REMOVE;
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &change), 0);
	xt_change_clear(&change);
	assert_int_equal(xt_port_move_step(p->a.dev, p->now, 8), XT_PORT_OVER);
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PAIR_TEST(a_peer_is_waited_for_until_it_is_heard_at_the_new_port),
	    PAIR_TEST(without_a_session_nothing_is_sent_or_waited_for),
	    PAIR_TEST(a_peer_that_is_removed_is_not_waited_for),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
