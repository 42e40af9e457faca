/* SPDX-License-Identifier: MIT */
/* Timers: retries and their end, keepalives, detection of silence, erasure of keys. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

SIM_CASE(initiator_gives_up_after_90s)
{
	struct sim_node *alice, *bob;
	uint64_t start = sim->now, sent;

	sim_pair_new(sim, &alice, &bob);
	sim_link_cut(sim, alice, bob, true);
	sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 120 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_HANDSHAKE_GAVE_UP], 1);
	/* retries come 5 s and up to a third after each other */
	SIM_RANGE(sim, alice->last_event[XT_EVENT_HANDSHAKE_GAVE_UP] - start, 90 * SIM_S,
		  102 * SIM_S);
	SIM_RANGE(sim, alice->sent[SIM_INITIATION], 16, 20);
	SIM_SAME(sim, sim_peer_state(alice, bob).staged, 0);
	SIM_SAME(sim, sim_node_verdict(alice, XT_DROP_STAGED_LOST), 1);
	sent = alice->sent[SIM_INITIATION];
	sim_run(sim, 3600 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], sent);
	SIM_SAME(sim, xt_scheduler_deadline(alice->scheduler), XT_NEVER);
	sim_link_cut(sim, alice, bob, false);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(retries_are_spread_by_jitter)
{
	struct sim_node *alice, *bob;
	uint64_t last, gap, least = UINT64_MAX, most = 0;

	sim_pair_new(sim, &alice, &bob);
	sim_link_cut(sim, alice, bob, true);
	sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	for (int i = 0; i < 12; i++) {
		last = alice->last_sent[SIM_INITIATION];
		while (alice->last_sent[SIM_INITIATION] == last)
			sim_run(sim, SIM_MS);
		gap = alice->last_sent[SIM_INITIATION] - last;
		SIM_RANGE(sim, gap, XT_REKEY_TIMEOUT, XT_REKEY_TIMEOUT + XT_REKEY_JITTER);
		least = gap < least ? gap : least;
		most = gap > most ? gap : most;
	}
	SIM_CHECK(sim, most - least > 10 * SIM_MS);
}

SIM_CASE(passive_keepalive_after_10s)
{
	struct sim_node *alice, *bob;
	uint64_t sent;

	sim_pair_new(sim, &alice, &bob);
	sim_packet_await(sim, sim_packet_send(sim, alice, bob, 0), 20 * SIM_MS);
	sent = sim->now;
	sim_run(sim, 100 * SIM_S);
	SIM_SAME(sim, bob->keepalives, 1);
	SIM_RANGE(sim, bob->last_keepalive - sent, 10 * SIM_S - SIM_MS, 10 * SIM_S + SIM_MS);
	SIM_SAME(sim, alice->keepalives, 0); /* a keepalive is not answered */
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
}

SIM_CASE(one_way_traffic_is_acknowledged_each_10s)
{
	struct sim_node *alice, *bob;
	uint32_t first;

	sim_pair_new(sim, &alice, &bob);
	first = sim_stream_start(sim, alice, bob, 1000, 100 * SIM_MS, 0);
	sim_run(sim, 100 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, first, 1000), 0);
	SIM_RANGE(sim, bob->keepalives, 8, 11);
	SIM_SAME(sim, alice->sent[SIM_INITIATION],
		 1); /* so alice does not suspect that bob is gone */
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 0);
}

SIM_CASE(two_way_traffic_needs_no_keepalive)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_stream_start(sim, alice, bob, 200, 500 * SIM_MS, 0);
	sim_stream_start(sim, bob, alice, 200, 500 * SIM_MS, 0);
	sim_run(sim, 99 * SIM_S);
	SIM_SAME(sim, alice->keepalives + bob->keepalives, 0);
}

SIM_CASE(silence_starts_a_new_handshake_after_15s)
{
	struct sim_node *alice, *bob;
	uint64_t cut;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 20 * SIM_S);
	sim_link_cut(sim, alice, bob, true);
	cut = sim->now;
	sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 16 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 2);
	SIM_RANGE(sim, alice->last_sent[SIM_INITIATION] - cut, 15 * SIM_S, 15400 * SIM_MS);
	sim_link_cut(sim, alice, bob, false);
	sim_run(sim, 6 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 2);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(persistent_keepalive_keeps_its_interval)
{
	struct sim_node *alice, *bob;
	uint64_t last, most = 0;

	sim_pair_new(sim, &alice, &bob);
	sim_peer_set_keepalive(alice, bob, 25); /* initiates at once, without a session */
	sim_run(sim, SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_CHECK(sim, sim_peer_state(bob, alice).session);
	for (int i = 0; i < 1800; i++) {
		last = alice->last_keepalive;
		sim_run(sim, SIM_S);
		if (alice->last_keepalive != last && alice->last_keepalive - last > most)
			most = alice->last_keepalive - last;
	}
	SIM_RANGE(sim, most, 24 * SIM_S, 25 * SIM_S + 100 * SIM_MS);
	SIM_RANGE(sim, alice->keepalives, 72, 92);
	SIM_CHECK(sim, sim_peer_state(alice, bob).session && sim_peer_state(bob, alice).session);
	SIM_RANGE(sim, alice->sent[SIM_INITIATION], 12, 16); /* a key lasts 120 s to 145 s */
	sim_peer_set_keepalive(alice, bob, 0);
	sim_run(sim, 600 * SIM_S);
	last = alice->keepalives;
	sim_run(sim, 600 * SIM_S);
	SIM_SAME(sim, alice->keepalives, last);
}

SIM_CASE(persistent_keepalive_turned_on_sends_at_once)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 30 * SIM_S);
	SIM_SAME(sim, alice->keepalives, 1); /* the passive one */
	sim_peer_set_keepalive(alice, bob, 60);
	sim_run(sim, 10 * SIM_MS);
	SIM_SAME(sim, alice->keepalives, 2);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
}

/* At intervals below REKEY_TIMEOUT every keepalive comes due while no initiation is allowed. */
SIM_CASE(persistent_keepalive_never_stops_calling_a_peer_that_is_away)
{
	static const uint16_t intervals[] = {1, 2, 3, 4, 5, 6, 25};
	struct sim_node *alice, *bob;
	uint64_t sent;

	sim_pair_new(sim, &alice, &bob);
	for (size_t i = 0; i < sizeof(intervals) / sizeof(*intervals); i++) {
		sim_link_cut(sim, alice, bob, true);
		sim_peer_set_keepalive(alice, bob, 0);
		sim_run(sim, 600 * SIM_S);
		sim_peer_set_keepalive(alice, bob, intervals[i]);
		for (int minute = 0; minute < 10; minute++) {
			sent = alice->sent[SIM_INITIATION];
			sim_run(sim, 60 * SIM_S);
			SIM_RANGE(sim, alice->sent[SIM_INITIATION] - sent, 7, 12);
		}
		sim_link_cut(sim, alice, bob, false);
		sim_run(sim, 40 * SIM_S);
		SIM_CHECK(sim, sim_peer_state(alice, bob).session);
	}
}

SIM_CASE(keys_are_erased_after_540s)
{
	struct sim_node *alice, *bob;
	uint64_t start;

	sim_session_new(sim, &alice, &bob);
	start = sim->now;
	sim_run(sim, 539 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_KEYS_ERASED], 0);
	sim_run(sim, 2 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_KEYS_ERASED], 1);
	SIM_SAME(sim, bob->events[XT_EVENT_KEYS_ERASED], 1);
	SIM_RANGE(sim, alice->last_event[XT_EVENT_KEYS_ERASED] - start, 539 * SIM_S, 541 * SIM_S);
	SIM_SAME(sim, sim_node_keypairs(alice) + sim_node_keypairs(bob), 0);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(nothing_to_do_means_no_deadline)
{
	struct sim_node *alice, *bob;
	uint64_t wakes;

	sim_pair_new(sim, &alice, &bob);
	SIM_SAME(sim, xt_scheduler_deadline(alice->scheduler), XT_NEVER);
	sim_run(sim, 600 * SIM_S);
	SIM_SAME(sim, alice->wakes + bob->wakes, 0);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 600 * SIM_S);
	SIM_SAME(sim, xt_scheduler_deadline(alice->scheduler), XT_NEVER);
	SIM_SAME(sim, xt_scheduler_deadline(bob->scheduler), XT_NEVER);
	SIM_CHECK(sim, alice->wakes + bob->wakes <= 12);
	wakes = alice->wakes + bob->wakes;
	sim_run(sim, 36000 * SIM_S);
	SIM_SAME(sim, alice->wakes + bob->wakes, wakes);
}
