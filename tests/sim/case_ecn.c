/* Congestion marks pass through the tunnel (RFC 6040). */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

SIM_CASE(outer_congestion_mark_reaches_the_inner_header)
{
	struct sim_node *alice, *bob;
	uint32_t p[8];

	sim_two(sim, &alice, &bob);
	sim_meet(sim, alice, bob);
	for (unsigned i = 0; i < 8; i++) {
		p[i] = sim_send_as(sim, alice, alice, bob, 0, i & 1, (uint8_t)(i >> 1));
		sim_arrives(sim, p[i], SIM_S);
		SIM_SAME(sim, sim->flow->packets[p[i]].ecn_got, i >> 1);
	}
	sim_link_of(sim, alice, bob)->ce = 1000;
	for (unsigned i = 0; i < 8; i++) {
		p[i] = sim_send_as(sim, alice, alice, bob, 0, i & 1, (uint8_t)(i >> 1));
		sim_arrives(sim, p[i], SIM_S);
		SIM_SAME(sim, sim->flow->packets[p[i]].ecn_got, i >> 1 ? 3 : 0);
	}
}

SIM_CASE(staged_packets_keep_their_marks)
{
	struct sim_node *alice, *bob;

	sim_two(sim, &alice, &bob);
	sim_link_of(sim, alice, bob)->ce = 1000;
	for (unsigned i = 0; i < 8; i++)
		sim_send_as(sim, alice, alice, bob, 0, i & 1, (uint8_t)(i >> 1));
	sim_run(sim, SIM_S);
	for (unsigned i = 0; i < 8; i++)
		SIM_SAME(sim, sim->flow->packets[i].ecn_got, i >> 1 ? 3 : 0);
}

SIM_CASE(congestion_mark_on_a_packet_that_cannot_bear_it_drops_it)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	sim_meet(sim, alice, bob);
	sim_rule(sim, alice, bob, SIM_DATA, 0, 1, SIM_HOLD);
	p = sim_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	sim->net->bag[0]->ecn = 3;
	sim_again(sim, 0);
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_got(sim, p));
	SIM_SAME(sim, sim_count(bob, XT_DROP_ECN), 1);
}
