/* SPDX-License-Identifier: MIT */
/* The single steps of a link plan, each done, undone and done again. A step that
 * changed something is appended to the journal of its setting. */
#include "platform/link/link_steps.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"

int xt_link_fail(struct xt_link_setting *set, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(set->error, set->error_len, format, args);
	va_end(args);
	return rc;
}

/* xt_link_journal_reserve made room. */
void xt_link_journal_put(struct xt_link_setting *set, const struct xt_link_step *step)
{
	set->journal->v[set->journal->n++] = *step;
}

int xt_link_journal_reserve(struct xt_link_journal *journal, size_t more)
{
	struct xt_link_step *v;

	if (journal->cap - journal->n >= more)
		return 0;
	if (more > SIZE_MAX / sizeof(*v) - journal->n)
		return XT_E_NOMEM;
	v = realloc(journal->v, (journal->n + more) * sizeof(*v));
	if (!v)
		return XT_E_NOMEM;
	journal->v = v;
	journal->cap = journal->n + more;
	return 0;
}

int xt_link_mtu_wanted(struct xt_link_setting *set, uint32_t *out)
{
	const struct xt_link_plan *plan = set->plan;
	bool v6 = false;

	for (size_t i = 0; i < plan->n_addresses; i++)
		v6 |= plan->addresses[i].cidr.ip.family == 6;
	if (plan->mtu != 0 && v6 && plan->mtu < XT_LINK_MTU_V6)
		return xt_link_fail(set, -EINVAL, "MTU %u: too small for IPv6, which needs %u",
				    plan->mtu, XT_LINK_MTU_V6);
	*out = plan->mtu;
	if (plan->mtu == 0)
		*out = xt_link_mtu_below(set->kernel, plan->endpoints, plan->n_endpoints,
					 set->ifindex, v6);
	return 0;
}

int xt_link_mtu_step(struct xt_link_setting *set, uint32_t mtu)
{
	struct xt_link_step step = {.kind = XT_LINK_STEP_MTU, .old_mtu = set->now.mtu};
	int rc;

	if (set->now.mtu == mtu)
		return 0;
	rc = xt_link_mtu_do(set->kernel, set->ifindex, mtu);
	if (rc < 0)
		return xt_link_fail(set, rc, "MTU %u: %s", mtu, xt_strerror(rc));
	xt_link_journal_put(set, &step);
	return 0;
}

int xt_link_address_step(struct xt_link_setting *set, const struct xt_link_address *address)
{
	struct xt_link_step step = {.kind = XT_LINK_STEP_ADDRESS, .address = *address};
	char text[XT_CIDR_TEXT], peer[XT_IP_TEXT + 4] = "", hint[100];
	bool present;
	int rc;

	xt_cidr_print(&address->cidr, text);
	if (address->peer.family != 0) {
		memcpy(peer, " -> ", 4);
		xt_ip_print(&address->peer, peer + 4);
		if (address->peer.family != address->cidr.ip.family)
			return xt_link_fail(set, -EINVAL,
					    "address %s%s: IPv4 and IPv6 do not make a pair", text,
					    peer);
	}
	rc = xt_link_address_exists(set->kernel, set->ifindex, address, &present);
	if (rc == 0 && present)
		return 0;
	rc = xt_link_address_do(set->kernel, set->ifindex, address, XT_LINK_ADD);
	if (rc == 0) {
		xt_link_journal_put(set, &step);
		return 0;
	}
	if (address->cidr.ip.family == 6 &&
	    (rc == -EACCES || rc == -EAFNOSUPPORT || rc == -EOPNOTSUPP)) {
		xt_link_ipv6_hint(set->plan->name, hint, sizeof(hint));
		return xt_link_fail(set, rc, "address %s%s: IPv6 is switched off on this host (%s)",
				    text, peer, hint);
	}
	return xt_link_fail(set, rc, "address %s%s: %s", text, peer, xt_strerror(rc));
}

int xt_link_up_step(struct xt_link_setting *set)
{
	struct xt_link_step step = {.kind = XT_LINK_STEP_UP};
	int rc;

	if (set->now.up)
		return 0;
	rc = xt_link_up_do(set->kernel, set->ifindex, true);
	if (rc < 0)
		return xt_link_fail(set, rc, "interface %s up: %s", set->plan->name,
				    xt_strerror(rc));
	xt_link_journal_put(set, &step);
	return 0;
}

/* Both halves of the network are routed through the interface. */
static bool halves_present(const struct xt_link_routes *present, const struct xt_cidr *whole)
{
	struct xt_cidr halves[2];
	unsigned found = 0;

	xt_link_halves(whole, halves);
	for (size_t i = 0; i < present->n; i++)
		for (unsigned half = 0; half < 2; half++)
			if (xt_link_network_order(&present->v[i], &halves[half]) == 0)
				found |= 1u << half;
	return found == 3;
}

/* Whether a route is superfluous. In the main table it is when another covers the network, as in
 * wg-quick(8); in another table only when it exists. */
static bool route_superfluous(const struct xt_link_setting *set,
			      const struct xt_link_routes *present, const struct xt_cidr *network)
{
	bool covered_is_enough = set->table == XT_LINK_TABLE_MAIN;

	if (xt_link_system.halves && network->bits == 0 && halves_present(present, network))
		return true;
	for (size_t i = 0; i < present->n; i++) {
		const struct xt_cidr *route = &present->v[i];

		if (route->ip.family != network->ip.family || route->bits > network->bits)
			continue;
		if (route->bits < network->bits && !covered_is_enough)
			continue;
		if (xt_cidr_contains(route, &network->ip))
			return true;
	}
	return false;
}

/* A network that is a whole family is routed in the policy's table. */
uint32_t xt_link_route_table(const struct xt_link_plan *plan, const struct xt_cidr *network)
{
	bool whole = network->bits == 0 && plan->table == 0 && plan->policy.table != 0;

	if (whole)
		return plan->policy.table;
	return plan->table != 0 ? plan->table : XT_LINK_TABLE_MAIN;
}

/* A persistent interface may still have its default route from an earlier run. */
static int default_exists(struct xt_link_setting *set, const struct xt_cidr *network,
			  uint32_t table, bool *exists)
{
	struct xt_link_routes present = {.ifindex = set->ifindex, .table = table};
	int rc = xt_link_routes_list(set->kernel, &present);

	*exists = false;
	for (size_t i = 0; rc == 0 && i < present.n; i++)
		*exists |= present.v[i].bits == 0 && present.v[i].ip.family == network->ip.family;
	free(present.v);
	return rc;
}

int xt_link_route_step(struct xt_link_setting *set, const struct xt_link_routes *present,
		       const struct xt_cidr *network)
{
	struct xt_link_step step = {.kind = XT_LINK_STEP_ROUTE, .network = *network};
	char text[XT_CIDR_TEXT];
	int rc;

	step.table = xt_link_route_table(set->plan, network);
	xt_cidr_print(network, text);
	if (network->bits == 0 && step.table == XT_LINK_TABLE_MAIN && !xt_link_system.halves)
		return xt_link_fail(set, -EINVAL, "route %s: needs a table of its own", text);
	if (step.table == set->table && route_superfluous(set, present, network))
		return 0;
	if (step.table != set->table) {
		bool exists;

		rc = default_exists(set, network, step.table, &exists);
		if (rc < 0)
			return xt_link_fail(set, rc, "routes of table %u: %s", step.table,
					    xt_strerror(rc));
		if (exists)
			return 0;
	}
	rc = xt_link_route_do(set->kernel, set->ifindex, step.table, network, 0, XT_LINK_ADD);
	if (rc == -EEXIST)
		xt_link_fail(set, rc, "route %s: table %u has another one already%s", text,
			     step.table,
			     step.table == XT_LINK_TABLE_MAIN ? " (the main table)" : "");
	else if (rc < 0)
		xt_link_fail(set, rc, "route %s: %s", text, xt_strerror(rc));
	else
		xt_link_journal_put(set, &step);
	return set->plan->lenient ? 0 : rc;
}

static int rule_step(struct xt_link_setting *set, unsigned family, bool suppress)
{
	const struct xt_link_policy *policy = &set->plan->policy;
	struct xt_link_step step = {
	    .kind = XT_LINK_STEP_RULE, .policy = *policy, .family = family, .suppress = suppress};
	int rc = xt_link_rule_do(set->kernel, policy, family, suppress, XT_LINK_ADD);

	if (rc < 0 && suppress)
		return xt_link_fail(set, rc, "IPv%u rule `table main suppress_prefixlength 0`: %s",
				    family == 0 ? 4 : 6, xt_strerror(rc));
	if (rc < 0)
		return xt_link_fail(set, rc, "IPv%u rule `not fwmark %u table %u`: %s",
				    family == 0 ? 4 : 6, policy->table, policy->table,
				    xt_strerror(rc));
	xt_link_journal_put(set, &step);
	return 0;
}

/* A route of the same kind may be left of an instance that crashed without a state file. */
static int block_step(struct xt_link_setting *set, unsigned family)
{
	const struct xt_link_policy *policy = &set->plan->policy;
	struct xt_link_step step = {
	    .kind = XT_LINK_STEP_BLOCK, .policy = *policy, .family = family};
	int rc = xt_link_block_do(set->kernel, policy, family, XT_LINK_ADD);

	if (rc < 0 && rc != -EEXIST)
		return xt_link_fail(set, rc, "IPv%u route `unreachable default table %u`: %s",
				    family == 0 ? 4 : 6, policy->table, xt_strerror(rc));
	xt_link_journal_put(set, &step);
	return 0;
}

/* The rule that exempts more specific routes comes first: in between no network is cut off. */
int xt_link_rule_steps(struct xt_link_setting *set, unsigned family)
{
	int rc = block_step(set, family);

	if (rc == 0)
		rc = rule_step(set, family, true);
	if (rc == 0)
		rc = rule_step(set, family, false);
	return rc;
}

struct xt_cidr xt_link_address_network(const struct xt_link_address *address)
{
	struct xt_cidr network = address->cidr;

	if (address->peer.family)
		network.ip = address->peer;
	xt_cidr_mask(&network);
	return network;
}

bool xt_link_address_covers(const struct xt_link_plan *plan, const struct xt_link_step *step)
{
	for (size_t i = 0; step->table == XT_LINK_TABLE_MAIN && i < plan->n_addresses; i++) {
		struct xt_cidr network = xt_link_address_network(&plan->addresses[i]);

		if (network.ip.family == step->network.ip.family &&
		    network.bits <= step->network.bits &&
		    xt_cidr_contains(&network, &step->network.ip))
			return true;
	}
	return false;
}

bool xt_link_plan_has_rules(const struct xt_link_plan *plan, unsigned family)
{
	return plan->routes && plan->table == 0 && plan->policy.table != 0 &&
	       plan->policy.priority[family] != 0;
}

int xt_link_network_order(const void *a, const void *b)
{
	const struct xt_cidr *x = a, *y = b;

	if (x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	if (x->ip.family != y->ip.family)
		return x->ip.family < y->ip.family ? -1 : 1;
	return memcmp(x->ip.b, y->ip.b, sizeof(x->ip.b));
}

int xt_link_networks_sort(const struct xt_link_plan *plan, struct xt_cidr **out, size_t *n)
{
	struct xt_cidr *v = calloc(plan->n_networks + 1, sizeof(*v));

	if (!v)
		return XT_E_NOMEM;
	*n = 0;
	for (size_t i = 0; plan->routes && i < plan->n_networks; i++) {
		v[i] = plan->networks[i];
		xt_cidr_mask(&v[i]);
		*n = i + 1;
	}
	qsort(v, *n, sizeof(*v), xt_link_network_order);
	for (size_t i = 0, all = *n; i < all; i++) {
		if (i == 0)
			*n = 0;
		if (i == 0 || xt_link_network_order(&v[*n - 1], &v[i]) != 0)
			v[(*n)++] = v[i];
	}
	*out = v;
	return 0;
}

int xt_link_step_undo(struct xt_link_kernel *kernel, unsigned ifindex,
		      const struct xt_link_step *step)
{
	switch (step->kind) {
	case XT_LINK_STEP_MTU:
		return xt_link_mtu_do(kernel, ifindex, step->old_mtu);
	case XT_LINK_STEP_ADDRESS:
		return xt_link_address_do(kernel, ifindex, &step->address, XT_LINK_REMOVE);
	case XT_LINK_STEP_UP:
		return xt_link_up_do(kernel, ifindex, false);
	case XT_LINK_STEP_ROUTE:
		return xt_link_route_do(kernel, ifindex, step->table, &step->network, 0,
					XT_LINK_REMOVE);
	case XT_LINK_STEP_BLOCK:
		return xt_link_block_do(kernel, &step->policy, step->family, XT_LINK_REMOVE);
	case XT_LINK_STEP_RULE:
		return xt_link_rule_do(kernel, &step->policy, step->family, step->suppress,
				       XT_LINK_REMOVE);
	case XT_LINK_STEP_ENDPOINT:
		if (step->hop.ifindex != 0)
			return xt_link_endpoint_do(kernel, &step->network.ip, &step->hop,
						   XT_LINK_REMOVE);
	}
	return 0;
}

/* Done again: MTU and `up` are the administrator's once the interface runs. */
int xt_link_step_redo(struct xt_link_kernel *kernel, unsigned ifindex,
		      const struct xt_link_step *step)
{
	switch (step->kind) {
	case XT_LINK_STEP_MTU:
	case XT_LINK_STEP_UP:
		break;
	case XT_LINK_STEP_ADDRESS:
		return xt_link_address_do(kernel, ifindex, &step->address, XT_LINK_ADD);
	case XT_LINK_STEP_ROUTE:
		return xt_link_route_do(kernel, ifindex, step->table, &step->network, step->mtu,
					XT_LINK_ADD);
	case XT_LINK_STEP_BLOCK:
		return xt_link_block_do(kernel, &step->policy, step->family, XT_LINK_ADD);
	case XT_LINK_STEP_RULE:
		return xt_link_rule_do(kernel, &step->policy, step->family, step->suppress,
				       XT_LINK_ADD);
	case XT_LINK_STEP_ENDPOINT:
		if (step->hop.ifindex != 0)
			return xt_link_endpoint_do(kernel, &step->network.ip, &step->hop,
						   XT_LINK_ADD);
	}
	return 0;
}

int xt_link_journal_redo(struct xt_link_kernel *kernel, unsigned ifindex,
			 const struct xt_link_journal *journal)
{
	int result = 0;

	for (size_t i = 0; i < journal->n; i++) {
		int rc = xt_link_step_redo(kernel, ifindex, &journal->v[i]);

		if (rc < 0 && rc != -EEXIST && result == 0)
			result = rc;
	}
	return result;
}
