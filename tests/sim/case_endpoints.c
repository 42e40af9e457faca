/* SPDX-License-Identifier: MIT */
/* Peers with a list of endpoints: dead ones, families, hold time, roaming, new answers. */
#include "base/addr.h"
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <string.h>

/* Bob's addresses: his node is at one of them, the others are dead. */
enum { A = 11, B = 12, C = 13, X = 99 };

static struct xt_endpoint place(const struct sim_node *bob, uint8_t last, bool v6)
{
	struct xt_endpoint endpoint = sim_node_endpoint(bob, v6);

	endpoint.ip.b[v6 ? 15 : 3] = last;
	return endpoint;
}

static void bob_at(struct sim_node *bob, uint8_t last)
{
	bob->outer4.b[3] = last;
	bob->outer6.b[15] = last;
}

static bool peer_is_at(struct sim_node *alice, struct sim_node *bob, uint8_t last, bool v6)
{
	struct xt_endpoint now = sim_peer_state(alice, bob).endpoint, want = place(bob, last, v6);

	return xt_endpoint_equal(&now, &want);
}

/* Alice, whose file lists the places in order (v6: all of them over IPv6), and bob, who knows no
 * endpoint of alice's. Her initiations are recorded. */
static void pair_new_list(struct sim *sim, struct sim_node **alice, struct sim_node **bob,
			  const uint8_t *places, size_t n)
{
	struct xt_candidate v[4];

	*alice = sim_node_new(sim, "alice");
	*bob = sim_node_new(sim, "bob");
	sim_peer_add(*alice, *bob, 0);
	sim_peer_add(*bob, *alice, 0);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct xt_candidate){place(*bob, places[i], false), (uint8_t)i};
	sim_peer_set_list(*alice, *bob, v, n, true);
	sim_rule_add(sim, *alice, NULL, SIM_INITIATION, 0, 0, SIM_COPY);
}

/* The same with one entry that has an IPv6 and an IPv4 address. */
static void pair_new_families(struct sim *sim, struct sim_node **alice, struct sim_node **bob,
			      uint8_t six, uint8_t four)
{
	struct xt_candidate v[2];

	pair_new_list(sim, alice, bob, NULL, 0);
	v[0] = (struct xt_candidate){place(*bob, six, true), 0};
	v[1] = (struct xt_candidate){place(*bob, four, false), 0};
	sim_peer_set_list(*alice, *bob, v, 2, true);
}

/* Initiations to that address among those from the given one on. */
static size_t sent_to(struct sim *sim, struct sim_node *bob, uint8_t last, bool v6, size_t from)
{
	struct xt_endpoint endpoint = place(bob, last, v6);
	size_t n = 0;

	for (size_t i = from; i < sim->net->n_held; i++)
		n += xt_endpoint_equal(&sim->net->held[i]->dst, &endpoint);
	return n;
}

static bool one_more(struct sim *sim, void *ctx)
{
	return sim->net->n_held >= *(size_t *)ctx;
}

SIM_CASE(a_dead_ipv6_address_beside_a_good_ipv4_one_costs_a_quarter_second)
{
	struct sim_node *alice, *bob;
	const struct sim_dgram *first, *second;
	uint64_t at = sim->now;
	size_t two = 2;
	uint32_t p;

	pair_new_families(sim, &alice, &bob, X, A);
	bob_at(bob, A);
	p = sim_packet_send(sim, alice, bob, 0);
	SIM_CHECK(sim, sim_run_until(sim, SIM_S, one_more, &two));
	SIM_RANGE(sim, sim->now - at, 250 * SIM_MS, 260 * SIM_MS);
	sim_packet_await(sim, p, 100 * SIM_MS);
	first = sim->net->held[0];
	second = sim->net->held[1];
	SIM_SAME(sim, sent_to(sim, bob, X, true, 0), 1);
	SIM_SAME(sim, second->dst.ip.family, 4);
	SIM_SAME(sim, memcmp(first->data, second->data, first->len - 16), 0);
	SIM_SAME(sim, first->len, second->len);
	/* The one that answered is kept, and the other one is not tried while it does. */
	for (int i = 0; i < 40; i++) {
		sim_run(sim, 20 * SIM_S);
		sim_pair_exchange(sim, alice, bob);
	}
	SIM_SAME(sim, sent_to(sim, bob, X, true, 0), 1);
	SIM_CHECK(sim, peer_is_at(alice, bob, A, false));
	/* Later, without a session, it is tried again, and that is as cheap. */
	sim_run(sim, 400 * SIM_S);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_packet_await(sim, p, 350 * SIM_MS);
	SIM_SAME(sim, sent_to(sim, bob, X, true, 0), 2);
}

SIM_CASE(an_answer_within_a_quarter_second_leaves_the_second_family_alone)
{
	struct sim_node *alice, *bob;

	pair_new_families(sim, &alice, &bob, A, A);
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 10 * SIM_S);
	SIM_SAME(sim, sim->net->n_held, 1);
	SIM_CHECK(sim, peer_is_at(alice, bob, A, true));
}

/* Both families work, but slower than the second one is waited for: the responder takes one of the
 * two for a replay, and no answer is voided. */
SIM_CASE(a_slow_first_answer_still_counts)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	pair_new_families(sim, &alice, &bob, A, A);
	bob_at(bob, A);
	sim_link_get(sim, alice, bob)->delay = sim_link_get(sim, bob, alice)->delay = 200 * SIM_MS;
	p = sim_packet_send(sim, alice, bob, 0);
	sim_packet_await(sim, p, SIM_S);
	sim_run(sim, 10 * SIM_S);
	SIM_SAME(sim, sim->net->n_held, 2);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 1);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 1);
}

SIM_CASE(a_dead_first_entry_is_passed_over_after_5s)
{
	struct sim_node *alice, *bob;
	uint64_t at = sim->now;
	uint32_t p;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A, B, C}, 3);
	bob_at(bob, C);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_packet_await(sim, p, 11 * SIM_S);
	SIM_RANGE(sim, sim->now - at, 10 * SIM_S, 11 * SIM_S);
	SIM_SAME(sim, sent_to(sim, bob, A, false, 0), 1);
	SIM_SAME(sim, sent_to(sim, bob, B, false, 0), 1);
	SIM_SAME(sim, sent_to(sim, bob, C, false, 0), 1);
}

/* Packets in such numbers that one of them begins the attempt again each time. */
SIM_CASE(a_dead_first_entry_is_passed_over_under_traffic_too)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A, B}, 2);
	bob_at(bob, B);
	p = sim_stream_start(sim, alice, bob, 1000, 10 * SIM_MS, 0);
	sim_run(sim, 12 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p + 550, 450), 0);
	SIM_SAME(sim, sent_to(sim, bob, A, false, 0), 1);
}

/* The tunnel is idle: the other side has nothing left to send, and its session is still there. */
static void idle(struct sim *sim)
{
	sim_run(sim, 30 * SIM_S);
}

/* Packets of alice's until one arrives, within ns; what bob answers is not awaited. */
static void reach(struct sim *sim, struct sim_node *alice, struct sim_node *bob, uint64_t ns)
{
	uint64_t end = sim->now + ns;

	while (sim->now < end) {
		uint32_t p = sim_packet_send(sim, alice, bob, 0);

		sim_run(sim, SIM_S);
		if (sim_packet_arrived(sim, p))
			return;
	}
	SIM_FAIL(sim, "no packet arrived");
}

SIM_CASE(a_flapping_first_entry_is_not_tried_before_its_hold_time_is_over)
{
	struct sim_node *alice, *bob;
	size_t from;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A, B, C}, 3);
	bob_at(bob, B);
	reach(sim, alice, bob, 7 * SIM_S); /* A failed */
	idle(sim);
	from = sim->net->n_held;
	bob_at(bob, C);
	reach(sim, alice, bob, 23 * SIM_S); /* 15 s until silence is noticed, then B fails */
	SIM_CHECK(sim, peer_is_at(alice, bob, C, false));
	SIM_SAME(sim, sent_to(sim, bob, A, false, from), 0);
	SIM_SAME(sim, sent_to(sim, bob, B, false, from), 1);
	for (int i = 0; i < 30; i++) { /* alive at C: it is kept after the hold time too */
		sim_pair_exchange(sim, alice, bob);
		sim_run(sim, 20 * SIM_S);
	}
	SIM_SAME(sim, sent_to(sim, bob, A, false, from), 0);
	from = sim->net->n_held;
	sim_run(sim, 200 * SIM_S); /* no session is left, and the hold time of A is over */
	bob_at(bob, A);
	reach(sim, alice, bob, 2 * SIM_S);
	SIM_SAME(sim, sent_to(sim, bob, A, false, from), 1);
}

SIM_CASE(a_roamed_address_wins_while_it_lives_and_yields_when_it_is_silent)
{
	struct sim_node *alice, *bob;
	size_t from;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A}, 1);
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	bob_at(bob, X);
	sim_pair_exchange(sim, bob, alice);
	SIM_CHECK(sim, peer_is_at(alice, bob, X, false));
	from = sim->net->n_held;
	for (int i = 0; i < 30; i++) {
		sim_pair_exchange(sim, bob, alice);
		sim_run(sim, 20 * SIM_S);
	}
	SIM_SAME(sim, sent_to(sim, bob, A, false, from), 0);
	SIM_CHECK(sim, peer_is_at(alice, bob, X, false));
	idle(sim);
	bob_at(bob, A);
	reach(sim, alice, bob, 23 * SIM_S);
	SIM_CHECK(sim, peer_is_at(alice, bob, A, false));
}

/* The configured address is dead: the one that the peer has roamed to is tried again after it. */
SIM_CASE(a_roamed_address_is_not_lost_with_one_initiation)
{
	struct sim_node *alice, *bob;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A}, 1);
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	bob_at(bob, X);
	sim_pair_exchange(sim, bob, alice);
	sim_run(sim, 200 * SIM_S);
	sim_link_cut(sim, alice, bob, true);
	sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	sim_link_cut(sim, alice, bob, false);
	reach(sim, alice, bob, 12 * SIM_S);
	SIM_CHECK(sim, peer_is_at(alice, bob, X, false));
}

/* While a session lives, a lost initiation does not take its data to another address. */
SIM_CASE(data_stays_with_a_session_that_lives)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A, B}, 2);
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 119 * SIM_S);
	sim_rule_clear(sim);
	sim_rule_add(sim, alice, bob, SIM_INITIATION, 0, 3, SIM_DROP);
	p = sim_stream_start(sim, alice, bob, 3000, 10 * SIM_MS, 0);
	sim_run(sim, 31 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p, 3000), 0);
}

/* What is heard of the peer meanwhile says that the initiation was lost, and not the peer. */
SIM_CASE(a_lost_initiation_of_a_peer_that_is_heard_changes_nothing)
{
	struct sim_node *alice, *bob;
	size_t from;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A, B}, 2);
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 115 * SIM_S);
	from = sim->net->n_held;
	sim_link_get(sim, alice, bob)->loss = 1000;
	sim_stream_start(sim, alice, bob, 4000, 10 * SIM_MS, 0);
	sim_stream_start(sim, bob, alice, 4000, 10 * SIM_MS, 0);
	sim_run(sim, 40 * SIM_S);
	SIM_CHECK(sim, sim->net->n_held >= from + 5);
	SIM_SAME(sim, sent_to(sim, bob, B, false, from), 0);
	SIM_SAME(sim, alice->events[XT_EVENT_ADDRESS_SILENT], 0);
}

/* One packet each gap ns. Bob moves; alice learns it from a name server, some time after it was due
 * to be asked again. */
static void name_moves(struct sim *sim, uint64_t gap)
{
	struct sim_node *alice, *bob;
	struct xt_candidate moved = {.entry = 0};
	uint64_t events, at;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A}, 1);
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	idle(sim);
	bob_at(bob, B);
	moved.endpoint = place(bob, B, false);
	events = alice->events[XT_EVENT_ADDRESS_SILENT];
	sim_stream_start(sim, alice, bob, 3000, gap, 0);
	while (alice->events[XT_EVENT_ADDRESS_SILENT] == events)
		sim_run(sim, 10 * SIM_MS);
	SIM_SAME(sim, sent_to(sim, bob, A, false, 1), 2); /* one without answer, one just now */
	sim_run(sim, 100 * SIM_MS);
	at = sim->now;
	sim_peer_set_list(alice, bob, &moved, 1, false);
	while (!peer_is_at(alice, bob, B, false) && sim->now < at + 20 * SIM_S)
		sim_run(sim, 10 * SIM_MS);
	SIM_RANGE(sim, sim->now - at, 0, 100 * SIM_MS);
}

SIM_CASE(a_name_that_has_moved_is_reached_as_soon_as_the_answer_is_there)
{
	name_moves(sim, SIM_S);
}

SIM_CASE(a_name_that_has_moved_is_reached_likewise_under_traffic)
{
	name_moves(sim, 10 * SIM_MS);
}

/* An address of the name of before, where a session lives, is kept; later it is not the first. */
SIM_CASE(another_answer_moves_no_session_that_lives)
{
	struct sim_node *alice, *bob;
	struct xt_candidate moved = {.entry = 0};

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A}, 1);
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	moved.endpoint = place(bob, B, false);
	sim_peer_set_list(alice, bob, &moved, 1, false);
	for (int i = 0; i < 20; i++) {
		sim_pair_exchange(sim, alice, bob);
		sim_run(sim, 20 * SIM_S);
	}
	SIM_CHECK(sim, peer_is_at(alice, bob, A, false));
	SIM_SAME(sim, sent_to(sim, bob, B, false, 0), 0);
	sim_peer_set_list(alice, bob, &moved, 1, true); /* the administrator's list moves it */
	bob_at(bob, B);
	sim_pair_exchange(sim, alice, bob);
	SIM_CHECK(sim, peer_is_at(alice, bob, B, false));
}

SIM_CASE(an_endpoint_that_was_set_yields_to_nothing_until_the_file_is_read_again)
{
	struct sim_node *alice, *bob;
	struct xt_candidate v[2];
	struct xt_endpoint dead;
	size_t from;

	pair_new_list(sim, &alice, &bob, (const uint8_t[]){A, B}, 2);
	v[0] = (struct xt_candidate){place(bob, A, false), 0};
	v[1] = (struct xt_candidate){place(bob, B, false), 1};
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, 200 * SIM_S);
	dead = place(bob, X, false);
	sim_peer_set_endpoint(alice, bob, &dead);
	from = sim->net->n_held;
	sim_stream_start(sim, alice, bob, 60, SIM_S, 0);
	sim_run(sim, 30 * SIM_S);
	sim_peer_set_list(alice, bob, v, 2, false); /* a late answer */
	sim_run(sim, 30 * SIM_S);
	SIM_CHECK(sim, sim->net->n_held >= from + 10);
	SIM_SAME(sim, sent_to(sim, bob, X, false, from), sim->net->n_held - from);
	SIM_CHECK(sim, peer_is_at(alice, bob, X, false));
	sim_peer_set_list(alice, bob, v, 2, true); /* a reload */
	reach(sim, alice, bob, 7 * SIM_S);
	SIM_CHECK(sim, peer_is_at(alice, bob, A, false));
}

static uint64_t way_of(void *ctx, const struct xt_path *path)
{
	(void)path;
	return *(uint64_t *)ctx;
}

/* The new network has no IPv6: the handshake that the change brings goes to both families. */
SIM_CASE(after_a_change_of_the_network_the_other_family_is_tried_at_once)
{
	struct sim_node *alice, *bob;
	uint64_t way = 1, at;
	struct xt_ways ways = {.ctx = &way, .find = way_of};
	size_t reached = 0;

	pair_new_families(sim, &alice, &bob, A, A);
	bob_at(bob, A);
	sim_pair_exchange(sim, alice, bob);
	SIM_CHECK(sim, peer_is_at(alice, bob, A, true));
	idle(sim);
	(void)xt_device_note_ways(alice->dev, 10, &ways);
	bob->outer6.b[15] = X;
	way = 2;
	at = sim->now;
	xt_device_network_changed(alice->dev, false);
	(void)xt_device_review(alice->dev, sim_time(alice), 10, &ways, &reached);
	SIM_SAME(sim, reached, 1);
	sim_packet_send(sim, alice, bob, 0);
	while (!peer_is_at(alice, bob, A, false) && sim->now < at + 10 * SIM_S)
		sim_run(sim, 10 * SIM_MS);
	SIM_RANGE(sim, sim->now - at, 250 * SIM_MS, 350 * SIM_MS);
}

/* An unauthenticated datagram may cause one initiation, and not one for each address. */
SIM_CASE(restart_detection_uses_one_address)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint src, dst;
	uint8_t msg[32] = {4, 0, 0, 0, 1, 2, 3, 4};
	uint64_t events;

	pair_new_families(sim, &alice, &bob, X, A);
	bob_at(bob, A);
	sim_node_off(bob);
	src = place(bob, X, true);
	dst = sim_node_endpoint(alice, true);
	events = alice->events[XT_EVENT_ADDRESS_SILENT];
	sim_net_forge(sim, &src, &dst, msg, sizeof(msg));
	sim_run(sim, 60 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_RESTART_NOTICED], 1);
	SIM_SAME(sim, sim->net->n_held, 1);
	SIM_SAME(sim, alice->events[XT_EVENT_ADDRESS_SILENT], events);
	SIM_CHECK(sim, peer_is_at(alice, bob, X, true));
}
