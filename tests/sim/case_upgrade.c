/* SPDX-License-Identifier: MIT */
/* Another process goes on with the snapshot of a tunnel. watch.c checks on the wire that no counter
 * is used twice with a key: an upgrade is no restart to it. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

/* Upgrades of a and b in turn, n of them, at random times of that mean distance. */
static void upgrade_often(struct sim *sim, struct sim_node *a, struct sim_node *b, unsigned n,
			  uint64_t gap)
{
	for (unsigned i = 0; i < n; i++) {
		sim_run(sim, sim_random_below(sim, 2 * gap));
		sim_node_upgrade(i % 2 ? a : b);
	}
}

SIM_CASE(upgrades_in_mid_session_lose_nothing_and_handshake_never)
{
	struct sim_node *alice, *bob;
	struct sim_streams both;

	sim->net->all.delay = 20 * SIM_MS;
	sim_session_new(sim, &alice, &bob);
	both = sim_streams_start(sim, alice, bob, 4000, 10 * SIM_MS);
	upgrade_often(sim, alice, bob, 50, 700 * SIM_MS);
	sim_run(sim, 45 * SIM_S);
	SIM_SAME(sim, sim_streams_lost(sim, &both), 0);
	SIM_SAME(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 1);
	SIM_SAME(sim,
		 sim_node_verdict(alice, XT_DROP_REPLAY) + sim_node_verdict(bob, XT_DROP_REPLAY),
		 0);
}

SIM_CASE(upgrades_among_loss_reordering_and_duplicates_lose_no_more)
{
	struct sim_node *alice, *bob;
	struct sim_streams both;
	uint32_t lost;

	sim_session_new(sim, &alice, &bob);
	sim->net->all.delay = 30 * SIM_MS;
	sim->net->all.jitter = 20 * SIM_MS;
	sim->net->all.reorder = 200;
	sim->net->all.duplicate = 100;
	both = sim_streams_start(sim, alice, bob, 3000, 10 * SIM_MS);
	upgrade_often(sim, alice, bob, 40, 700 * SIM_MS);
	sim_run(sim, 35 * SIM_S);
	SIM_SAME(sim, sim_streams_lost(sim, &both), 0);
	sim->net->all.loss = 50;
	both = sim_streams_start(sim, alice, bob, 3000, 10 * SIM_MS);
	upgrade_often(sim, alice, bob, 40, 700 * SIM_MS);
	sim_run(sim, 35 * SIM_S);
	lost = sim_streams_lost(sim, &both);
	SIM_RANGE(sim, lost, 1, 6000 * 9 / 100);
	SIM_SAME(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 1);
}

SIM_CASE(a_datagram_from_before_an_upgrade_is_a_replay_after_it)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_DATA, 0, 1, SIM_COPY);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_packet_await(sim, p, SIM_S);
	sim_node_upgrade(bob);
	sim_held_resend(sim, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_REPLAY), 1);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(staged_packets_are_delivered_by_the_next_process)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	sim_link_cut(sim, alice, bob, true);
	p = sim_packet_send(sim, alice, bob, 0);
	(void)sim_packet_send(sim, alice, bob, 1200);
	sim_run(sim, SIM_S);
	sim_node_upgrade(alice);
	sim_link_cut(sim, alice, bob, false);
	sim_packet_await(sim, p, 6 * SIM_S); /* the retransmission that was due */
	sim_packet_await(sim, p + 1, SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 2);
}

SIM_CASE(an_initiation_under_way_completes_over_an_upgrade)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim->net->all.delay = 100 * SIM_MS;
	sim_pair_new(sim, &alice, &bob);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 50 * SIM_MS);
	sim_node_upgrade(alice);
	sim_run(sim, 100 * SIM_MS);
	sim_node_upgrade(bob); /* its session is not confirmed yet */
	sim_packet_await(sim, p, SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 1);
}

SIM_CASE(keys_are_renewed_and_end_on_time_over_upgrades)
{
	struct sim_node *alice, *bob;
	struct sim_streams both;

	sim_session_new(sim, &alice, &bob);
	both = sim_streams_start(sim, alice, bob, 3000, 100 * SIM_MS);
	sim_run(sim, 100 * SIM_S);
	upgrade_often(sim, alice, bob, 4, 2 * SIM_S);
	sim_run(sim, 119 * SIM_S - (sim->now - alice->last_sent[SIM_INITIATION]));
	SIM_SAME(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 1);
	sim_run(sim, 2 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 2);
	sim_run(sim, 200 * SIM_S);
	SIM_SAME(sim, sim_streams_lost(sim, &both), 0);
	sim_node_upgrade(alice);
	sim_run(sim, 3 * XT_REJECT_AFTER_TIME + SIM_S);
	SIM_SAME(sim, sim_node_keypairs(alice), 0);
}

SIM_CASE(a_persistent_keepalive_keeps_its_pace_over_an_upgrade)
{
	struct sim_node *alice, *bob;
	uint64_t last;

	sim_session_new(sim, &alice, &bob);
	sim_peer_set_keepalive(alice, bob, 25);
	sim_run(sim, 60 * SIM_S);
	last = alice->last_keepalive;
	sim_node_upgrade(alice);
	sim_run(sim, last + 26 * SIM_S - sim->now);
	SIM_RANGE(sim, alice->last_keepalive, last + 24 * SIM_S, last + 26 * SIM_S);
}
