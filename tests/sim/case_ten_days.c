/* SPDX-License-Identifier: MIT */
/* Ten days of random traffic. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/memory.h"
#include "sim/net.h"
#include "sim/node.h"

/* A day of bursts from either side after pauses of random length. */
static void day_run(struct sim *sim, struct sim_node *alice, struct sim_node *bob)
{
	uint64_t end = sim->now + 86400 * SIM_S;

	while (sim->now < end) {
		struct sim_node *from = sim_random_chance(sim, 500) ? alice : bob;
		uint32_t n = 1 + (uint32_t)sim_random_below(sim, 60);
		uint64_t gap =
		    sim_random_below(sim, sim_random_chance(sim, 100) ? 5 * SIM_S : 200 * SIM_MS);

		sim_stream_start(sim, from, from == alice ? bob : alice, n, gap, 0);
		sim_run(sim, n * gap + sim_random_below(sim, sim_random_chance(sim, 500)
								 ? 40 * 60 * SIM_S
								 : 200 * SIM_S));
	}
	sim_run(sim, 600 * SIM_S);
}

SIM_CASE(ten_days)
{
	struct sim_node *alice, *bob;
	size_t before, after;

	sim_pair_new(sim, &alice, &bob);
	sim_flow_reserve(sim->flow, 1 << 20);
	day_run(sim, alice, bob);
	before = sim_memory_used();
	for (int i = 1; i < 10; i++)
		day_run(sim, alice, bob);
	after = sim_memory_used();
	SIM_SAME(sim, sim_stream_lost(sim, 0, sim->flow->n), 0);
	SIM_SAME(sim, xt_scheduler_deadline(alice->scheduler), XT_NEVER);
	SIM_SAME(sim, sim_node_keypairs(alice) + sim_node_keypairs(bob), 0);
	/* the tables of the simulation may have grown a little */
	SIM_CHECK(sim, after < before + (1 << 20));
}

SIM_CASE(a_day_of_persistent_keepalive)
{
	struct sim_node *alice, *bob;

	sim_pair_new(sim, &alice, &bob);
	sim_peer_set_keepalive(alice, bob, 25);
	sim_run(sim, 86400 * SIM_S);
	/* a message each 25 s, and a handshake with its confirmation each 125 s or so */
	SIM_RANGE(sim, alice->sent[SIM_DATA], 3400, 4300);
	SIM_RANGE(sim, alice->sent[SIM_INITIATION], 550, 725);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], bob->sent[SIM_RESPONSE]);
	SIM_CHECK(sim, alice->wakes < 3 * 3456);
}
