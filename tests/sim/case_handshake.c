/* SPDX-License-Identifier: MIT */
/* Sessions come up: in time, when messages are lost, and only with the right keys. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

SIM_CASE(first_packet_travels_with_first_handshake)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	p = sim_packet_send(sim, alice, bob, 0);
	/* initiation, response and data: three delays, and some time for the passes */
	sim_packet_await(sim, p, 3 * sim->net->all.delay + SIM_MS);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 1);
	SIM_SAME(sim, alice->sent[SIM_DATA], 1);
	SIM_SAME(sim, bob->sent[SIM_INITIATION] + bob->sent[SIM_DATA], 0);
	SIM_CHECK(sim, sim_peer_state(alice, bob).session && sim_peer_state(bob, alice).session);
	SIM_CHECK(sim, sim_peer_state(alice, bob).last_handshake_wall_ns > SIM_WALL);
	SIM_CHECK(sim, sim_peer_state(bob, alice).last_handshake_wall_ns > SIM_WALL);
	SIM_SAME(sim, sim_peer_state(alice, bob).staged, 0);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 1);
	SIM_SAME(sim, bob->events[XT_EVENT_SESSION_NEW], 1);
}

SIM_CASE(bytes_are_counted_alike_on_both_sides)
{
	struct sim_node *alice, *bob;
	struct xt_peer_report a, b;

	sim_session_new(sim, &alice, &bob);
	sim_stream_start(sim, alice, bob, 100, SIM_MS, 0);
	sim_run(sim, SIM_S);
	a = sim_peer_state(alice, bob);
	b = sim_peer_state(bob, alice);
	SIM_SAME(sim, a.tx_bytes, b.rx_bytes);
	SIM_SAME(sim, b.tx_bytes, a.rx_bytes);
}

SIM_CASE(both_start_at_once)
{
	struct sim_node *alice, *bob;
	uint32_t p, q;

	sim_pair_new(sim, &alice, &bob);
	p = sim_packet_send(sim, alice, bob, 0);
	q = sim_packet_send(sim, bob, alice, 0);
	sim_packet_await(sim, p, 6 * sim->net->all.delay);
	sim_packet_await(sim, q, 6 * sim->net->all.delay);
	p = sim_stream_start(sim, alice, bob, 100, 10 * SIM_MS, 0);
	q = sim_stream_start(sim, bob, alice, 100, 10 * SIM_MS, 0);
	sim_run(sim, 20 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p, 100) + sim_stream_lost(sim, q, 100), 0);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 1);
}

/* New alice and bob; action applies to the first n messages of type. Returns a packet from alice.
 * */
static uint32_t pair_send(struct sim *sim, struct sim_node **alice, struct sim_node **bob,
			  enum sim_type type, uint32_t n, enum sim_action action)
{
	bool reply = type == SIM_RESPONSE;

	sim_pair_new(sim, alice, bob);
	sim_rule_add(sim, reply ? *bob : *alice, reply ? *alice : *bob, type, 0, n, action);
	return sim_packet_send(sim, *alice, *bob, 0);
}

SIM_CASE(lost_initiation_is_retried)
{
	struct sim_node *alice, *bob;
	uint64_t start = sim->now;
	uint32_t p = pair_send(sim, &alice, &bob, SIM_INITIATION, 1, SIM_DROP);

	sim_packet_await(sim, p, 6 * SIM_S);
	SIM_RANGE(sim, sim->now - start, 5 * SIM_S, 5400 * SIM_MS);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 2);
}

SIM_CASE(lost_response_is_repaired_by_retries)
{
	struct sim_node *alice, *bob;
	uint32_t p = pair_send(sim, &alice, &bob, SIM_RESPONSE, 2, SIM_DROP), q;

	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_peer_state(bob, alice).session);
	sim_packet_await(sim, p, 11 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 3);
	q = sim_packet_send(sim, bob, alice, 0);
	sim_packet_await(sim, q, 20 * SIM_MS);
}

/* Bob has a session but must not send on it before he has received data from alice. */
SIM_CASE(responder_sends_no_data_before_it_is_confirmed)
{
	struct sim_node *alice, *bob;
	uint32_t p = pair_send(sim, &alice, &bob, SIM_DATA, 1, SIM_HOLD), q;

	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim->net->n_held, 1);
	SIM_CHECK(sim, !sim_peer_state(bob, alice).session);
	SIM_SAME(sim, bob->sent[SIM_DATA], 0);
	q = sim_packet_send(sim, bob, alice, 0); /* this starts a handshake of bob */
	sim_packet_await(sim, q, 20 * SIM_MS);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 1);
	sim_held_resend(sim, 0); /* late, but still valid */
	sim_packet_await(sim, p, 20 * SIM_MS);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(lost_first_data_does_no_lasting_harm)
{
	struct sim_node *alice, *bob;

	pair_send(sim, &alice, &bob, SIM_DATA, 1, SIM_DROP);
	sim_run(sim, 2 * SIM_S);
	sim_pair_exchange(sim, alice, bob);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
}

SIM_CASE(altered_handshake_messages_are_as_good_as_lost)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_INITIATION, 0, 3, SIM_ALTER);
	sim_rule_add(sim, bob, alice, SIM_RESPONSE, 0, 3, SIM_ALTER);
	p = sim_packet_send(sim, alice, bob, 0);
	sim_packet_await(sim, p, 40 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 7);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 1);
}

static void session_is_refused(struct sim *sim, struct sim_node *alice, struct sim_node *bob)
{
	uint32_t p = sim_packet_send(sim, alice, bob, 0);
	uint32_t q = sim_packet_send(sim, bob, alice, 0);

	sim_run(sim, 30 * SIM_S);
	SIM_SAME(sim, sim_packet_arrived(sim, p) + sim_packet_arrived(sim, q), 0);
	SIM_CHECK(sim, !sim_peer_state(alice, bob).session && !sim_peer_state(bob, alice).session);
	SIM_SAME(sim, alice->sent[SIM_DATA] + bob->sent[SIM_DATA], 0);
}

SIM_CASE(wrong_psk_gives_no_session)
{
	struct sim_node *alice, *bob;

	sim_pair_new(sim, &alice, &bob);
	sim_peer_set_psk(alice, bob, 1);
	sim_peer_set_psk(bob, alice, 2);
	session_is_refused(sim, alice, bob);
	SIM_CHECK(sim, sim_node_verdict(alice, XT_DROP_HANDSHAKE) >= 1);
	sim_peer_set_psk(bob, alice, 1);
	sim_run(sim, 20 * SIM_S);
	sim_pair_exchange(sim, alice, bob);
}

/* Alice has a wrong key for bob, who does not answer. */
SIM_CASE(wrong_key_of_the_peer_gets_no_answer)
{
	struct sim_node *alice = sim_node_new(sim, "alice"), *bob = sim_node_new(sim, "bob");
	struct sim_node *other = sim_node_new(sim, "other");
	uint32_t p;

	sim_peer_add(alice, other, SIM_KNOWS)->endpoint = sim_node_endpoint(bob, false);
	sim_peer_set_endpoint(alice, other, &alice->peers[0].endpoint);
	sim_peer_add(bob, alice, SIM_KNOWS);
	p = sim_packet_send(sim, alice, other, 0);
	sim_run(sim, 20 * SIM_S);
	SIM_CHECK(sim, !sim_packet_arrived(sim, p));
	SIM_SAME(sim, bob->sent[1] + bob->sent[2] + bob->sent[3] + bob->sent[4], 0);
	SIM_RANGE(sim, sim_node_verdict(bob, XT_DROP_MAC1), 4, 5);
}

SIM_CASE(unknown_initiator_gets_no_answer)
{
	struct sim_node *alice = sim_node_new(sim, "alice"), *bob = sim_node_new(sim, "bob");

	sim_peer_add(alice, bob, SIM_KNOWS);
	sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, 20 * SIM_S);
	SIM_SAME(sim, bob->sent[1] + bob->sent[2] + bob->sent[3] + bob->sent[4], 0);
	SIM_RANGE(sim, sim_node_verdict(bob, XT_DROP_UNKNOWN_PEER), 4, 5);
}

SIM_CASE(staged_packets_are_bounded_and_the_newest_kept)
{
	struct sim_node *alice, *bob;
	uint32_t first;

	sim_pair_new(sim, &alice, &bob);
	sim_link_cut(sim, alice, bob, true);
	first = sim_stream_start(sim, alice, bob, 400, SIM_MS, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_peer_state(alice, bob).staged, XT_STAGED_MAX);
	sim_link_cut(sim, alice, bob, false);
	sim_run(sim, 6 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, first, 400), 400 - XT_STAGED_MAX);
	SIM_SAME(sim, sim_stream_lost(sim, first + 400 - XT_STAGED_MAX, XT_STAGED_MAX), 0);
	SIM_SAME(sim, sim_node_verdict(alice, XT_DROP_STAGED_FULL), 400 - XT_STAGED_MAX);
	SIM_SAME(sim, sim_peer_state(alice, bob).staged, 0);
}

SIM_CASE(peer_without_endpoint_is_reported_to_the_host)
{
	struct sim_node *alice = sim_node_new(sim, "alice"), *bob = sim_node_new(sim, "bob");
	struct sim_node *carol = sim_node_new(sim, "carol");

	sim_peer_add(alice, bob, 0);
	sim_peer_add(bob, alice, SIM_KNOWS);
	sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_node_verdict(alice, XT_DROP_NO_ENDPOINT), 1);
	SIM_SAME(sim, sim->flow->unreachable, 1);
	sim_packet_send(sim, alice, carol, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_node_verdict(alice, XT_DROP_NO_ROUTE), 1);
	SIM_SAME(sim, sim->flow->unreachable, 2);
	sim_pair_exchange(sim, bob, alice); /* alice learns the endpoint */
}
