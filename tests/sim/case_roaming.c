/* SPDX-License-Identifier: MIT */
/* Endpoints change by roaming, by NAT, from IPv4 to IPv6, and only for authentic messages. */
#include "base/addr.h"
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

static bool endpoint_is(struct sim_node *a, struct sim_node *b, bool v6)
{
	struct xt_endpoint at = sim_peer_state(a, b).endpoint, is = sim_node_endpoint(b, v6);

	return xt_endpoint_equal(&at, &is);
}

/* As sim_session_new, over IPv4. */
static void pair_new_ipv4(struct sim *sim, struct sim_node **a, struct sim_node **b)
{
	*a = sim_node_new(sim, "alice");
	*b = sim_node_new(sim, "bob");
	sim_peer_add(*a, *b, SIM_KNOWS);
	sim_peer_add(*b, *a, SIM_KNOWS);
	sim_pair_exchange(sim, *a, *b);
}

SIM_CASE(roaming_of_either_side)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	pair_new_ipv4(sim, &alice, &bob);
	for (int i = 0; i < 5; i++) {
		struct sim_node *mover = i % 2 ? alice : bob, *other = i % 2 ? bob : alice;

		sim_node_move(mover);
		p = sim_packet_send(sim, other, mover, 0); /* to the old address */
		sim_run(sim, 20 * SIM_MS);
		SIM_CHECK(sim, !sim_packet_arrived(sim, p));
		sim_pair_exchange(sim, mover, other);
		SIM_CHECK(sim, endpoint_is(other, mover, false));
	}
	SIM_SAME(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, alice->events[XT_EVENT_ROAMED], 3);
	SIM_SAME(sim, bob->events[XT_EVENT_ROAMED], 2);
}

SIM_CASE(roaming_under_traffic_loses_only_what_was_on_the_way)
{
	struct sim_node *alice, *bob;
	uint32_t p, q;

	pair_new_ipv4(sim, &alice, &bob);
	p = sim_stream_start(sim, alice, bob, 1000, 10 * SIM_MS, 0);
	q = sim_stream_start(sim, bob, alice, 1000, 10 * SIM_MS, 0);
	for (int i = 0; i < 9; i++) {
		sim_run(sim, SIM_S);
		sim_node_move(alice);
	}
	sim_run(sim, 2 * SIM_S);
	SIM_CHECK(sim, sim_stream_lost(sim, p, 1000) == 0);
	SIM_CHECK(sim, sim_stream_lost(sim, q, 1000) <= 9 * 3);
}

SIM_CASE(roaming_from_ipv4_to_ipv6_and_back)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint at;

	pair_new_ipv4(sim, &alice, &bob);
	at = sim_node_endpoint(bob, true);
	sim_peer_set_endpoint(alice, bob, &at);
	sim_pair_exchange(sim, alice, bob);
	SIM_CHECK(sim, endpoint_is(bob, alice, true) && endpoint_is(alice, bob, true));
	at = sim_node_endpoint(bob, false);
	sim_peer_set_endpoint(alice, bob, &at);
	sim_pair_exchange(sim, alice, bob);
	SIM_CHECK(sim, endpoint_is(bob, alice, false) && endpoint_is(alice, bob, false));
	SIM_SAME(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 1);
}

/* Alice is behind a NAT; bob has no endpoint for her. */
static struct sim_nat *pair_new_nat(struct sim *sim, struct sim_node **alice, struct sim_node **bob)
{
	struct sim_nat *nat = sim_nat_new(sim, 60 * SIM_S);

	*alice = sim_node_new(sim, "alice");
	*bob = sim_node_new(sim, "bob");
	(*alice)->nat = nat;
	sim_peer_add(*alice, *bob, SIM_KNOWS | (sim_random_chance(sim, 500) ? SIM_OVER6 : 0));
	sim_peer_add(*bob, *alice, 0);
	return nat;
}

SIM_CASE(persistent_keepalive_keeps_the_nat_mapping)
{
	struct sim_node *alice, *bob;

	pair_new_nat(sim, &alice, &bob);
	sim_peer_set_keepalive(alice, bob, 25);
	sim_run(sim, SIM_S);
	for (int i = 0; i < 20; i++) {
		sim_run(sim, 200 * SIM_S + sim_random_below(sim, 60 * SIM_S));
		sim_packet_await(sim, sim_packet_send(sim, bob, alice, 0), 100 * SIM_MS);
	}
}

SIM_CASE(nat_mapping_expires_without_keepalive_and_is_created_again)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	pair_new_nat(sim, &alice, &bob);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 90 * SIM_S);
	p = sim_packet_send(sim, bob, alice, 0);
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_packet_arrived(sim, p));
	sim_pair_exchange(sim, alice, bob);
	SIM_CHECK(sim, bob->events[XT_EVENT_ROAMED] >= 1);
}

SIM_CASE(nat_rebinding_is_followed)
{
	struct sim_node *alice, *bob;
	struct sim_nat *nat = pair_new_nat(sim, &alice, &bob);
	uint32_t p, q;

	sim_pair_exchange(sim, alice, bob);
	p = sim_stream_start(sim, alice, bob, 2000, 10 * SIM_MS, 0);
	q = sim_stream_start(sim, bob, alice, 2000, 10 * SIM_MS, 0);
	for (int i = 0; i < 9; i++) {
		sim_run(sim, 2 * SIM_S);
		sim_nat_rebind(sim, nat);
	}
	sim_run(sim, 4 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p, 2000), 0);
	SIM_CHECK(sim, sim_stream_lost(sim, q, 2000) <= 9 * 3);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, bob->events[XT_EVENT_CONTACT], 1);
	SIM_SAME(sim, bob->events[XT_EVENT_ROAMED], 9);
}

/* Replays and altered messages from another address do not change an endpoint. */
SIM_CASE(replays_from_elsewhere_change_no_endpoint)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint thief = {.ip = {4, {198, 18, 99, 99}}, .port = 999};

	alice = sim_node_new(sim, "alice");
	bob = sim_node_new(sim, "bob");
	sim_peer_add(alice, bob, SIM_KNOWS);
	sim_peer_add(bob, alice, SIM_KNOWS);
	sim_rule_add(sim, NULL, NULL, SIM_ANY, 0, 0, SIM_COPY);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, SIM_S);
	for (size_t i = 0; i < sim->net->n_held; i++)
		sim_held_resend_from(sim, i, &thief);
	sim_run(sim, SIM_S);
	for (size_t i = 0, n = sim->net->n_held; i < n; i++) {
		for (uint32_t at = 0; at < sim->net->held[i]->len; at++) {
			sim->net->held[i]->data[at] ^= 0x40;
			sim->net->held[i]->altered = true;
			sim_held_resend_from(sim, i, &thief);
			sim->net->held[i]->data[at] ^= 0x40;
		}
	}
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, endpoint_is(alice, bob, false) && endpoint_is(bob, alice, false));
	SIM_SAME(sim, alice->events[XT_EVENT_ROAMED] + bob->events[XT_EVENT_ROAMED], 0);
	sim_pair_exchange(sim, alice, bob);
}
