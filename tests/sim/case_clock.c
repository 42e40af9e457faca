/* The wall clock goes back: stamps do not. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#define HOUR (3600 * SIM_S)

SIM_CASE(clock_set_back_while_running_harms_nothing)
{
	struct sim_node *alice, *bob;
	uint32_t p, q, n = 4000;

	sim_two(sim, &alice, &bob);
	p = sim_stream(sim, alice, bob, n, 100 * SIM_MS, 0);
	q = sim_stream(sim, bob, alice, n, 100 * SIM_MS, 0);
	for (int i = 0; i < 40; i++) {
		sim_run(sim, 10 * SIM_S + SIM_MS);
		alice->wall_shift = -(int64_t)sim_below(sim, 1000 * HOUR);
		bob->wall_shift = (int64_t)sim_below(sim, 1000 * HOUR);
	}
	SIM_SAME(sim, sim_lost(sim, p, n) + sim_lost(sim, q, n), 0);
	SIM_SAME(sim, sim_count(bob, XT_DROP_HANDSHAKE_OLD), 0);
}

SIM_CASE(clock_set_back_over_a_restart_needs_the_floor)
{
	struct sim_node *alice, *bob;
	uint64_t floor;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	sim_meet(sim, alice, bob);
	floor = xt_device_timestamp(alice->dev);
	SIM_CHECK(sim, floor > SIM_WALL);
	sim_off(alice);
	alice->wall_shift = -(int64_t)HOUR;
	sim_run(sim, SIM_S);
	sim_on(alice); /* without it, for comparison: bob takes it for a replay */
	p = sim_send(sim, alice, bob, 0);
	sim_run(sim, 4 * SIM_S);
	SIM_CHECK(sim, !sim_got(sim, p));
	SIM_SAME(sim, sim_count(bob, XT_DROP_HANDSHAKE_OLD), 1);
	sim_off(alice);
	sim_on(alice);
	xt_device_timestamp_limits(alice->dev, floor, XT_NEVER);
	p = sim_send(sim, alice, bob, 0);
	sim_arrives(sim, p, 20 * SIM_MS);
}

SIM_CASE(no_initiation_at_or_above_the_bound)
{
	struct sim_node *alice, *bob;
	uint64_t wall = sim_time(sim_node(sim, "clock")).wall;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	xt_device_timestamp_limits(alice->dev, 0, wall + 60 * SIM_S);
	sim_meet(sim, alice, bob);
	sim_run(sim, 400 * SIM_S);
	p = sim_send(sim, alice, bob, 0);
	sim_run(sim, 8 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_CHECK(sim, !sim_got(sim, p));
	xt_device_timestamp_limits(alice->dev, xt_device_timestamp(alice->dev), XT_NEVER);
	sim_arrives(sim, p, 6 * SIM_S); /* by the retry */
}
