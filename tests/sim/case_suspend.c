/* SPDX-License-Identifier: MIT */
/* A suspended host: its monotonic clock continues and its keys age, but its timers do not fire. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

static void suspend_run(struct sim *sim, uint64_t ns, bool timer_first)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	p = sim_stream_start(sim, bob, alice, 100, SIM_S, 0);
	sim_run(sim, 20 * SIM_S);
	sim_node_suspend(alice);
	sim_run(sim, ns);
	sim_node_wake(alice, timer_first);
	SIM_CHECK(sim, sim_stream_lost(sim, p, 100) >= 50);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_packet_await(sim, p, 100 * SIM_MS); /* watch.c checks that no expired key is used */
	sim_pair_exchange(sim, bob, alice);
}

SIM_CASE(suspend_for_10_minutes_timer_first)
{
	suspend_run(sim, 600 * SIM_S, true);
}

SIM_CASE(suspend_for_10_minutes_packet_first)
{
	suspend_run(sim, 600 * SIM_S, false);
}

SIM_CASE(suspend_for_a_minute_keeps_the_session)
{
	suspend_run(sim, 60 * SIM_S, false);
	SIM_SAME(sim, sim->nodes[0]->events[XT_EVENT_SESSION_NEW] <= 2, 1);
}

SIM_CASE(suspend_of_both_for_a_week)
{
	struct sim_node *alice, *bob;

	sim_pair_new(sim, &alice, &bob);
	sim_peer_set_keepalive(alice, bob, 25);
	sim_run(sim, 100 * SIM_S);
	sim_node_suspend(alice);
	sim_node_suspend(bob);
	sim_run(sim, 7 * 86400 * SIM_S);
	sim_node_wake(bob, sim_random_chance(sim, 500));
	sim_run(sim, sim_random_below(sim, SIM_S));
	sim_node_wake(alice, sim_random_chance(sim, 500));
	sim_pair_exchange(sim, alice, bob);
}
