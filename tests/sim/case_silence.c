/* SPDX-License-Identifier: MIT */
/* Datagrams of a sender without keys: what they make a node send. */
#include "core/cookie.h"
#include "core/limits.h"
#include "core/message.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <stdio.h>
#include <string.h>

#define TEN_MINUTES (600 * SIM_S)

/* Bytes of a datagram with its IP and UDP headers. */
static uint64_t outer_len(const struct xt_endpoint *endpoint, size_t len)
{
	return len + 8 + (endpoint->ip.family == 6 ? 40 : 20);
}

static size_t message_len(struct sim *sim, unsigned type)
{
	static const size_t lens[] = {0, sizeof(struct xt_msg_initiation),
				      sizeof(struct xt_msg_response), sizeof(struct xt_msg_cookie)};

	return type < SIM_DATA ? lens[type] : 32 + 16 * (size_t)sim_random_below(sim, 4);
}

static void forge(struct sim *sim, const struct xt_endpoint *src, const struct sim_node *victim,
		  unsigned type)
{
	struct xt_endpoint dst = sim_node_endpoint(victim, src->ip.family == 6);
	size_t len = message_len(sim, type);
	uint8_t msg[256];

	for (size_t i = 0; i < len; i++)
		msg[i] = (uint8_t)sim_random(sim);
	memcpy(msg, (uint8_t[4]){(uint8_t)type}, 4);
	sim_net_forge(sim, src, &dst, msg, len);
}

/* Bob's configured endpoint for alice is where the forged datagrams seem to come from. */
static struct xt_endpoint peer_endpoint(struct sim_node *bob, const struct sim_node *alice)
{
	return sim_peer_find(bob, alice)->endpoint;
}

/* The same with a new pair, whose alice is off. */
static struct xt_endpoint pair_new_alice_off(struct sim *sim, struct sim_node **alice,
					     struct sim_node **bob)
{
	sim_pair_new(sim, alice, bob);
	sim_node_off(*alice);
	return peer_endpoint(*bob, *alice);
}

/* Two runs that differ in the forged datagrams only. */
static void session_run(struct sim *sim, bool hostile, uint64_t sent[5])
{
	struct sim_node *alice = sim_node_new(sim, "alice"), *bob = sim_node_new(sim, "bob");
	struct xt_endpoint src;

	sim_peer_add(alice, bob, SIM_KNOWS);
	sim_peer_add(bob, alice, SIM_KNOWS);
	sim_peer_set_keepalive(alice, bob, 10);
	sim_pair_exchange(sim, alice, bob);
	src = sim_node_endpoint(alice, false);
	for (int i = 0; i < 3000; i++) {
		if (hostile)
			forge(sim, &src, bob, 1 + (unsigned)i % 4);
		sim_run(sim, 100 * SIM_MS);
	}
	memcpy(sent, bob->sent, sizeof(bob->sent));
	SIM_CHECK(sim, sim_peer_state(bob, alice).session);
}

SIM_CASE(with_a_session_forged_datagrams_cause_nothing_to_be_sent)
{
	struct sim *undisturbed = sim_new(sim->seed);
	uint64_t expected[5], sent[5];

	session_run(undisturbed, false, expected);
	session_run(sim, true, sent);
	for (int type = SIM_INITIATION; type <= SIM_DATA; type++)
		SIM_RANGE(sim, sent[type], expected[type] > 1 ? expected[type] - 1 : 0,
			  expected[type] + 1);
	SIM_SAME(sim, sent[SIM_COOKIE], 0);
	sim_free(undisturbed);
}

/* The receiver of data sends keepalives and, as the responder, no initiation of its own. */
SIM_CASE(with_a_session_forged_data_starts_no_handshake)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint src;

	sim_session_new(sim, &alice, &bob);
	src = peer_endpoint(bob, alice);
	sim_stream_start(sim, alice, bob, 1000, 100 * SIM_MS, 0);
	for (int i = 0; i < 10000; i++) {
		forge(sim, &src, bob, SIM_DATA);
		sim_run(sim, 10 * SIM_MS);
	}
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 0);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, bob->events[XT_EVENT_RESTART_NOTICED], 0);
}

/* alice is off, bob has started: after a time n forged datagrams cause so many initiations. */
static void forged_initiations(struct sim *sim, uint64_t after, int n, uint64_t initiations)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint src = pair_new_alice_off(sim, &alice, &bob);

	sim_run(sim, after);
	for (int i = 0; i < n; i++) {
		forge(sim, &src, bob, SIM_DATA);
		sim_run(sim, 100 * SIM_MS);
	}
	sim_run(sim, TEN_MINUTES);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], initiations);
	SIM_SAME(sim, bob->events[XT_EVENT_HANDSHAKE_GAVE_UP], 0);
}

SIM_CASE(one_forged_datagram_after_a_start_causes_one_initiation_without_retries)
{
	forged_initiations(sim, 0, 1, 1);
}

SIM_CASE(restart_detection_ends_when_no_session_of_before_can_live)
{
	forged_initiations(sim, XT_REJECT_AFTER_TIME, 1000, 0);
}

/* After the probe went unanswered the host's own packet starts a handshake with its retries. */
SIM_CASE(probe_does_not_take_the_place_of_a_handshake)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint src;
	uint32_t p;

	src = pair_new_alice_off(sim, &alice, &bob);
	forge(sim, &src, bob, SIM_DATA);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, bob->sent[SIM_INITIATION], 1);
	p = sim_packet_send(sim, bob, alice, 0);
	sim_run(sim, 20 * SIM_S);
	SIM_RANGE(sim, bob->sent[SIM_INITIATION], 4, 5);
	sim_node_on(alice);
	sim_packet_await(sim, p, 6 * SIM_S);
}

/* A hub with many peers that are not there: all of them are named as the source. */
SIM_CASE(device_budget_bounds_the_initiations_to_all_peers)
{
	enum { PEERS = 1500 };
	struct sim_node *hub = sim_node_new(sim, "hub");
	struct sim_node *peers[PEERS];
	uint64_t at;

	for (int i = 0; i < PEERS; i++) {
		peers[i] = sim_node_new(sim, "peer");
		sim_peer_add(hub, peers[i], SIM_KNOWS);
		sim_node_off(peers[i]);
	}
	for (int i = 0; i < PEERS; i++) {
		struct xt_endpoint src = sim_node_endpoint(peers[i], false);

		forge(sim, &src, hub, SIM_DATA);
		sim_run(sim, 100 * SIM_US);
	}
	at = hub->sent[SIM_INITIATION];
	SIM_RANGE(sim, at, XT_RESTART_BURST, XT_RESTART_BURST + XT_RESTART_RATE);
	sim_run(sim, TEN_MINUTES);
	SIM_RANGE(sim, hub->sent[SIM_INITIATION], at, at + 1);
}

/* Behind a relay: each datagram reaches one of them, and every one gets its initiation. */
SIM_CASE(several_peers_at_one_endpoint_are_all_found)
{
	enum { PEERS = 40 };
	struct sim_node *hub = sim_node_new(sim, "hub"), *relay = sim_node_new(sim, "relay");
	struct xt_endpoint src = sim_node_endpoint(relay, false);
	struct sim_node *peers[PEERS];

	for (int i = 0; i < PEERS; i++) {
		peers[i] = sim_node_new(sim, "peer");
		sim_node_off(peers[i]);
		sim_peer_add(hub, peers[i], 0);
		sim_peer_set_endpoint(hub, peers[i], &src);
	}
	sim_peer_remove(hub, peers[0]);
	sim_peer_remove(hub, peers[PEERS - 1]);
	sim_peer_remove(hub, peers[PEERS / 2]);
	for (int i = 1; i <= PEERS; i++) {
		forge(sim, &src, hub, SIM_DATA);
		sim_run(sim, 20 * SIM_MS);
		SIM_SAME(sim, hub->sent[SIM_INITIATION], i < PEERS - 3 ? i : PEERS - 3);
	}
	for (int i = 1; i < 10; i++)
		sim_peer_remove(hub, peers[i]);
}

/* The table of docs/silence.md ----------------------------------------------------------------- */

enum state {
	PEER_GONE,  /* just started; the peer does not answer */
	SESSION,    /* a session is established */
	UNDER_LOAD, /* as PEER_GONE, with valid mac1 */
	REPLAY, /* restarted without the peers' timestamps; a captured initiation is sent again */
};

struct attack {
	const char *text;
	enum state state;
	unsigned type;
	bool v6;
	uint32_t n; /* datagrams, one each gap ns, from the start on */
	uint64_t gap;
};

struct flow_bytes {
	uint64_t in, out; /* with IP and UDP headers */
};

static uint64_t sent_bytes(const struct sim_node *node, const struct xt_endpoint *to)
{
	uint64_t bytes = 0;

	for (unsigned type = SIM_INITIATION; type <= SIM_DATA; type++)
		bytes += node->sent[type] *
			 outer_len(to, type == SIM_DATA ? 32 : message_len(node->sim, type));
	return bytes;
}

static void attack_send(struct sim *sim, const struct attack *attack, struct sim_node *victim,
			const struct xt_endpoint *src, struct xt_cookie_maker *maker)
{
	struct xt_endpoint dst = sim_node_endpoint(victim, attack->v6), from = *src;
	size_t len = attack->type == SIM_DATA ? 32 : message_len(sim, attack->type);
	uint8_t msg[256] = {(uint8_t)attack->type};

	if (attack->state == REPLAY) {
		sim_held_resend(sim, 0);
		return;
	}
	for (size_t i = 4; i < len; i++)
		msg[i] = (uint8_t)sim_random(sim);
	if (attack->state == UNDER_LOAD) {
		from.port = (uint16_t)sim_random(sim); /* one cookie reply waits for each source */
		xt_cookie_add_macs(maker, sim->now, msg, len);
	}
	sim_net_forge(sim, &from, &dst, msg, len);
}

static void attack_prepare(struct sim *sim, const struct attack *attack, struct sim_node *alice,
			   struct sim_node *bob)
{
	if (attack->state == SESSION || attack->state == REPLAY) {
		sim_rule_add(sim, alice, bob, SIM_INITIATION, 0, 1, SIM_COPY);
		sim_pair_exchange(sim, alice, bob);
		sim_run(sim, 30 * SIM_S);
	}
	if (attack->state == SESSION)
		return;
	sim_node_off(alice);
	sim_node_off(bob);
	sim_node_on(bob);
}

/* What bob sends within ten minutes of the first datagram, against what the attacker sent. */
static struct flow_bytes attack_run(uint64_t seed, const struct attack *attack)
{
	struct sim *sim = sim_new(seed);
	struct sim_node *alice = sim_node_new(sim, "alice"), *bob = sim_node_new(sim, "bob");
	struct xt_endpoint src = sim_node_endpoint(alice, attack->v6);
	unsigned how = SIM_KNOWS | (attack->v6 ? SIM_OVER6 : 0);
	size_t len = attack->type == SIM_DATA ? 32 : message_len(sim, attack->type);
	struct flow_bytes bytes = {attack->n * outer_len(&src, len), 0};
	struct xt_cookie_maker maker;

	xt_cookie_maker_init(&maker, &bob->public);
	sim_peer_add(alice, bob, how);
	sim_peer_add(bob, alice, how);
	attack_prepare(sim, attack, alice, bob);
	bytes.out = sent_bytes(bob, &src);
	for (uint32_t i = 0; i < attack->n; i++) {
		attack_send(sim, attack, bob, &src, &maker);
		sim_run(sim, attack->gap);
	}
	sim_run(sim, TEN_MINUTES - attack->n * attack->gap);
	bytes.out = sent_bytes(bob, &src) - bytes.out;
	xt_cookie_maker_clear(&maker);
	sim_free(sim);
	return bytes;
}

SIM_CASE(ten_minutes_of_forged_datagrams_get_less_than_three_bytes_for_one)
{
	static const struct attack attacks[] = {
	    {"started, peer silent", PEER_GONE, SIM_INITIATION, false, 6000, 100 * SIM_MS},
	    {"started, peer silent", PEER_GONE, SIM_RESPONSE, false, 6000, 100 * SIM_MS},
	    {"started, peer silent", PEER_GONE, SIM_COOKIE, false, 6000, 100 * SIM_MS},
	    {"started, peer silent", PEER_GONE, SIM_DATA, false, 1, SIM_MS},
	    {"started, peer silent", PEER_GONE, SIM_DATA, true, 1, SIM_MS},
	    {"started, peer silent", PEER_GONE, SIM_DATA, false, 100, 6 * SIM_S},
	    {"started, peer silent", PEER_GONE, SIM_DATA, false, 6000, 100 * SIM_MS},
	    {"started, peer silent", PEER_GONE, SIM_DATA, true, 6000, 100 * SIM_MS},
	    {"session", SESSION, SIM_INITIATION, false, 1000, 100 * SIM_MS},
	    {"session", SESSION, SIM_RESPONSE, false, 1000, 100 * SIM_MS},
	    {"session", SESSION, SIM_COOKIE, false, 1000, 100 * SIM_MS},
	    {"session", SESSION, SIM_DATA, false, 1000, 100 * SIM_MS},
	    {"under load, mac1 valid", UNDER_LOAD, SIM_INITIATION, false, 4000, 0},
	    {"under load, mac1 valid", UNDER_LOAD, SIM_INITIATION, true, 4000, 0},
	    {"state file lost, replayed", REPLAY, SIM_INITIATION, false, 100, SIM_S},
	};

	printf("| state | type | IP | datagrams | bytes in | bytes out | out for one in |\n"
	       "|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		const struct attack *attack = &attacks[i];
		struct flow_bytes bytes = attack_run(sim->seed, attack);

		printf("| %s | %u | %u | %u | %llu | %llu | %.2f |\n", attack->text, attack->type,
		       attack->v6 ? 6u : 4u, attack->n, (unsigned long long)bytes.in,
		       (unsigned long long)bytes.out, (double)bytes.out / (double)bytes.in);
		SIM_CHECK(sim, bytes.out <= 3 * bytes.in);
		if (attack->state == SESSION)
			SIM_SAME(sim, bytes.out, 0);
	}
}
