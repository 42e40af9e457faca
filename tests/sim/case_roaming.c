/* Endpoints change: by moving, by NAT, from IPv4 to IPv6; and only for what is authentic. */
#include "base/addr.h"
#include "core/limits.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"

static bool points_to(struct sim_node *a, struct sim_node *b, bool v6)
{
	struct xt_endpoint at = sim_about(a, b).endpoint, is = sim_endpoint(b, v6);

	return xt_endpoint_equal(&at, &is);
}

/* As sim_two, over IPv4. */
static void two4(struct sim *sim, struct sim_node **a, struct sim_node **b)
{
	*a = sim_node(sim, "alice");
	*b = sim_node(sim, "bob");
	sim_peer(*a, *b, SIM_KNOWS);
	sim_peer(*b, *a, SIM_KNOWS);
	sim_meet(sim, *a, *b);
}

SIM_CASE(roaming_of_the_one_and_then_of_the_other)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	two4(sim, &alice, &bob);
	for (int i = 0; i < 5; i++) {
		struct sim_node *mover = i % 2 ? alice : bob, *other = i % 2 ? bob : alice;

		sim_move(mover);
		p = sim_send(sim, other, mover, 0); /* to where it was */
		sim_run(sim, 20 * SIM_MS);
		SIM_CHECK(sim, !sim_got(sim, p));
		sim_meet(sim, mover, other);
		SIM_CHECK(sim, points_to(other, mover, false));
	}
	SIM_SAME(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, alice->events[XT_EVENT_ROAMED], 3);
	SIM_SAME(sim, bob->events[XT_EVENT_ROAMED], 2);
}

SIM_CASE(roaming_under_traffic_loses_only_what_was_on_the_way)
{
	struct sim_node *alice, *bob;
	uint32_t p, q;

	two4(sim, &alice, &bob);
	p = sim_stream(sim, alice, bob, 1000, 10 * SIM_MS, 0);
	q = sim_stream(sim, bob, alice, 1000, 10 * SIM_MS, 0);
	for (int i = 0; i < 9; i++) {
		sim_run(sim, SIM_S);
		sim_move(alice);
	}
	sim_run(sim, 2 * SIM_S);
	SIM_CHECK(sim, sim_lost(sim, p, 1000) == 0);
	SIM_CHECK(sim, sim_lost(sim, q, 1000) <= 9 * 3);
}

SIM_CASE(roaming_from_ipv4_to_ipv6_and_back)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint at;

	two4(sim, &alice, &bob);
	at = sim_endpoint(bob, true);
	sim_set_endpoint(alice, bob, &at);
	sim_meet(sim, alice, bob);
	SIM_CHECK(sim, points_to(bob, alice, true) && points_to(alice, bob, true));
	at = sim_endpoint(bob, false);
	sim_set_endpoint(alice, bob, &at);
	sim_meet(sim, alice, bob);
	SIM_CHECK(sim, points_to(bob, alice, false) && points_to(alice, bob, false));
	SIM_SAME(sim, alice->sent[SIM_INITIATION] + bob->sent[SIM_INITIATION], 1);
}

/* Alice behind a NAT, bob in the open and without her endpoint. */
static struct sim_nat *behind(struct sim *sim, struct sim_node **alice, struct sim_node **bob)
{
	struct sim_nat *nat = sim_nat(sim, 60 * SIM_S);

	*alice = sim_node(sim, "alice");
	*bob = sim_node(sim, "bob");
	(*alice)->nat = nat;
	sim_peer(*alice, *bob, SIM_KNOWS | (sim_chance(sim, 500) ? SIM_OVER6 : 0));
	sim_peer(*bob, *alice, 0);
	return nat;
}

SIM_CASE(nat_mapping_lives_by_persistent_keepalive)
{
	struct sim_node *alice, *bob;

	behind(sim, &alice, &bob);
	sim_set_keepalive(alice, bob, 25);
	sim_run(sim, SIM_S);
	for (int i = 0; i < 20; i++) {
		sim_run(sim, 200 * SIM_S + sim_below(sim, 60 * SIM_S));
		sim_arrives(sim, sim_send(sim, bob, alice, 0), 100 * SIM_MS);
	}
}

SIM_CASE(nat_mapping_dies_without_keepalive_and_is_made_anew)
{
	struct sim_node *alice, *bob;
	uint32_t p;

	behind(sim, &alice, &bob);
	sim_meet(sim, alice, bob);
	sim_run(sim, 90 * SIM_S);
	p = sim_send(sim, bob, alice, 0);
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, !sim_got(sim, p));
	sim_meet(sim, alice, bob);
	SIM_CHECK(sim, bob->events[XT_EVENT_ROAMED] >= 1);
}

SIM_CASE(nat_rebinding_is_followed)
{
	struct sim_node *alice, *bob;
	struct sim_nat *nat = behind(sim, &alice, &bob);
	uint32_t p, q;

	sim_meet(sim, alice, bob);
	p = sim_stream(sim, alice, bob, 2000, 10 * SIM_MS, 0);
	q = sim_stream(sim, bob, alice, 2000, 10 * SIM_MS, 0);
	for (int i = 0; i < 9; i++) {
		sim_run(sim, 2 * SIM_S);
		sim_nat_rebind(sim, nat);
	}
	sim_run(sim, 4 * SIM_S);
	SIM_SAME(sim, sim_lost(sim, p, 2000), 0);
	SIM_CHECK(sim, sim_lost(sim, q, 2000) <= 9 * 3);
	SIM_SAME(sim, alice->sent[SIM_INITIATION], 1);
	SIM_SAME(sim, bob->events[XT_EVENT_ROAMED], 10); /* at first, from nowhere */
}

/* Whatever is not authentic, or was heard before, moves nobody. */
SIM_CASE(replays_from_elsewhere_move_nobody)
{
	struct sim_node *alice, *bob;
	struct xt_endpoint thief = {.ip = {4, {198, 18, 99, 99}}, .port = 999};

	alice = sim_node(sim, "alice");
	bob = sim_node(sim, "bob");
	sim_peer(alice, bob, SIM_KNOWS);
	sim_peer(bob, alice, SIM_KNOWS);
	sim_rule(sim, NULL, NULL, SIM_ANY, 0, 0, SIM_COPY);
	sim_meet(sim, alice, bob);
	sim_run(sim, SIM_S);
	for (size_t i = 0; i < sim->net->n_bag; i++)
		sim_again_from(sim, i, &thief);
	sim_run(sim, SIM_S);
	for (size_t i = 0, n = sim->net->n_bag; i < n; i++) {
		for (uint32_t at = 0; at < sim->net->bag[i]->len; at++) {
			sim->net->bag[i]->data[at] ^= 0x40;
			sim->net->bag[i]->altered = true;
			sim_again_from(sim, i, &thief);
			sim->net->bag[i]->data[at] ^= 0x40;
		}
	}
	sim_run(sim, SIM_S);
	SIM_CHECK(sim, points_to(alice, bob, false) && points_to(bob, alice, false));
	SIM_SAME(sim, alice->events[XT_EVENT_ROAMED] + bob->events[XT_EVENT_ROAMED], 0);
	sim_meet(sim, alice, bob);
}
