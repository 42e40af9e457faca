/* SPDX-License-Identifier: MIT */
/* Many peers, and peers that are added and removed. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <stdio.h>
#include <stdlib.h>

/* Each node takes some 5 MiB of addresses, of which a 32-bit process has 3 GiB. */
#define SPOKES (SIZE_MAX > UINT32_MAX ? 500u : 150u)

SIM_CASE(peer_removed_while_its_packets_are_in_flight)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	for (int i = 0; i < 20; i++) {
		sim_stream_start(sim, alice, bob, 200, SIM_MS, 0);
		p = sim_stream_start(sim, bob, alice, 200, SIM_MS, 0);
		sim_run(sim, sim_random_below(sim, 150 * SIM_MS));
		sim_peer_remove(alice, bob);
		SIM_SAME(sim, sim_node_keypairs(alice), 0);
		sim_run(sim, sim_random_below(sim, 6 * SIM_S));
		SIM_CHECK(sim, !sim_packet_arrived(sim, p + 199));
		sim_peer_add(alice, bob, SIM_KNOWS);
		sim_run(sim, sim_random_below(sim, SIM_S));
		p = sim_packet_send(sim, alice, bob, 0);
		sim_packet_await(sim, p, 6 * SIM_S);
	}
}

SIM_CASE(peer_removed_with_staged_packets_and_an_open_handshake)
{
	struct sim_node *alice, *bob;

	sim_pair_new(sim, &alice, &bob);
	sim_rule_add(sim, bob, alice, SIM_RESPONSE, 0, 1, SIM_HOLD);
	sim_stream_start(sim, alice, bob, 50, SIM_MS, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_peer_state(alice, bob).staged, 50);
	sim_peer_remove(alice, bob);
	sim_held_resend(sim, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, xt_scheduler_deadline(alice->scheduler), XT_NEVER);
	SIM_SAME(sim, sim_node_keypairs(alice), 0);
	sim_peer_add(alice, bob, SIM_KNOWS);
	sim_pair_exchange(sim, alice, bob);
}

static struct sim_node *star_new(struct sim *sim, struct sim_node **spokes, unsigned n)
{
	struct sim_node *hub = sim_node_new(sim, "hub");
	char name[16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "spoke%u", i);
		spokes[i] = sim_node_new(sim, name);
		sim_peer_add(hub, spokes[i], 0);
		sim_peer_add(spokes[i], hub, SIM_KNOWS);
	}
	return hub;
}

SIM_CASE(hundreds_of_peers_on_a_hub)
{
	static struct sim_node *spokes[SPOKES];
	struct sim_node *hub = star_new(sim, spokes, SPOKES);
	uint32_t first = sim->flow->n;

	for (unsigned i = 0; i < SPOKES; i++) {
		sim_packet_send(sim, spokes[i], hub, 0);
		sim_run(sim, 10 * SIM_MS);
	}
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, first, SPOKES), 0);
	first = sim->flow->n;
	for (unsigned i = 0; i < SPOKES; i++)
		sim_packet_send(sim, hub, spokes[i], 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, first, SPOKES), 0);
	SIM_SAME(sim, sim_node_keypairs(hub), SPOKES);
	SIM_SAME(sim, hub->sent[SIM_INITIATION], 0);
	sim_run(sim, 600 * SIM_S);
	SIM_SAME(sim, sim_node_keypairs(hub), 0);
	SIM_SAME(sim, xt_scheduler_deadline(hub->scheduler), XT_NEVER);
}

/* Honest load: every peer gets in by cookies and retries. */
SIM_CASE(hundreds_of_peers_that_begin_at_once)
{
	static struct sim_node *spokes[SPOKES];
	struct sim_node *hub = star_new(sim, spokes, SPOKES);
	uint32_t first = sim->flow->n;

	for (unsigned i = 0; i < SPOKES; i++)
		sim_packet_send(sim, spokes[i], hub, 0);
	sim_run(sim, 30 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, first, SPOKES), 0);
}

static void star_set_endpoints(struct sim_node *hub, struct sim_node **spokes, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct xt_endpoint at = sim_node_endpoint(spokes[i], false);

		sim_peer_set_endpoint(hub, spokes[i], &at);
	}
}

/* As after a start with persistent keepalives: more initiations than one pass can send. */
SIM_CASE(hub_that_initiates_to_all_peers_at_once_reaches_all)
{
	static struct sim_node *spokes[120];
	struct sim_node *hub = star_new(sim, spokes, 120);

	star_set_endpoints(hub, spokes, 120);
	for (unsigned i = 0; i < 120; i++)
		sim_peer_set_keepalive(hub, spokes[i], 25);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, hub->events[XT_EVENT_SESSION_NEW], 120);
	SIM_SAME(sim, hub->sent[SIM_INITIATION], 120);
}

SIM_CASE(hub_that_sends_to_all_peers_at_once_reaches_all)
{
	static struct sim_node *spokes[120];
	struct sim_node *hub = star_new(sim, spokes, 120);

	star_set_endpoints(hub, spokes, 120);
	for (unsigned i = 0; i < 120; i++)
		sim_packet_send(sim, hub, spokes[i], 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, 0, sim->flow->n), 0);
	SIM_SAME(sim, hub->sent[SIM_INITIATION], 120);
}

/* 17 queues of 128 packets fill the pool of all peers. */
SIM_CASE(dead_peers_leave_room_for_the_first_packet_to_a_living_one)
{
	static struct sim_node *spokes[40];
	struct sim_node *hub = star_new(sim, spokes, 40);
	uint32_t p;

	star_set_endpoints(hub, spokes, 40);
	for (unsigned i = 1; i < 40; i++) {
		sim_node_off(spokes[i]);
		for (unsigned k = 0; k < 130; k++)
			sim_packet_send(sim, hub, spokes[i], 0);
		sim_run(sim, 10 * SIM_MS);
	}
	p = sim_packet_send(sim, hub, spokes[0], 0);
	sim_packet_await(sim, p, SIM_S);
	SIM_CHECK(sim, sim_peer_state(hub, spokes[1]).staged >= 20);
}

SIM_CASE(packets_of_several_peers_arrive_at_the_right_one)
{
	struct sim_node *spokes[3], *hub = star_new(sim, spokes, 3);

	for (int i = 0; i < 3; i++)
		sim_pair_exchange(sim, spokes[i], hub);
	for (int i = 0; i < 200; i++) { /* flow.c checks where each packet arrives */
		sim_packet_send(sim, hub, spokes[sim_random_below(sim, 3)], 0);
		sim_packet_send(sim, spokes[sim_random_below(sim, 3)], hub, 0);
		sim_run(sim, 50 * SIM_MS);
	}
	SIM_SAME(sim, sim_stream_lost(sim, 0, sim->flow->n), 0);
}
