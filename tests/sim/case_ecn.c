/* SPDX-License-Identifier: MIT */
/* Congestion marks pass through the tunnel (RFC 6040). */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

SIM_CASE(outer_congestion_mark_reaches_the_inner_header)
{
	struct sim_node *alice, *bob;
	uint32_t p[8];

	sim_session_new(sim, &alice, &bob);
	for (unsigned i = 0; i < 8; i++) {
		p[i] = sim_packet_send_as(sim, alice, alice, bob, 0, i & 1, (uint8_t)(i >> 1));
		sim_packet_await(sim, p[i], SIM_S);
		SIM_SAME(sim, sim->flow->packets[p[i]].ecn_got, i >> 1);
	}
	sim_link_get(sim, alice, bob)->ce = 1000;
	for (unsigned i = 0; i < 8; i++) {
		p[i] = sim_packet_send_as(sim, alice, alice, bob, 0, i & 1, (uint8_t)(i >> 1));
		sim_packet_await(sim, p[i], SIM_S);
		SIM_SAME(sim, sim->flow->packets[p[i]].ecn_got, i >> 1 ? 3 : 0);
	}
}

SIM_CASE(staged_packets_keep_their_marks)
{
	struct sim_node *alice, *bob;

	sim_pair_new(sim, &alice, &bob);
	sim_link_get(sim, alice, bob)->ce = 1000;
	for (unsigned i = 0; i < 8; i++)
		sim_packet_send_as(sim, alice, alice, bob, 0, i & 1, (uint8_t)(i >> 1));
	sim_run(sim, SIM_S);
	for (unsigned i = 0; i < 8; i++)
		SIM_SAME(sim, sim->flow->packets[i].ecn_got, i >> 1 ? 3 : 0);
}

SIM_CASE(congestion_mark_on_a_packet_without_ecn_drops_it)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	p = sim_packet_send_held(sim, alice, bob);
	sim_run(sim, SIM_S);
	sim->net->held[0]->ecn = 3;
	sim_held_resend(sim, 0);
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_packet_arrived(sim, p));
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_ECN), 1);
}
