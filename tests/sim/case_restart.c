/* SPDX-License-Identifier: MIT */
/* One side restarts without its sessions while the other one keeps sending. */
#include "base/addr.h"
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <string.h>

static void node_restart(struct sim_node *node)
{
	sim_node_off(node);
	sim_node_on(node);
}

SIM_CASE(restarted_side_that_receives_initiates_at_once)
{
	struct sim_node *alice, *bob;
	uint64_t from = sim->now, at;
	uint32_t p, q;

	sim_pair_new(sim, &alice, &bob);
	p = sim_stream_start(sim, alice, bob, 6000, 5 * SIM_MS, 0);
	sim_run(sim, 10 * SIM_S);
	node_restart(bob);
	at = sim->now;
	sim_run(sim, 10 * SIM_S);
	node_restart(alice);
	sim_run(sim, 11 * SIM_S);
	q = p + (uint32_t)((at - from) / (5 * SIM_MS)); /* the first one after the restart */
	SIM_CHECK(sim, sim_stream_lost(sim, p, q - p) <= 1 + 5);
	SIM_CHECK(sim, sim_stream_lost(sim, q, 20) > 0);
	SIM_SAME(sim, sim_stream_lost(sim, q + 20, 1900), 0); /* nothing is lost after 100 ms */
	SIM_SAME(sim, bob->events[XT_EVENT_RESTART_NOTICED], 1);
	SIM_CHECK(sim, sim_stream_lost(sim, p, 6000) < 60);
}

SIM_CASE(restarted_side_that_sends_is_answered_at_once)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	for (int i = 0; i < 10; i++) {
		sim_pair_exchange(sim, alice, bob);
		sim_run(sim,
			100 * SIM_MS +
			    sim_random_below(sim, 3 * SIM_S)); /* at most 20 handshakes a second */
		node_restart(bob);
		p = sim_packet_send(sim, bob, alice, 0);
		sim_packet_await(sim, p, 20 * SIM_MS);
	}
}

SIM_CASE(forged_data_causes_at_most_one_initiation_in_5s)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint src, dst;
	uint8_t msg[64] = {4, 0, 0, 0};
	uint64_t initiations;

	alice = sim_node_new(sim, "alice");
	bob = sim_node_new(sim, "bob");
	sim_peer_add(alice, bob, SIM_KNOWS);
	sim_peer_add(bob, alice, SIM_KNOWS);
	src = sim_node_endpoint(alice, false);
	dst = sim_node_endpoint(bob, false);
	sim_node_off(alice);
	for (int i = 0; i < 3000; i++) {
		uint64_t r = sim_random(sim);

		memcpy(msg + 4, &r, 4);
		sim_net_forge(sim, &src, &dst, msg, sizeof(msg));
		sim_run(sim, 10 * SIM_MS);
	}
	initiations = bob->sent[SIM_INITIATION];
	SIM_RANGE(sim, initiations, 1, 7);
	src.port++; /* the endpoint of no peer */
	sim_run(sim, 200 * SIM_S);
	initiations = bob->sent[SIM_INITIATION];
	for (int i = 0; i < 100; i++)
		sim_net_forge(sim, &src, &dst, msg, sizeof(msg));
	sim_run(sim, 10 * SIM_S);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], initiations);
}

/* The restarted side has no endpoint for its peer, so the timer of the peer must notice. */
SIM_CASE(restarted_side_without_endpoint_is_found_after_15s)
{
	struct sim_node *alice = sim_node_new(sim, "alice"), *bob = sim_node_new(sim, "bob");
	uint64_t at;
	uint32_t p;

	sim_peer_add(alice, bob, SIM_KNOWS);
	sim_peer_add(bob, alice, 0);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, SIM_S);
	node_restart(bob);
	at = sim->now;
	p = sim_stream_start(sim, alice, bob, 2000, 10 * SIM_MS, 0);
	sim_run(sim, 21 * SIM_S);
	SIM_RANGE(sim, alice->last_sent[SIM_INITIATION] - at, 15 * SIM_S, 15500 * SIM_MS);
	SIM_SAME(sim, sim_stream_lost(sim, p + 1600, 400), 0);
}

/* What the host stores for a node and gives back after its restart. */
static void restart_with_memory(struct sim_node *node, uint64_t off)
{
	struct xt_peer_memory records[4];
	size_t n = xt_device_memory_take(node->dev, records, 4);

	sim_node_off(node);
	sim_run(node->sim, off);
	sim_node_on(node);
	for (size_t i = 0; i < n; i++)
		SIM_CHECK(node->sim,
			  xt_device_memory_restore(node->dev, sim_time(node), &records[i]));
}

SIM_CASE(restarted_side_finds_a_peer_by_its_remembered_endpoint)
{
	struct sim_node *alice = sim_node_new(sim, "alice"), *bob = sim_node_new(sim, "bob");
	uint32_t p;

	sim_peer_add(alice, bob, SIM_KNOWS);
	sim_peer_add(bob, alice, 0);
	for (int i = 0; i < 3; i++) {
		sim_pair_exchange(sim, alice, bob);
		sim_run(sim, SIM_S);
		restart_with_memory(bob, SIM_S);
		p = sim_stream_start(sim, alice, bob, 200, 10 * SIM_MS, 0);
		sim_run(sim, 3 * SIM_S);
		SIM_SAME(sim, sim_stream_lost(sim, p + 10, 190), 0);
	}
	SIM_SAME(sim, bob->events[XT_EVENT_RESTART_NOTICED], 3);
}

SIM_CASE(remembered_endpoint_is_used_for_an_hour)
{
	struct sim_node *alice = sim_node_new(sim, "alice"), *bob = sim_node_new(sim, "bob");

	sim_peer_add(alice, bob, SIM_KNOWS);
	sim_peer_add(bob, alice, 0);
	for (int i = 0; i < 2; i++) {
		sim_pair_exchange(sim, alice, bob);
		restart_with_memory(bob, i ? 3601 * SIM_S : 3590 * SIM_S);
		SIM_SAME(sim, sim_peer_state(bob, alice).endpoint.port != 0, i == 0);
	}
}

SIM_CASE(remembered_endpoint_never_replaces_a_configured_one)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint configured, now;

	sim_session_new(sim, &alice, &bob);
	configured = sim_peer_find(bob, alice)->endpoint;
	sim_node_move(alice);
	sim_packet_await(sim, sim_packet_send(sim, alice, bob, 0), 100 * SIM_MS);
	SIM_SAME(sim, bob->events[XT_EVENT_ROAMED], 1);
	restart_with_memory(bob, SIM_S);
	now = sim_peer_state(bob, alice).endpoint;
	SIM_CHECK(sim, xt_endpoint_equal(&now, &configured));
}
