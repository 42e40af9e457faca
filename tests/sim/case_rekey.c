/* SPDX-License-Identifier: MIT */
/* Keys are renewed in time and never used after their end. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

SIM_CASE(rekey_at_120s_without_losing_a_packet)
{
	struct sim_node *alice, *bob;
	uint32_t p, q, n = 3000;

	sim_pair_new(sim, &alice, &bob);
	p = sim_stream_start(sim, alice, bob, n, 100 * SIM_MS, 0);
	sim_run(sim, 50 * SIM_MS);
	q = sim_stream_start(sim, bob, alice, n, 100 * SIM_MS, 0);
	sim_run(sim, 119 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	sim_run(sim, 2 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 2);
	sim_run(sim, 180 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p, n) + sim_stream_lost(sim, q, n), 0);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 3);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 0);
	SIM_RANGE(sim, sim_node_keypairs(alice), 2, 2);
}

/* Sides that began together must neither both rekey together nor both wait for the other. */
static void both_begin_at_once(struct sim *sim)
{
	struct sim_node *alice, *bob;
	uint32_t p, q, n = 40000;

	sim_pair_new(sim, &alice, &bob);
	p = sim_stream_start(sim, alice, bob, n, 10 * SIM_MS, SIM_MIN6);
	sim_run(sim, sim_random_below(sim, sim->net->all.delay));
	q = sim_stream_start(sim, bob, alice, n, 10 * SIM_MS, SIM_MIN6);
	sim_run(sim, 401 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p, n) + sim_stream_lost(sim, q, n), 0);
	SIM_RANGE(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 4, 6);
}

SIM_CASE(rekey_after_both_began_at_once_loses_nothing)
{
	sim->net->all.delay = 50 * SIM_MS;
	both_begin_at_once(sim);
}

SIM_CASE(rekey_after_both_began_at_once_out_of_order_loses_nothing)
{
	sim->net->all.delay = 50 * SIM_MS;
	sim->net->all.jitter = 50 * SIM_MS;
	both_begin_at_once(sim);
}

SIM_CASE(rekey_under_one_way_traffic_loses_nothing)
{
	struct sim_node *alice, *bob;
	uint32_t p, n = 4000;

	sim_session_new(sim, &alice, &bob); /* alice initiates, bob sends */
	p = sim_stream_start(sim, bob, alice, n, 100 * SIM_MS, 0);
	sim_run(sim, 401 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p, n), 0);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 0);
	SIM_RANGE(sim, alice->sent[SIM_INITIATION], 3, 4);
}

SIM_CASE(no_data_on_an_expired_key)
{
	struct sim_node *alice, *bob;
	uint32_t p, q;

	sim_session_new(sim, &alice, &bob);
	sim_rule_add(sim, NULL, NULL, SIM_INITIATION, 0, 0, SIM_DROP);
	p = sim_stream_start(sim, alice, bob, 300, SIM_S, 0);
	q = sim_stream_start(sim, bob, alice, 300, SIM_S, 0);
	sim_run(sim, 299 * SIM_S); /* watch.c checks the age of the key */
	SIM_SAME(sim, sim_stream_lost(sim, p, 179) + sim_stream_lost(sim, q, 179), 0);
	SIM_SAME(sim, sim_stream_lost(sim, p + 180, 120) + sim_stream_lost(sim, q + 180, 120), 240);
	sim_rule_clear(sim);
	sim_run(sim, 7 * SIM_S);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(data_that_comes_on_an_expired_key_is_refused)
{
	struct sim_node *alice, *bob;
	uint32_t p, q;

	sim_session_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_DATA, 0, 2, SIM_HOLD);
	/* Both sides miss an answer after 15 s: two simultaneous handshakes would replace the
	 * session. */
	sim_rule_add(sim, bob, alice, SIM_INITIATION, 0, 0, SIM_DROP);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	q = sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 175 * SIM_S);
	sim_held_resend(sim, 0);
	sim_run(sim, 10 * SIM_S);
	SIM_CHECK(sim, sim_packet_arrived(sim, p));
	sim_held_resend(sim, 1);
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_packet_arrived(sim, q));
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_EXPIRED), 1);
}

SIM_CASE(data_of_the_previous_key_is_still_read)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 110 * SIM_S);
	p = sim_packet_send_held(sim, alice, bob);
	sim_run(sim, 12 * SIM_S);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 2);
	sim_pair_exchange(sim, alice, bob);
	sim_held_resend(sim, 0);
	sim_packet_await(sim, p, SIM_S);
}

SIM_CASE(psk_change_reaches_the_next_handshake_without_dropping_the_session)
{
	struct sim_node *alice, *bob;
	struct sim_streams both;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	both = sim_streams_start(sim, alice, bob, 1400, 100 * SIM_MS);
	sim_run(sim, 10 * SIM_S);
	sim_peer_set_psk(alice, bob, 7);
	sim_run(sim, 10 * SIM_S);
	sim_peer_set_psk(bob, alice, 7);
	sim_run(sim, 90 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 1);
	sim_run(sim, 31 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 2);
	SIM_SAME(sim, sim_streams_lost(sim, &both), 0);
	sim_peer_set_psk(bob, alice, 8); /* on one side only: takes effect at the next handshake */
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 300 * SIM_S);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 20 * SIM_S);
	SIM_CHECK(sim, !sim_packet_arrived(sim, p));
}
