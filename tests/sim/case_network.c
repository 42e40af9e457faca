/* SPDX-License-Identifier: MIT */
/* The host's network changes, or the host was suspended: peers that had a session are reached at
 * once, others and unrelated changes cause nothing. */
#include "base/addr.h"
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

static uint64_t initiations(const struct sim_node *node)
{
	return node->sent[SIM_INITIATION];
}

static uint64_t messages(const struct sim_node *node)
{
	uint64_t n = 0;

	for (unsigned type = SIM_INITIATION; type <= SIM_DATA; type++)
		n += node->sent[type];
	return n;
}

/* The node is at new outer addresses, and notices. */
static void node_rehome(struct sim_node *node)
{
	sim_node_move(node);
	sim_node_network(node, false);
}

/* 50 ms from now, bob can send to alice. */
static void alice_reachable(struct sim *sim, struct sim_node *alice, struct sim_node *bob)
{
	sim_run(sim, 50 * SIM_MS);
	sim_packet_await(sim, sim_packet_send(sim, bob, alice, 0), 50 * SIM_MS);
}

/* Both sleep for 1000 s, and alice alone wakes up, to the network of before. */
static void sleepers_new(struct sim *sim, struct sim_node **alice, struct sim_node **bob)
{
	sim_session_new(sim, alice, bob);
	sim_node_suspend(*alice);
	sim_node_suspend(*bob);
	sim_run(sim, 1000 * SIM_S);
	sim_node_wake(*alice, false);
	sim_node_network(*alice, true);
}

SIM_CASE(peer_learns_the_new_address_of_a_host_that_sends_nothing)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, SIM_S);
	for (int i = 0; i < 3; i++) {
		uint64_t before = initiations(alice);

		node_rehome(alice);
		alice_reachable(sim, alice, bob);
		SIM_SAME(sim, initiations(alice), before + 1);
		sim_run(sim, SIM_S);
	}
}

SIM_CASE(unrelated_changes_cause_no_datagram)
{
	struct sim_node *alice, *bob;
	uint64_t before;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 30 * SIM_S);
	before = messages(alice);
	for (int i = 0; i < 100; i++) {
		sim_node_network(alice, false);
		sim_run(sim, 10 * SIM_MS);
	}
	SIM_SAME(sim, messages(alice), before);
}

SIM_CASE(peer_whose_session_has_ended_gets_nothing)
{
	struct sim_node *alice, *bob;
	uint64_t before;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 600 * SIM_S);
	before = messages(alice);
	node_rehome(alice);
	sim_run(sim, 10 * SIM_S);
	SIM_SAME(sim, messages(alice), before);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(way_that_is_back_after_twenty_minutes_is_used_at_once)
{
	struct sim_node *alice, *bob;
	uint64_t before;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, SIM_S);
	alice->cut_off = true;
	sim_node_network(alice, false);
	sim_run(sim, 1200 * SIM_S);
	SIM_SAME(sim, sim_node_keypairs(alice), 0);
	before = messages(alice);
	sim_node_network(alice, false); /* nothing is better yet */
	sim_run(sim, SIM_S);
	SIM_SAME(sim, messages(alice), before);
	alice->cut_off = false;
	node_rehome(alice);
	alice_reachable(sim, alice, bob);
	SIM_SAME(sim, initiations(alice), 2);
}

/* The initiation of before went nowhere: REKEY_TIMEOUT does not hold the next one up. */
SIM_CASE(change_does_not_wait_for_the_timeout_of_an_unanswered_initiation)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 200 * SIM_S); /* the session is too old to send */
	sim_node_suspend(bob);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_packet_arrived(sim, p));
	sim_node_wake(bob, false);
	sim_run(sim, SIM_S);
	node_rehome(alice);
	sim_packet_await(sim, p, 300 * SIM_MS);
}

SIM_CASE(route_that_flaps_causes_four_initiations_a_second_at_most)
{
	struct sim_node *alice, *bob;
	uint64_t before;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, SIM_S);
	sim_node_suspend(bob);
	before = initiations(alice);
	for (int i = 0; i < 1000; i++) {
		node_rehome(alice);
		sim_run(sim, 10 * SIM_MS);
	}
	SIM_RANGE(sim, initiations(alice) - before, 30, 41);
}

SIM_CASE(handshakes_of_many_peers_begin_at_a_thousand_a_second)
{
	/* As in case_peers.c: a 32-bit process has no addresses for more nodes. */
	enum { PEERS = SIZE_MAX > UINT32_MAX ? 400 : 150 };
	struct sim_node *hub = sim_node_new(sim, "hub");
	uint64_t before;

	for (int i = 0; i < PEERS; i++) {
		struct sim_node *peer = sim_node_new(sim, "peer");

		sim_peer_add(hub, peer, SIM_KNOWS);
		sim_peer_add(peer, hub, SIM_KNOWS);
		sim_packet_await(sim, sim_packet_send(sim, hub, peer, 0), 100 * SIM_MS);
	}
	sim_run(sim, SIM_S);
	before = initiations(hub);
	node_rehome(hub);
	for (uint64_t ms = 50; ms < PEERS; ms += 50) {
		sim_run(sim, 50 * SIM_MS);
		SIM_RANGE(sim, initiations(hub) - before, ms / 2, ms + 2);
	}
	sim_run(sim, SIM_S);
	SIM_SAME(sim, initiations(hub) - before, PEERS);
}

/* Neither a packet nor a timer of its own: the peer can reach the host that woke up. */
static void wake_run(struct sim *sim, uint64_t asleep, bool timer_first)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 20 * SIM_S);
	sim_node_suspend(alice);
	sim_run(sim, asleep);
	sim_node_move(alice);
	sim_node_wake(alice, timer_first);
	sim_node_network(alice, true);
	alice_reachable(sim, alice, bob);
	SIM_SAME(sim, initiations(alice), 2);
	sim_node_network(alice, false);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, initiations(alice), 2);
}

SIM_CASE(suspend_for_a_day_is_followed_by_a_handshake)
{
	wake_run(sim, 86400 * SIM_S, false);
}

SIM_CASE(suspend_for_a_minute_is_followed_by_a_handshake)
{
	wake_run(sim, 60 * SIM_S, false);
}

/* The first network after a suspend may be the one of before, which is not there any more. */
SIM_CASE(network_that_comes_after_a_suspend_is_used_at_once)
{
	struct sim_node *alice, *bob;

	sleepers_new(sim, &alice, &bob);
	sim_run(sim, 3 * SIM_S);
	sim_node_wake(bob, false);
	node_rehome(alice);
	alice_reachable(sim, alice, bob);
}

SIM_CASE(peer_that_never_answered_a_change_is_left_alone)
{
	struct sim_node *alice, *bob;
	uint64_t before;

	sim_session_new(sim, &alice, &bob);
	sim_node_suspend(bob);
	node_rehome(alice);
	sim_run(sim, 700 * SIM_S);
	before = messages(alice);
	SIM_RANGE(sim, before, 10, 25);
	node_rehome(alice);
	sim_run(sim, 10 * SIM_S);
	SIM_SAME(sim, messages(alice), before);
}

SIM_CASE(suspend_is_over_once_the_peer_was_called)
{
	struct sim_node *alice, *bob;
	uint64_t before;

	sleepers_new(sim, &alice, &bob);
	sim_run(sim, 100 * SIM_MS);
	before = initiations(alice);
	SIM_SAME(sim, before, 2);
	for (int i = 0; i < 20; i++) {
		sim_node_network(alice, false);
		sim_run(sim, 100 * SIM_MS);
	}
	SIM_SAME(sim, initiations(alice), before);
}

SIM_CASE(suspend_without_a_network_is_followed_by_a_handshake_when_it_comes)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 20 * SIM_S);
	sim_node_suspend(alice);
	sim_run(sim, 86400 * SIM_S);
	alice->cut_off = true;
	sim_node_wake(alice, false);
	sim_node_network(alice, true);
	sim_run(sim, 3 * SIM_S);
	alice->cut_off = false;
	node_rehome(alice);
	alice_reachable(sim, alice, bob);
}

/* At a suspend the wall clock jumps over the bound on file, which the next one replaces soon. */
SIM_CASE(initiation_at_the_bound_waits_for_the_bound_only)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	xt_device_timestamp_limits(alice->dev, 0, sim_time(alice).wall + 60 * SIM_S);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 200 * SIM_S);
	for (int i = 0; i < 50; i++) {
		p = sim_packet_send(sim, alice, bob, 0);
		sim_run(sim, SIM_MS);
	}
	SIM_SAME(sim, initiations(alice), 1);
	xt_device_timestamp_limits(alice->dev, 0, sim_time(alice).wall + 400 * SIM_S);
	sim_packet_await(sim, p, 100 * SIM_MS);
}
