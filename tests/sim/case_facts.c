/* SPDX-License-Identifier: MIT */
/* What a report says of links that fail, heal, or are well: a link is accused while it fails, and
 * not any more when it has healed. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

static struct xt_peer_facts facts_of(const struct sim_node *a, const struct sim_node *b)
{
	return sim_peer_state(a, b).facts;
}

/* Of a session that is not being renewed. */
static void nothing_accuses(struct sim *sim, const struct sim_node *a, const struct sim_node *b)
{
	struct xt_peer_facts f = facts_of(a, b);

	SIM_SAME(sim, f.initiations, 0);
	SIM_SAME(sim, f.gave_up, XT_NEVER);
	SIM_SAME(sim, f.response_bad, 0);
	SIM_SAME(sim, f.cookies, 0);
	SIM_SAME(sim, f.answered, 0);
	SIM_SAME(sim, f.old, 0);
	SIM_SAME(sim, f.unknown_sessions, 0);
	SIM_SAME(sim, f.source_refused, 0);
	SIM_SAME(sim, f.icmp_count, 0);
	SIM_SAME(sim, f.send_error, 0);
}

static void both_are_well(struct sim *sim, const struct sim_node *a, const struct sim_node *b)
{
	nothing_accuses(sim, a, b);
	nothing_accuses(sim, b, a);
}

SIM_CASE(link_that_heals_after_losses_is_not_accused)
{
	struct sim_node *alice, *bob;

	sim_pair_new(sim, &alice, &bob);
	sim->net->all.jitter = 50 * SIM_MS;
	sim->net->all.loss = 300;
	sim->net->all.reorder = 100;
	sim->net->all.duplicate = 100;
	sim_streams_start(sim, alice, bob, 16000, 50 * SIM_MS);
	sim_run(sim, 400 * SIM_S);
	sim_link_get(sim, alice, bob)->loss = sim_link_get(sim, bob, alice)->loss = 0;
	sim_run(sim, 2 * (XT_REKEY_AFTER_TIME + 30 * XT_SECOND));
	for (int i = 0;
	     i < 20 && facts_of(alice, bob).initiations + facts_of(bob, alice).initiations; i++)
		sim_run(sim, 50 * SIM_MS);
	both_are_well(sim, alice, bob);
}

SIM_CASE(link_of_which_both_sides_begin_at_once_is_not_accused)
{
	struct sim_node *alice, *bob;

	sim->net->all.delay = 200 * SIM_MS;
	sim_pair_new(sim, &alice, &bob);
	for (int i = 0; i < 5; i++) {
		sim_packet_send(sim, alice, bob, 0);
		sim_run(sim, (uint64_t)i * 60 * SIM_MS);
		sim_packet_send(sim, bob, alice, 0);
		sim_run(sim, 3 * SIM_S);
		both_are_well(sim, alice, bob);
		sim_run(sim, 300 * SIM_S);
		both_are_well(sim, alice, bob);
	}
}

SIM_CASE(idle_link_is_not_accused)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 1000 * SIM_S);
	both_are_well(sim, alice, bob);
	SIM_RANGE(sim, facts_of(alice, bob).heard, 900 * SIM_S, 1000 * SIM_S);
}

SIM_CASE(peer_that_is_off_is_accused_until_it_answers)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_node_off(bob);
	sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 18 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_UNANSWERED], 0);
	SIM_SAME(sim, facts_of(alice, bob).initiations, 1);
	sim_run(sim, 4 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_UNANSWERED], 1);
	sim_run(sim, 200 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_UNANSWERED], 1);
	SIM_CHECK(sim, facts_of(alice, bob).initiations >= 17);
	SIM_CHECK(sim, facts_of(alice, bob).gave_up < 120 * SIM_S);
	sim_node_on(bob);
	sim_run(sim, 100 * SIM_S);
	SIM_CHECK(sim, facts_of(alice, bob).initiations >= 17); /* nothing was to be sent */
	sim_pair_exchange(sim, alice, bob);
	both_are_well(sim, alice, bob);
}

SIM_CASE(answers_that_are_filtered_show_on_both_sides)
{
	struct sim_node *alice, *bob;
	struct xt_peer_facts f;

	sim_pair_new(sim, &alice, &bob);
	sim_link_get(sim, bob, alice)->cut = true;
	sim_stream_start(sim, alice, bob, 60, SIM_S, 0);
	sim_run(sim, 30 * SIM_S);
	f = facts_of(alice, bob);
	SIM_RANGE(sim, f.initiations, 5, 7);
	SIM_SAME(sim, f.heard, XT_NEVER);
	f = facts_of(bob, alice);
	SIM_RANGE(sim, f.answered, 5, 7);
	SIM_SAME(sim, f.initiations, 0);
	SIM_RANGE(sim, f.heard, 0, 6 * SIM_S);
	sim_link_get(sim, bob, alice)->cut = false;
	sim_run(sim, 10 * SIM_S);
	both_are_well(sim, alice, bob);
}

/* Sessions go up in one direction only: bob's data does not arrive any more. */
SIM_CASE(data_that_does_not_come_back_shows_by_both_counters)
{
	struct sim_node *alice, *bob;
	struct xt_peer_facts f;

	sim_session_new(sim, &alice, &bob);
	sim_streams_start(sim, alice, bob, 100, 500 * SIM_MS);
	sim_run(sim, 30 * SIM_S);
	sim_rule_add(sim, bob, alice, SIM_DATA, 0, 0, SIM_DROP);
	sim_run(sim, 20 * SIM_S);
	f = facts_of(alice, bob);
	SIM_RANGE(sim, f.traffic.sent_10s, 18, 42);
	SIM_SAME(sim, f.traffic.received_10s, 0);
	SIM_RANGE(sim, f.traffic.received_60s, 40, 70);
	SIM_RANGE(sim, f.data_received, 19 * SIM_S, 21 * SIM_S);
	f = facts_of(bob, alice);
	SIM_RANGE(sim, f.traffic.received_10s, 18, 42);
}

SIM_CASE(session_of_before_a_restart_is_noted)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_node_off(bob);
	sim_node_on(bob);
	sim_rule_add(sim, bob, alice, SIM_INITIATION, 0, 0, SIM_DROP);
	sim_stream_start(sim, alice, bob, 10, 100 * SIM_MS, 0);
	sim_run(sim, 2 * SIM_S);
	SIM_SAME(sim, facts_of(bob, alice).unknown_sessions, 10);
	SIM_SAME(sim, facts_of(bob, alice).heard, XT_NEVER);
	sim_rule_clear(sim);
	sim_run(sim, 20 * SIM_S);
	both_are_well(sim, alice, bob);
}
