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

/* A network that marks everything. */
SIM_CASE(congestion_mark_on_a_packet_without_ecn_is_counted_and_the_packet_arrives)
{
	struct sim_node *alice, *bob;
	uint32_t p[2];

	sim_session_new(sim, &alice, &bob);
	for (unsigned i = 0; i < 2; i++) {
		sim_rule_add(sim, alice, bob, SIM_DATA, 0, 1, SIM_HOLD);
		p[i] = sim_packet_send_as(sim, alice, alice, bob, 0, i, 0);
		sim_run(sim, SIM_S);
		sim->net->held[i]->ecn = 3;
		sim_held_resend(sim, i);
		sim_packet_await(sim, p[i], SIM_S);
		SIM_SAME(sim, sim->flow->packets[p[i]].ecn_got, 0);
		SIM_SAME(sim, sim_node_verdict(bob, XT_PASS_ECN), i + 1);
		sim_rule_clear(sim);
	}
}
