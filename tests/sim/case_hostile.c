/* SPDX-License-Identifier: MIT */
/* Hostile input: replays, forgeries, spoofed sources, noise. */
#include "base/addr.h"
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <string.h>

SIM_CASE(replayed_initiation_is_refused)
{
	struct sim_node *alice, *bob;

	sim_pair_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_INITIATION, 0, 0, SIM_COPY);
	sim_pair_exchange(sim, alice, bob);
	for (int i = 0; i < 10; i++) {
		sim_run(sim, SIM_S);
		sim_held_resend(sim, 0);
	}
	sim_run(sim, SIM_S);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 1);
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_HANDSHAKE_OLD), 10);
	sim_run(sim, 130 * SIM_S); /* after a rekey the old message is still refused */
	sim_pair_exchange(sim, alice, bob);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 2);
	sim_held_resend(sim, 0);
	sim_held_resend(sim, 1);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 2);
	sim_pair_exchange(sim, alice, bob);
}

/* Bob lost the greatest timestamp of alice: he answers the replay, but no session results. */
SIM_CASE(initiation_replayed_to_a_restarted_responder_disturbs_nothing)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_INITIATION, 0, 1, SIM_COPY);
	sim_pair_exchange(sim, alice, bob);
	sim_node_off(bob);
	sim_node_on(bob);
	sim_held_resend(sim, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 2);
	SIM_CHECK(sim, !sim_peer_state(bob, alice).session);
	p = sim_stream_start(sim, alice, bob, 100, 10 * SIM_MS, 0);
	sim_run(sim, 2 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p + 10, 90), 0);
}

/* The attacker sends the initiation from an address of its own: the endpoint stays. */
SIM_CASE(replayed_initiation_moves_no_endpoint)
{
	struct sim_node *alice, *bob, *mallory = sim_node_new(sim, "mallory");
	struct xt_endpoint src, at;
	struct xt_peer_report state;

	sim_pair_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_INITIATION, 0, 1, SIM_COPY);
	sim_pair_exchange(sim, alice, bob);
	at = sim_peer_find(bob, alice)->endpoint;
	src = sim_node_endpoint(mallory, at.ip.family == 6);
	sim_node_off(bob);
	sim_node_on(bob);
	sim_held_resend_from(sim, 0, &src);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, mallory->received[SIM_RESPONSE], 1);
	state = sim_peer_state(bob, alice);
	SIM_CHECK(sim, xt_endpoint_equal(&state.endpoint, &at));
	SIM_SAME(sim, bob->events[XT_EVENT_ROAMED], 0);
	sim_packet_await(sim, sim_packet_send(sim, bob, alice, 0), 100 * SIM_MS);
}

/* With the stored timestamp not even a response leaves, and the living peer is not refused. */
SIM_CASE(remembered_timestamp_refuses_a_replay_after_a_restart)
{
	struct sim_node *alice, *bob;
	struct xt_peer_memory record;

	sim_pair_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_INITIATION, 0, 1, SIM_COPY);
	sim_pair_exchange(sim, alice, bob);
	SIM_SAME(sim, xt_device_memory_take(bob->dev, &record, 1), 1);
	sim_node_off(bob);
	sim_node_on(bob);
	SIM_CHECK(sim, xt_device_memory_restore(bob->dev, sim_time(bob), &record));
	sim_held_resend(sim, 0);
	sim_run(sim, 6 * SIM_S);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE], 1);
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_HANDSHAKE_OLD), 1);
	sim_node_off(alice);
	sim_node_on(alice);
	sim_packet_await(sim, sim_packet_send(sim, alice, bob, 0), 100 * SIM_MS);
}

SIM_CASE(replayed_response_is_refused)
{
	struct sim_node *alice, *bob;

	sim_pair_new(sim, &alice, &bob);
	sim_rule_add(sim, bob, alice, SIM_RESPONSE, 0, 0, SIM_COPY);
	sim_pair_exchange(sim, alice, bob);
	sim_held_resend(sim, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_SESSION_NEW], 1);
	SIM_SAME(sim, sim_node_keypairs(alice), 1);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(replayed_data_is_refused)
{
	struct sim_node *alice, *bob;

	sim_session_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_DATA, 0, 0, SIM_COPY);
	sim_stream_start(sim, alice, bob, 500, SIM_MS, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim->net->n_held, 500);
	for (size_t i = 0; i < 500; i++) /* a second arrival would fail the case */
		sim_held_resend(sim, i);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_REPLAY), 500);
}

static void packet_late_by(struct sim *sim, uint32_t n, bool good)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	p = sim_packet_send_held(sim, alice, bob);
	sim_run(sim, SIM_MS);
	sim_stream_start(sim, alice, bob, n, SIM_MS, SIM_MIN6);
	sim_run(sim, n * SIM_MS + SIM_S);
	sim_held_resend(sim, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_packet_arrived(sim, p), good);
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_REPLAY), !good);
}

SIM_CASE(reordered_data_within_the_window_is_taken)
{
	packet_late_by(sim, 8100, true);
}

SIM_CASE(data_behind_the_window_is_refused)
{
	packet_late_by(sim, 8200, false);
}

SIM_CASE(altered_data_is_refused)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	sim_rule_add(sim, alice, bob, SIM_DATA, 0, 500, SIM_ALTER);
	p = sim_stream_start(sim, alice, bob, 600, SIM_MS, 0);
	sim_run(sim, 2 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p, 500), 500);
	SIM_SAME(sim, sim_stream_lost(sim, p + 500, 100), 0);
	SIM_SAME(sim,
		 sim_node_verdict(bob, XT_DROP_AUTH) + sim_node_verdict(bob, XT_DROP_INDEX) +
		     sim_node_verdict(bob, XT_DROP_MESSAGE),
		 500);
}

SIM_CASE(spoofed_inner_source_is_dropped)
{
	struct sim_node *alice, *bob, *carol;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	carol = sim_node_new(sim, "carol");
	sim_pair_link(carol, bob);
	sim_pair_exchange(sim, alice, bob);
	sim_pair_exchange(sim, carol, bob);
	p = sim_packet_send_as(sim, alice, carol, bob, 100, SIM_V4 | SIM_FORGED, 0);
	sim_packet_send_as(sim, alice, carol, bob, 100, SIM_V6 | SIM_FORGED, 0);
	sim_packet_send_as(sim, alice, bob, bob, 100, SIM_V4 | SIM_FORGED, 0);
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_packet_arrived(sim, p));
	SIM_SAME(sim, sim_node_verdict(bob, XT_DROP_SOURCE), 3);
	sim_pair_exchange(sim, alice, bob);
}

SIM_CASE(noise_gets_no_answer)
{
	struct sim_node *alice, *bob;
	uint8_t junk[1500];
	uint64_t sent;

	sim_session_new(sim, &alice, &bob);
	sim_run(sim, 20 * SIM_S);
	sent = sim->net->sent;
	for (int i = 0; i < 20000; i++) {
		struct xt_endpoint src = sim_node_endpoint(alice, false),
				   dst = sim_node_endpoint(bob, false);
		static const uint16_t lens[] = {148, 92, 64, 32};
		size_t len = (size_t)sim_random_below(sim, sizeof(junk));

		for (size_t j = 0; j < len; j++)
			junk[j] = (uint8_t)sim_random(sim);
		if (sim_random_chance(sim, 700)) {
			junk[0] = (uint8_t)(1 + sim_random_below(sim, 4));
			memset(junk + 1, 0, 3);
			len = lens[junk[0] - 1];
		}
		src.ip.b[3] = 77; /* of no peer */
		sim_net_forge(sim, &src, &dst, junk, len);
		sim_run(sim, 100 * SIM_US);
	}
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim->net->sent, sent);
	sim_pair_exchange(sim, alice, bob);
}
