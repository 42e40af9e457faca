/* Sessions come up: in time, when messages are lost, and only with the right keys. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

SIM_CASE(first_packet_travels_with_first_handshake)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	p = sim_send(sim, alice, bob, 0);
	/* initiation, response, data: three ways, and a little for the turns */
	sim_arrives(sim, p, 3 * sim->net->all.delay + SIM_MS);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 1);
	SIM_SAME(sim, alice->sent[SIM_DATA], 1);
	SIM_SAME(sim, bob->sent[SIM_INITIATION] + bob->sent[SIM_DATA], 0);
	SIM_CHECK(sim, sim_about(alice, bob).session && sim_about(bob, alice).session);
	SIM_CHECK(sim, sim_about(alice, bob).last_handshake_wall_ns > SIM_WALL);
	SIM_CHECK(sim, sim_about(bob, alice).last_handshake_wall_ns > SIM_WALL);
	SIM_SAME(sim, sim_about(alice, bob).staged, 0);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 1);
	SIM_SAME(sim, bob->events[XT_EVENT_SESSION_NEW], 1);
}

SIM_CASE(bytes_are_counted_alike_on_both_sides)
{
	struct sim_node *alice, *bob;
	struct xt_peer_report a, b;

	sim_two(sim, &alice, &bob);
	sim_meet(sim, alice, bob);
	sim_stream(sim, alice, bob, 100, SIM_MS, 0);
	sim_run(sim, SIM_S);
	a = sim_about(alice, bob);
	b = sim_about(bob, alice);
	SIM_SAME(sim, a.tx_bytes, b.rx_bytes);
	SIM_SAME(sim, b.tx_bytes, a.rx_bytes);
}

SIM_CASE(both_start_at_once)
{
	struct sim_node *alice, *bob;
	uint32_t p, q;

	sim_two(sim, &alice, &bob);
	p = sim_send(sim, alice, bob, 0);
	q = sim_send(sim, bob, alice, 0);
	sim_arrives(sim, p, 6 * sim->net->all.delay);
	sim_arrives(sim, q, 6 * sim->net->all.delay);
	p = sim_stream(sim, alice, bob, 100, 10 * SIM_MS, 0);
	q = sim_stream(sim, bob, alice, 100, 10 * SIM_MS, 0);
	sim_run(sim, 20 * SIM_S);
	SIM_SAME(sim, sim_lost(sim, p, 100) + sim_lost(sim, q, 100), 0);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 1);
}

SIM_CASE(lost_initiation_is_retried)
{
	struct sim_node *alice, *bob;
	uint64_t start = sim->now;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	sim_rule(sim, alice, bob, SIM_INITIATION, 0, 1, SIM_DROP);
	p = sim_send(sim, alice, bob, 0);
	sim_arrives(sim, p, 6 * SIM_S);
	SIM_RANGE(sim, sim->now - start, 5 * SIM_S, 5400 * SIM_MS);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 2);
}

SIM_CASE(lost_response_is_made_good)
{
	struct sim_node *alice, *bob;
	uint32_t p, q;

	sim_two(sim, &alice, &bob);
	sim_rule(sim, bob, alice, SIM_RESPONSE, 0, 2, SIM_DROP);
	p = sim_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_about(bob, alice).session);
	sim_arrives(sim, p, 11 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 3);
	q = sim_send(sim, bob, alice, 0);
	sim_arrives(sim, q, 20 * SIM_MS);
}

/* Bob holds a session that he may not use: he has not heard from alice under it. */
SIM_CASE(responder_sends_no_data_before_it_is_confirmed)
{
	struct sim_node *alice, *bob;
	uint32_t p, q;

	sim_two(sim, &alice, &bob);
	sim_rule(sim, alice, bob, SIM_DATA, 0, 1, SIM_HOLD);
	p = sim_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim->net->n_bag, 1);
	SIM_CHECK(sim, !sim_about(bob, alice).session);
	SIM_SAME(sim, bob->sent[SIM_DATA], 0);
	q = sim_send(sim, bob, alice, 0); /* watched: this starts a handshake of bob's own */
	sim_arrives(sim, q, 20 * SIM_MS);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 1);
	sim_again(sim, 0); /* late, but still good */
	sim_arrives(sim, p, 20 * SIM_MS);
	sim_meet(sim, alice, bob);
}

SIM_CASE(lost_first_data_does_no_lasting_harm)
{
	struct sim_node *alice, *bob;

	sim_two(sim, &alice, &bob);
	sim_rule(sim, alice, bob, SIM_DATA, 0, 1, SIM_DROP);
	sim_send(sim, alice, bob, 0);
	sim_run(sim, 2 * SIM_S);
	sim_meet(sim, alice, bob);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
}

SIM_CASE(altered_handshake_messages_are_as_good_as_lost)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	sim_rule(sim, alice, bob, SIM_INITIATION, 0, 3, SIM_ALTER);
	sim_rule(sim, bob, alice, SIM_RESPONSE, 0, 3, SIM_ALTER);
	p = sim_send(sim, alice, bob, 0);
	sim_arrives(sim, p, 40 * SIM_S);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 7);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 1);
}

static void no_session(struct sim *sim, struct sim_node *alice, struct sim_node *bob)
{
	uint32_t p = sim_send(sim, alice, bob, 0);
	uint32_t q = sim_send(sim, bob, alice, 0);

	sim_run(sim, 30 * SIM_S);
	SIM_SAME(sim, sim_got(sim, p) + sim_got(sim, q), 0);
	SIM_CHECK(sim, !sim_about(alice, bob).session && !sim_about(bob, alice).session);
	SIM_SAME(sim, alice->sent[SIM_DATA] + bob->sent[SIM_DATA], 0);
}

SIM_CASE(wrong_psk_gives_no_session)
{
	struct sim_node *alice, *bob;

	sim_two(sim, &alice, &bob);
	sim_set_psk(alice, bob, 1);
	sim_set_psk(bob, alice, 2);
	no_session(sim, alice, bob);
	SIM_CHECK(sim, sim_count(alice, XT_DROP_HANDSHAKE) >= 1);
	sim_set_psk(bob, alice, 1);
	sim_run(sim, 20 * SIM_S);
	sim_meet(sim, alice, bob);
}

/* Alice believes another key to be bob's: he does not even answer. */
SIM_CASE(wrong_key_of_the_peer_is_met_by_silence)
{
	struct sim_node *alice = sim_node(sim, "alice"), *bob = sim_node(sim, "bob");
	struct sim_node *other = sim_node(sim, "other");
	uint32_t p;

	sim_peer(alice, other, SIM_KNOWS)->endpoint = sim_endpoint(bob, false);
	sim_set_endpoint(alice, other, &alice->peers[0].endpoint);
	sim_peer(bob, alice, SIM_KNOWS);
	p = sim_send(sim, alice, other, 0);
	sim_run(sim, 20 * SIM_S);
	SIM_CHECK(sim, !sim_got(sim, p));
	SIM_SAME(sim, bob->sent[1] + bob->sent[2] + bob->sent[3] + bob->sent[4], 0);
	SIM_RANGE(sim, sim_count(bob, XT_DROP_MAC1), 4, 5);
}

SIM_CASE(unknown_initiator_is_met_by_silence)
{
	struct sim_node *alice = sim_node(sim, "alice"), *bob = sim_node(sim, "bob");

	sim_peer(alice, bob, SIM_KNOWS);
	sim_send(sim, alice, bob, 0);
	sim_run(sim, 20 * SIM_S);
	SIM_SAME(sim, bob->sent[1] + bob->sent[2] + bob->sent[3] + bob->sent[4], 0);
	SIM_RANGE(sim, sim_count(bob, XT_DROP_UNKNOWN_PEER), 4, 5);
}

SIM_CASE(staged_packets_are_bounded_and_the_newest_kept)
{
	struct sim_node *alice, *bob;
	uint32_t first;

	sim_two(sim, &alice, &bob);
	sim_cut(sim, alice, bob, true);
	first = sim_stream(sim, alice, bob, 400, SIM_MS, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_about(alice, bob).staged, XT_STAGED_MAX);
	sim_cut(sim, alice, bob, false);
	sim_run(sim, 6 * SIM_S);
	SIM_SAME(sim, sim_lost(sim, first, 400), 400 - XT_STAGED_MAX);
	SIM_SAME(sim, sim_lost(sim, first + 400 - XT_STAGED_MAX, XT_STAGED_MAX), 0);
	SIM_SAME(sim, sim_count(alice, XT_DROP_STAGED_FULL), 400 - XT_STAGED_MAX);
	SIM_SAME(sim, sim_about(alice, bob).staged, 0);
}

SIM_CASE(peer_without_endpoint_is_reported_to_the_host)
{
	struct sim_node *alice = sim_node(sim, "alice"), *bob = sim_node(sim, "bob");
	struct sim_node *carol = sim_node(sim, "carol");

	sim_peer(alice, bob, 0);
	sim_peer(bob, alice, SIM_KNOWS);
	sim_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_count(alice, XT_DROP_NO_ENDPOINT), 1);
	SIM_SAME(sim, sim->flow->unreachable, 1);
	sim_send(sim, alice, carol, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_count(alice, XT_DROP_NO_ROUTE), 1);
	SIM_SAME(sim, sim->flow->unreachable, 2);
	sim_meet(sim, bob, alice); /* from whom alice learns the endpoint */
}
