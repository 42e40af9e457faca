/* Many peers, and peers that come and go. */
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

#include <stdio.h>
#include <stdlib.h>

#define SPOKES 500

SIM_CASE(peer_removed_while_its_packets_are_in_flight)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	sim_two(sim, &alice, &bob);
	for (int i = 0; i < 20; i++) {
		sim_stream(sim, alice, bob, 200, SIM_MS, 0);
		p = sim_stream(sim, bob, alice, 200, SIM_MS, 0);
		sim_run(sim, sim_below(sim, 150 * SIM_MS));
		sim_remove(alice, bob);
		SIM_SAME(sim, sim_keypairs(alice), 0);
		sim_run(sim, sim_below(sim, 6 * SIM_S));
		SIM_CHECK(sim, !sim_got(sim, p + 199));
		sim_peer(alice, bob, SIM_KNOWS);
		sim_run(sim, sim_below(sim, SIM_S));
		p = sim_send(sim, alice, bob, 0);
		sim_arrives(sim, p, 6 * SIM_S);
	}
}

SIM_CASE(peer_removed_with_staged_packets_and_an_open_handshake)
{
	struct sim_node *alice, *bob;

	sim_two(sim, &alice, &bob);
	sim_rule(sim, bob, alice, SIM_RESPONSE, 0, 1, SIM_HOLD);
	sim_stream(sim, alice, bob, 50, SIM_MS, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_about(alice, bob).staged, 50);
	sim_remove(alice, bob);
	sim_again(sim, 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, xt_scheduler_deadline(alice->scheduler), XT_NEVER);
	SIM_SAME(sim, sim_keypairs(alice), 0);
	sim_peer(alice, bob, SIM_KNOWS);
	sim_meet(sim, alice, bob);
}

static struct sim_node *star(struct sim *sim, struct sim_node **spokes, unsigned n)
{
	struct sim_node *hub = sim_node(sim, "hub");
	char name[16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "spoke%u", i);
		spokes[i] = sim_node(sim, name);
		sim_peer(hub, spokes[i], 0);
		sim_peer(spokes[i], hub, SIM_KNOWS);
	}
	return hub;
}

SIM_CASE(five_hundred_peers_on_a_hub)
{
	static struct sim_node *spokes[SPOKES];
	struct sim_node *hub = star(sim, spokes, SPOKES);
	uint32_t first = sim->flow->n;

	for (unsigned i = 0; i < SPOKES; i++) {
		sim_send(sim, spokes[i], hub, 0);
		sim_run(sim, 10 * SIM_MS);
	}
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_lost(sim, first, SPOKES), 0);
	first = sim->flow->n;
	for (unsigned i = 0; i < SPOKES; i++)
		sim_send(sim, hub, spokes[i], 0);
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_lost(sim, first, SPOKES), 0);
	SIM_SAME(sim, sim_keypairs(hub), SPOKES);
	SIM_SAME(sim, hub->sent[SIM_INITIATION], 0);
	sim_run(sim, 600 * SIM_S);
	SIM_SAME(sim, sim_keypairs(hub), 0);
	SIM_SAME(sim, xt_scheduler_deadline(hub->scheduler), XT_NEVER);
}

/* All in one moment: this is load, and honest. Everybody gets in by cookies and retries. */
SIM_CASE(five_hundred_peers_that_come_at_once)
{
	static struct sim_node *spokes[SPOKES];
	struct sim_node *hub = star(sim, spokes, SPOKES);
	uint32_t first = sim->flow->n;

	for (unsigned i = 0; i < SPOKES; i++)
		sim_send(sim, spokes[i], hub, 0);
	sim_run(sim, 30 * SIM_S);
	SIM_SAME(sim, sim_lost(sim, first, SPOKES), 0);
}

/* As after a start with persistent keepalives: more initiations than one turn can send. */
SIM_CASE(hub_that_calls_all_peers_at_once_reaches_all_at_once)
{
	static struct sim_node *spokes[120];
	struct sim_node *hub = star(sim, spokes, 120);
	struct xt_endpoint at;

	for (unsigned i = 0; i < 120; i++) {
		at = sim_endpoint(spokes[i], false);
		sim_set_endpoint(hub, spokes[i], &at);
		sim_set_keepalive(hub, spokes[i], 25);
	}
	sim_run(sim, SIM_S);
	SIM_SAME(sim, hub->events[XT_EVENT_SESSION_NEW], 120);
	SIM_SAME(sim, hub->sent[SIM_INITIATION], 120);
}

SIM_CASE(hub_whose_first_packets_go_to_all_peers_reaches_all_at_once)
{
	static struct sim_node *spokes[120];
	struct sim_node *hub = star(sim, spokes, 120);
	struct xt_endpoint at;

	for (unsigned i = 0; i < 120; i++) {
		at = sim_endpoint(spokes[i], false);
		sim_set_endpoint(hub, spokes[i], &at);
		sim_send(sim, hub, spokes[i], 0);
	}
	sim_run(sim, SIM_S);
	SIM_SAME(sim, sim_lost(sim, 0, sim->flow->n), 0);
	SIM_SAME(sim, hub->sent[SIM_INITIATION], 120);
}

SIM_CASE(point_to_point_peers_do_not_hear_each_other)
{
	struct sim_node *spokes[3], *hub = star(sim, spokes, 3);

	for (int i = 0; i < 3; i++)
		sim_meet(sim, spokes[i], hub);
	for (int i = 0; i < 200; i++) { /* the ledger says where each packet comes out */
		sim_send(sim, hub, spokes[sim_below(sim, 3)], 0);
		sim_send(sim, spokes[sim_below(sim, 3)], hub, 0);
		sim_run(sim, 50 * SIM_MS);
	}
	SIM_SAME(sim, sim_lost(sim, 0, sim->flow->n), 0);
}
