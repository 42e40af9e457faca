/* Under load a cookie is asked for: the honest get in, strangers cost little. */
#include "core/cookie.h"
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <string.h>

/* Initiations whose mac1 is right and the rest noise, many in one moment, each from elsewhere. */
struct flood {
	struct sim_node *target;
	struct xt_cookie_maker maker;
	unsigned each;
	uint64_t gap, until, sent;
	bool one_source;
};

static void wave(struct sim *sim, void *ctx, uint64_t arg)
{
	struct flood *flood = ctx;
	struct xt_endpoint dst = sim_endpoint(flood->target, false);
	struct xt_endpoint src = {.ip = {4, {198, 19, 1, 1}}, .port = 7};
	uint8_t msg[148];

	(void)arg;
	for (unsigned i = 0; i < flood->each; i++) {
		for (size_t j = 0; j < sizeof(msg); j++)
			msg[j] = (uint8_t)sim_random(sim);
		memcpy(msg, "\1\0\0\0", 4);
		xt_cookie_add_macs(&flood->maker, sim->now, msg, sizeof(msg));
		if (!flood->one_source) {
			src.ip.b[2] = (uint8_t)sim_below(sim, 200);
			src.ip.b[3] = (uint8_t)sim_random(sim);
		}
		sim_net_forge(sim, &src, &dst, msg, sizeof(msg));
		flood->sent++;
	}
	if (sim->now + flood->gap < flood->until)
		sim_at(sim, sim->now + flood->gap, wave, flood, 0);
}

static void start(struct sim *sim, struct flood *flood, struct sim_node *target, uint64_t ns)
{
	memset(flood, 0, sizeof(*flood));
	flood->target = target;
	flood->each = 300;
	flood->gap = 100 * SIM_MS;
	flood->until = sim->now + ns;
	xt_cookie_maker_init(&flood->maker, &target->public);
	sim_at(sim, sim->now, wave, flood, 0);
}

SIM_CASE(cookie_under_flood_lets_the_peer_in)
{
	struct sim_node *alice, *bob;
	struct flood flood;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	start(sim, &flood, bob, 60 * SIM_S);
	sim_run(sim, 2 * SIM_S);
	SIM_CHECK(sim, bob->events[XT_EVENT_UNDER_LOAD] >= 1);
	p = sim_send(sim, alice, bob, 0);
	sim_arrives(sim, p, 12 * SIM_S);
	SIM_CHECK(sim, alice->events[XT_EVENT_COOKIE_RECEIVED] >= 1);
	SIM_CHECK(sim, sim_count(bob, XT_DROP_UNDER_LOAD) > 0);
	SIM_CHECK(sim, bob->sent[SIM_COOKIE] > 0);
	SIM_CHECK(sim, bob->sent[SIM_COOKIE] <= flood.sent + 3);
	p = sim_stream(sim, alice, bob, 1000, 10 * SIM_MS, 0); /* data does not suffer */
	sim_run(sim, 11 * SIM_S);
	SIM_SAME(sim, sim_lost(sim, p, 1000), 0);
}

SIM_CASE(flooded_responder_keeps_its_sessions_and_renews_them)
{
	struct sim_node *alice, *bob;
	struct flood flood;
	uint32_t p, q, n = 3000;

	sim_two(sim, &alice, &bob);
	sim_meet(sim, alice, bob);
	start(sim, &flood, bob, 300 * SIM_S);
	flood.gap = 300 * SIM_MS;
	p = sim_stream(sim, alice, bob, n, 100 * SIM_MS, 0);
	q = sim_stream(sim, bob, alice, n, 100 * SIM_MS, 0);
	sim_run(sim, 301 * SIM_S);
	SIM_SAME(sim, sim_lost(sim, p, n) + sim_lost(sim, q, n), 0);
	SIM_RANGE(sim, alice->events[XT_EVENT_SESSION_NEW], 3, 4);
}

/* Alice is flooded, too: so the initiator has to prove where bob is before she believes a response.
 */
SIM_CASE(flooded_initiator_gets_its_session)
{
	struct sim_node *alice, *bob;
	struct flood flood;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	start(sim, &flood, alice, 60 * SIM_S);
	sim_run(sim, SIM_S);
	p = sim_send(sim, alice, bob, 0);
	sim_arrives(sim, p, 12 * SIM_S);
}

SIM_CASE(cookies_are_asked_for_under_load_only)
{
	struct sim_node *alice, *bob;
	struct flood flood;
	uint64_t replies;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	sim_meet(sim, alice, bob);
	SIM_SAME(sim, alice->sent[SIM_COOKIE] + bob->sent[SIM_COOKIE], 0);
	start(sim, &flood, bob, 5 * SIM_S);
	sim_run(sim, 4 * SIM_S);
	SIM_CHECK(sim, bob->sent[SIM_COOKIE] > 0);
	sim_run(sim, 600 * SIM_S); /* the load is over, the keys are gone */
	replies = bob->sent[SIM_COOKIE];
	p = sim_send(sim, alice, bob, 0);
	sim_arrives(sim, p, 20 * SIM_MS);
	SIM_SAME(sim, bob->sent[SIM_COOKIE], replies);
}

/* From one address, even with right cookies, only so many a second are looked at; here there is
 * none. */
SIM_CASE(flood_from_one_source_is_answered_by_cookies_alone)
{
	struct sim_node *alice, *bob;
	struct flood flood;

	sim_two(sim, &alice, &bob);
	start(sim, &flood, bob, 10 * SIM_S);
	flood.one_source = true;
	sim_run(sim, 11 * SIM_S);
	SIM_SAME(sim, bob->sent[SIM_RESPONSE] + bob->sent[SIM_INITIATION], 0);
	SIM_SAME(sim, sim_keypairs(bob), 0);
	sim_arrives(sim, sim_send(sim, alice, bob, 0), 12 * SIM_S);
}

SIM_CASE(cookie_reply_from_elsewhere_does_not_move_the_peer)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint thief = {.ip = {4, {198, 18, 99, 99}}, .port = 999}, before, after;
	struct flood flood;

	sim_two(sim, &alice, &bob);
	sim_rule(sim, bob, alice, SIM_COOKIE, 0, 1, SIM_HOLD);
	start(sim, &flood, bob, 3 * SIM_S);
	sim_run(sim, SIM_S);
	before = sim_about(alice, bob).endpoint;
	sim_send(sim, alice, bob, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim->net->n_bag, 1);
	sim_again_from(sim, 0, &thief);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_COOKIE_RECEIVED],
		 1); /* taken, but believed no further */
	after = sim_about(alice, bob).endpoint;
	SIM_SAME(sim, memcmp(&before, &after, sizeof(before)), 0);
	SIM_SAME(sim, alice->events[XT_EVENT_ROAMED], 0);
	sim_again_from(sim, 0, &thief); /* a second time it is not taken */
	sim_run(sim, 6 * SIM_S);
	SIM_SAME(sim, alice->events[XT_EVENT_COOKIE_RECEIVED], 1);
	SIM_SAME(sim, sim_count(alice, XT_DROP_COOKIE), 1);
	sim_meet(sim, alice, bob);
}
