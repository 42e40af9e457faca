/* SPDX-License-Identifier: MIT */
/* Under load a cookie is required: peers still get in, and forged initiations cost little. */
#include "core/cookie.h"
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <string.h>

/* Waves of initiations with a valid mac1 and random contents, each from another source. */
struct flood {
	struct sim_node *target;
	struct xt_cookie_maker maker;
	unsigned each;
	uint64_t gap, until, sent;
	bool one_source;
};

static void flood_wave(struct sim *sim, void *ctx, uint64_t arg)
{
	struct flood *flood = ctx;
	struct xt_endpoint dst = sim_node_endpoint(flood->target, false);
	struct xt_endpoint src = {.ip = {4, {198, 19, 1, 1}}, .port = 7};
	uint8_t msg[148];

	(void)arg;
	for (unsigned i = 0; i < flood->each; i++) {
		for (size_t j = 0; j < sizeof(msg); j++)
			msg[j] = (uint8_t)sim_random(sim);
		memcpy(msg, "\1\0\0\0", 4);
		xt_cookie_add_macs(&flood->maker, sim->now, msg, sizeof(msg));
		if (!flood->one_source) {
			src.ip.b[2] = (uint8_t)sim_random_below(sim, 200);
			src.ip.b[3] = (uint8_t)sim_random(sim);
		}
		sim_net_forge(sim, &src, &dst, msg, sizeof(msg));
		flood->sent++;
	}
	if (sim->now + flood->gap < flood->until)
		sim_event_add(sim, sim->now + flood->gap, flood_wave, flood, 0);
}

static void flood_start(struct sim *sim, struct flood *flood, struct sim_node *target, uint64_t ns)
{
	memset(flood, 0, sizeof(*flood));
	flood->target = target;
	flood->each = 300;
	flood->gap = 100 * SIM_MS;
	flood->until = sim->now + ns;
	xt_cookie_maker_init(&flood->maker, &target->public);
	sim_event_add(sim, sim->now, flood_wave, flood, 0);
}

/* Under a flood of either, alice's packet arrives. */
static void packet_await_flooded(struct sim *sim, struct sim_node *alice, struct sim_node *bob)
{
	sim_packet_await(sim, sim_packet_send(sim, alice, bob, 0), 12 * SIM_S);
}

SIM_CASE(cookie_under_flood_lets_the_peer_in)
{
	struct sim_node *alice, *bob;
	struct flood flood;
	uint32_t p;

	sim_pair_new(sim, &alice, &bob);
	flood_start(sim, &flood, bob, 60 * SIM_S);
	sim_run(sim, 2 * SIM_S);
	SIM_CHECK(sim, bob->events[XT_EVENT_UNDER_LOAD] >= 1);
	packet_await_flooded(sim, alice, bob);
	SIM_CHECK(sim, alice->events[XT_EVENT_COOKIE_RECEIVED] >= 1);
	SIM_CHECK(sim, sim_node_verdict(bob, XT_DROP_UNDER_LOAD) > 0);
	SIM_CHECK(sim, bob->sent[SIM_COOKIE] > 0);
	SIM_CHECK(sim, bob->sent[SIM_COOKIE] <= flood.sent + 3);
	p = sim_stream_start(sim, alice, bob, 1000, 10 * SIM_MS, 0); /* data is not affected */
	sim_run(sim, 11 * SIM_S);
	SIM_SAME(sim, sim_stream_lost(sim, p, 1000), 0);
}

SIM_CASE(flooded_responder_keeps_its_sessions_and_renews_them)
{
	struct sim_node *alice, *bob;
	struct flood flood;
	struct sim_streams both;

	sim_session_new(sim, &alice, &bob);
	flood_start(sim, &flood, bob, 300 * SIM_S);
	flood.gap = 300 * SIM_MS;
	both = sim_streams_start(sim, alice, bob, 3000, 100 * SIM_MS);
	sim_run(sim, 301 * SIM_S);
	SIM_SAME(sim, sim_streams_lost(sim, &both), 0);
	SIM_RANGE(sim, alice->events[XT_EVENT_SESSION_NEW], 3, 4);
}

/* The initiator is under load, so it requires a cookie for the response. */
SIM_CASE(flooded_initiator_gets_its_session)
{
	struct sim_node *alice, *bob;
	struct flood flood;

	sim_pair_new(sim, &alice, &bob);
	flood_start(sim, &flood, alice, 60 * SIM_S);
	sim_run(sim, SIM_S);
	packet_await_flooded(sim, alice, bob);
}

SIM_CASE(cookies_are_sent_under_load_only)
{
	struct sim_node *alice, *bob;
	struct flood flood;
	uint64_t replies;
	uint32_t p;

	sim_session_new(sim, &alice, &bob);
	SIM_SAME(sim, alice->sent[SIM_COOKIE] + bob->sent[SIM_COOKIE], 0);
	flood_start(sim, &flood, bob, 5 * SIM_S);
	sim_run(sim, 4 * SIM_S);
	SIM_CHECK(sim, bob->sent[SIM_COOKIE] > 0);
	sim_run(sim, 600 * SIM_S); /* the load is over, the keys are gone */
	replies = bob->sent[SIM_COOKIE];
	p = sim_packet_send(sim, alice, bob, 0);
	sim_packet_await(sim, p, 20 * SIM_MS);
	SIM_SAME(sim, bob->sent[SIM_COOKIE], replies);
}

/* The rate per source is limited even with valid cookies; these have none. */
SIM_CASE(flood_from_one_source_is_answered_by_cookies_alone)
{
	struct sim_node *alice, *bob;
	struct flood flood;

	sim_pair_new(sim, &alice, &bob);
	flood_start(sim, &flood, bob, 10 * SIM_S);
	flood.one_source = true;
	sim_run(sim, 11 * SIM_S);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE] + bob->sent[SIM_INITIATION], 0);
	SIM_SAME(sim, sim_node_keypairs(bob), 0);
	sim_packet_await(sim, sim_packet_send(sim, alice, bob, 0), 12 * SIM_S);
}

SIM_CASE(cookie_reply_from_elsewhere_does_not_move_the_peer)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint thief = {.ip = {4, {198, 18, 99, 99}}, .port = 999}, before, after;
	struct flood flood;

	sim_pair_new(sim, &alice, &bob);
	sim_rule_add(sim, bob, alice, SIM_COOKIE, 0, 1, SIM_HOLD);
	flood_start(sim, &flood, bob, 3 * SIM_S);
	sim_run(sim, SIM_S);
	before = sim_peer_state(alice, bob).endpoint;
	sim_packet_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim->net->n_held, 1);
	sim_held_resend_from(sim, 0, &thief);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_COOKIE_RECEIVED],
		 1); /* accepted, but it is no proof of an endpoint */
	after = sim_peer_state(alice, bob).endpoint;
	SIM_SAME(sim, memcmp(&before, &after, sizeof(before)), 0);
	SIM_SAME(sim, alice->events[XT_EVENT_ROAMED], 0);
	sim_held_resend_from(sim, 0, &thief); /* not accepted a second time */
	sim_run(sim, 6 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_COOKIE_RECEIVED], 1);
	SIM_SAME(sim, sim_node_verdict(alice, XT_DROP_COOKIE), 1);
	sim_pair_exchange(sim, alice, bob);
}
