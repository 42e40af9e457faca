/* SPDX-License-Identifier: MIT */
/* The wall clock is set back: timestamps of handshakes still increase. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#define HOUR (3600 * SIM_S)

SIM_CASE(clock_set_back_while_running_harms_nothing)
{
	struct sim_node *alice, *bob;
	struct sim_streams both;

	sim_pair_new(sim, &alice, &bob);
	both = sim_streams_start(sim, alice, bob, 4000, 100 * SIM_MS);
	for (int i = 0; i < 40; i++) {
		sim_run(sim, 10 * SIM_S + SIM_MS);
		alice->wall_shift = -(int64_t)sim_random_below(sim, 1000 * HOUR);
		bob->wall_shift = (int64_t)sim_random_below(sim, 1000 * HOUR);
	}
	SIM_SAME(sim, sim_streams_lost(sim, &both), 0);
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_HANDSHAKE_OLD), 0);
}

SIM_CASE(clock_set_back_over_a_restart_needs_the_floor)
{
	struct sim_node *alice, *bob;
	uint64_t floor;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	floor = xt_device_timestamp(alice->dev);
	SIM_CHECK(sim, floor > SIM_WALL);
	sim_node_off(alice);
	alice->wall_shift = -(int64_t)HOUR;
	sim_run(sim, SIM_S);
	sim_node_on(alice); /* without the floor bob takes the initiation for a replay */
	p = sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 4 * SIM_S);
	SIM_CHECK(sim, !sim_packet_arrived(sim, p));
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_HANDSHAKE_OLD), 1);
	sim_node_off(alice);
	sim_node_on(alice);
	xt_device_timestamp_limits(alice->dev, floor, XT_NEVER);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_packet_await(sim, p, 20 * SIM_MS);
}

SIM_CASE(no_initiation_at_or_above_the_bound)
{
	struct sim_node *alice, *bob;
	uint64_t wall = sim_time(sim_node_new(sim, "clock")).wall;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	xt_device_timestamp_limits(alice->dev, 0, wall + 60 * SIM_S);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 400 * SIM_S);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 8 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_CHECK(sim, !sim_packet_arrived(sim, p));
	xt_device_timestamp_limits(alice->dev, xt_device_timestamp(alice->dev), XT_NEVER);
	sim_packet_await(sim, p, 6 * SIM_S); /* by the retry */
}

/* Only the timestamps to one peer must increase: many peers do not push each other ahead. */
SIM_CASE(many_peers_do_not_push_timestamps_ahead_of_the_clock)
{
	enum { PEERS = 300 };
	struct sim_node *hub = sim_node_new(sim, "hub");

	for (int i = 0; i < PEERS; i++) {
		struct sim_node *peer = sim_node_new(sim, "peer");

		sim_node_off(peer);
		sim_peer_add(hub, peer, SIM_KNOWS);
		sim_peer_set_keepalive(hub, peer, 25);
	}
	for (int i = 0; i < 4; i++) {
		sim_run(sim, 6 * SIM_S);
		SIM_CHECK(sim, xt_device_timestamp(hub->dev) <= sim_time(hub).wall + 20 * SIM_MS);
	}
	SIM_CHECK(sim, hub->sent[SIM_INITIATION] > 4 * PEERS);
}

/* The peer still knows the greatest timestamp of before. */
SIM_CASE(peer_removed_and_added_again_gets_greater_timestamps)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	for (int i = 0; i < 5; i++) {
		sim_run(sim, SIM_S);
		alice->wall_shift -= (int64_t)HOUR;
		sim_peer_remove(alice, bob);
		sim_peer_add(alice, bob, SIM_KNOWS);
		sim_packet_await(sim, sim_packet_send(sim, alice, bob, 0), 100 * SIM_MS);
	}
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_HANDSHAKE_OLD), 0);
}
