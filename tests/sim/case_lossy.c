/* SPDX-License-Identifier: MIT */
/* Long transfers over bad networks, also with all events at the same time. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

static void transfer_run(struct sim *sim, uint32_t loss, uint32_t n, uint64_t gap)
{
	struct sim_node *alice, *bob;
	uint32_t p, q, most;

	most = n * (loss + sim->net->all.corrupt + 30) / 1000 + 20;
	sim->timer_late = 2 * SIM_MS;
	sim->net->all.jitter = 20 * SIM_MS;
	sim->net->all.loss = loss;
	sim->net->all.reorder = 100;
	sim->net->all.duplicate = 50;
	sim_pair_new(sim, &alice, &bob);
	p = sim_stream_start(sim, alice, bob, n, gap, 0);
	q = sim_stream_start(sim, bob, alice, n, gap, 0);
	sim_run(sim, n * gap + SIM_S);
	SIM_RANGE(sim, sim_stream_lost(sim, p, n), 0, most);
	SIM_RANGE(sim, sim_stream_lost(sim, q, n), 0, most);
	sim_run(sim, 600 * SIM_S);
	SIM_SAME(sim, xt_scheduler_deadline(alice->scheduler), XT_NEVER);
	SIM_SAME(sim, sim_node_keypairs(alice) + sim_node_keypairs(bob), 0);
}

SIM_CASE(transfer_over_a_clean_network_with_jitter)
{
	transfer_run(sim, 0, 20000, 20 * SIM_MS);
}

SIM_CASE(transfer_over_a_network_that_loses_5_percent)
{
	transfer_run(sim, 50, 20000, 20 * SIM_MS);
}

SIM_CASE(transfer_over_a_network_that_loses_20_percent)
{
	transfer_run(sim, 200, 20000, 20 * SIM_MS);
}

SIM_CASE(transfer_over_a_network_that_damages_datagrams)
{
	sim->net->all.corrupt = 100;
	transfer_run(sim, 100, 10000, 40 * SIM_MS);
}

/* The socket blocks again and again: packets wait and none is lost. */
SIM_CASE(transfer_through_sockets_that_are_often_full)
{
	struct sim_node *alice, *bob;
	struct sim_streams both;
	uint32_t p, n = 20000;

	sim_pair_new(sim, &alice, &bob);
	alice->full = bob->full = 300;
	both = sim_streams_start(sim, alice, bob, n, 10 * SIM_MS);
	sim_run(sim, 201 * SIM_S);
	SIM_SAME(sim, sim_streams_lost(sim, &both), 0);
	SIM_RANGE(sim, alice->events[XT_EVENT_SESSION_NEW], 2, 4);
	p = sim_stream_start(sim, alice, bob, n, 100 * SIM_US, 0); /* more than it can send */
	sim_run(sim, 20 * SIM_S);
	SIM_CHECK(sim, sim_stream_lost(sim, p, n) < n);
	alice->full = bob->full = 0;
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(transfer_while_everything_happens)
{
	struct sim_node *alice, *bob;
	struct sim_nat *nat = sim_nat_new(sim, 30 * SIM_S);
	uint32_t p, q, n = 30000;

	sim->timer_late = 2 * SIM_MS;
	sim->net->all = (struct sim_link){.delay = 20 * SIM_MS,
					  .jitter = 10 * SIM_MS,
					  .loss = 30,
					  .reorder = 50,
					  .duplicate = 20,
					  .corrupt = 20};
	sim_pair_new(sim, &alice, &bob);
	alice->nat = nat;
	p = sim_stream_start(sim, alice, bob, n, 50 * SIM_MS, 0);
	q = sim_stream_start(sim, bob, alice, n, 50 * SIM_MS, 0);
	for (int i = 0; i < 150; i++) {
		sim_run(sim, 10 * SIM_S);
		switch (sim_random_below(sim, 8)) {
		case 0:
			sim_nat_rebind(sim, nat);
			break;
		case 1:
			sim_node_off(bob);
			sim_node_on(bob);
			break;
		case 2:
			sim_node_suspend(alice);
			sim_run(sim, sim_random_below(sim, 20 * SIM_S));
			sim_node_wake(alice, sim_random_chance(sim, 500));
			break;
		case 3:
			sim_link_cut(sim, alice, bob, !sim_link_get(sim, alice, bob)->cut);
			break;
		case 4:
			alice->wall_shift -= 3600ll * (int64_t)SIM_S;
			break;
		case 5:
			sim_node_move(alice);
			break;
		default:
			break;
		}
	}
	SIM_CHECK(sim, sim_stream_lost(sim, p, n) < n && sim_stream_lost(sim, q, n) < n);
	sim_link_cut(sim, alice, bob, false);
	sim->net->all = (struct sim_link){.delay = 5 * SIM_MS};
	*sim_link_get(sim, alice, bob) = *sim_link_get(sim, bob, alice) = sim->net->all;
	sim_run(sim, 200 * SIM_S);
	sim_pair_exchange(sim, alice, bob);
}
