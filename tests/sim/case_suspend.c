/* A host sleeps: its monotonic clock runs on, its keys grow old, its timers did not fire. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

static void sleeps(struct sim *sim, uint64_t ns, bool timer_first)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	sim_meet(sim, alice, bob);
	p = sim_stream(sim, bob, alice, 100, SIM_S, 0);
	sim_run(sim, 20 * SIM_S);
	sim_suspend(alice);
	sim_run(sim, ns);
	sim_wake(alice, timer_first);
	SIM_CHECK(sim, sim_lost(sim, p, 100) >= 50);
	p = sim_send(sim, alice, bob, 0);
	sim_arrives(sim, p, 100 * SIM_MS); /* the watch sees that no old key is used */
	sim_meet(sim, bob, alice);
}

SIM_CASE(suspend_for_10_minutes_timer_first)
{
	sleeps(sim, 600 * SIM_S, true);
}

SIM_CASE(suspend_for_10_minutes_packet_first)
{
	sleeps(sim, 600 * SIM_S, false);
}

SIM_CASE(suspend_for_a_minute_keeps_the_session)
{
	sleeps(sim, 60 * SIM_S, false);
	SIM_SAME(sim, sim->nodes[0]->events[XT_EVENT_SESSION_NEW] <= 2, 1);
}

SIM_CASE(suspend_of_both_for_a_week)
{
	struct sim_node *alice, *bob;

	sim_two(sim, &alice, &bob);
	sim_set_keepalive(alice, bob, 25);
	sim_run(sim, 100 * SIM_S);
	sim_suspend(alice);
	sim_suspend(bob);
	sim_run(sim, 7 * 86400 * SIM_S);
	sim_wake(bob, sim_chance(sim, 500));
	sim_run(sim, sim_below(sim, SIM_S));
	sim_wake(alice, sim_chance(sim, 500));
	sim_meet(sim, alice, bob);
}
