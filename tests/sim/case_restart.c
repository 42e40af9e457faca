/* One side forgets everything. The other one talks on; it must not be left in the dark. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <string.h>

static void restart(struct sim_node *node)
{
	sim_off(node);
	sim_on(node);
}

SIM_CASE(restarted_side_that_is_talked_to_starts_at_once)
{
	struct sim_node *alice, *bob;
	uint64_t from = sim->now, at;
	uint32_t p, q;

	sim_two(sim, &alice, &bob);
	p = sim_stream(sim, alice, bob, 6000, 5 * SIM_MS, 0);
	sim_run(sim, 10 * SIM_S);
	restart(bob);
	at = sim->now;
	sim_run(sim, 10 * SIM_S);
	restart(alice);
	sim_run(sim, 11 * SIM_S);
	q = p + (uint32_t)((at - from) / (5 * SIM_MS)); /* the first after the restart */
	SIM_CHECK(sim, sim_lost(sim, p, q - p) <= 1 + 5);
	SIM_CHECK(sim, sim_lost(sim, q, 20) > 0);
	SIM_SAME(sim, sim_lost(sim, q + 20, 1900), 0); /* 100 ms later all is well */
	SIM_SAME(sim, bob->events[XT_EVENT_RESTART_NOTICED], 1);
	SIM_CHECK(sim, sim_lost(sim, p, 6000) < 60);
}

SIM_CASE(restarted_side_that_talks_is_heard_at_once)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	for (int i = 0; i < 10; i++) {
		sim_meet(sim, alice, bob);
		sim_run(sim,
			100 * SIM_MS + sim_below(sim, 3 * SIM_S)); /* not faster than 20 a second */
		restart(bob);
		p = sim_send(sim, bob, alice, 0);
		sim_arrives(sim, p, 20 * SIM_MS);
	}
}

SIM_CASE(a_stranger_cannot_make_us_initiate_more_than_once_in_5s)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint src, dst;
	uint8_t msg[64] = {4, 0, 0, 0};
	uint64_t initiations;

	alice = sim_node(sim, "alice");
	bob = sim_node(sim, "bob");
	sim_peer(alice, bob, SIM_KNOWS);
	sim_peer(bob, alice, SIM_KNOWS);
	src = sim_endpoint(alice, false);
	dst = sim_endpoint(bob, false);
	sim_off(alice);
	for (int i = 0; i < 3000; i++) {
		uint64_t r = sim_random(sim);

		memcpy(msg + 4, &r, 4);
		sim_net_forge(sim, &src, &dst, msg, sizeof(msg));
		sim_run(sim, 10 * SIM_MS);
	}
	initiations = bob->sent[SIM_INITIATION];
	SIM_RANGE(sim, initiations, 1, 7);
	src.port++; /* nobody's endpoint */
	sim_run(sim, 200 * SIM_S);
	initiations = bob->sent[SIM_INITIATION];
	for (int i = 0; i < 100; i++)
		sim_net_forge(sim, &src, &dst, msg, sizeof(msg));
	sim_run(sim, 10 * SIM_S);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], initiations);
}

/* The restarted side does not know where its peer is: the peer's own timer must find out. */
SIM_CASE(restarted_side_without_endpoint_is_found_after_15s)
{
	struct sim_node *alice = sim_node(sim, "alice"), *bob = sim_node(sim, "bob");
	uint64_t at;
	uint32_t p;

	sim_peer(alice, bob, SIM_KNOWS);
	sim_peer(bob, alice, 0);
	sim_meet(sim, alice, bob);
	sim_run(sim, SIM_S);
	restart(bob);
	at = sim->now;
	p = sim_stream(sim, alice, bob, 2000, 10 * SIM_MS, 0);
	sim_run(sim, 21 * SIM_S);
	SIM_RANGE(sim, alice->last_sent[SIM_INITIATION] - at, 15 * SIM_S, 15500 * SIM_MS);
	SIM_SAME(sim, sim_lost(sim, p + 1600, 400), 0);
}
