/* SPDX-License-Identifier: MIT */
/* Apply a link plan step by step over rtnetlink. Each step that changed something is appended to a
 * journal, which undo and rollback read backwards. */
#include "platform/linux/link_linux.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"

enum step_kind { STEP_MTU, STEP_ADDRESS, STEP_UP, STEP_ROUTE, STEP_BLOCK, STEP_RULE };

struct step {
	enum step_kind kind;
	struct xt_link_address address;
	struct xt_cidr network;
	uint32_t old_mtu;
	uint32_t table;	 /* the route's */
	unsigned family; /* of the rule or the unreachable route, as in xt_link_policy */
	bool suppress;
};

struct xt_link {
	unsigned ifindex;
	uint32_t table, mtu;
	struct xt_link_policy policy;
	struct step *journal;
	size_t n_journal;
};

/* The state of one call of xt_link_set. */
struct setting {
	struct xt_nl nl;
	struct xt_link *link;
	const struct xt_link_plan *plan;
	struct xt_nl_link now;
	char *error;
	size_t error_len;
};

__attribute__((format(printf, 3, 4))) static int setting_fail(struct setting *set, int rc,
							      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(set->error, set->error_len, format, args);
	va_end(args);
	return rc;
}

static void journal_put(struct xt_link *link, const struct step *step)
{
	link->journal[link->n_journal++] = *step; /* link_new made room for every step */
}

static int mtu_step(struct setting *set)
{
	const struct xt_link_plan *plan = set->plan;
	struct step step = {.kind = STEP_MTU, .old_mtu = set->now.mtu};
	uint32_t mtu = plan->mtu;
	bool v6 = false;
	int rc;

	for (size_t i = 0; i < plan->n_addresses; i++)
		v6 |= plan->addresses[i].cidr.ip.family == 6;
	if (mtu != 0 && v6 && mtu < XT_LINK_MTU_V6)
		return setting_fail(set, -EINVAL, "MTU %u: too small for IPv6, which needs %u", mtu,
				    XT_LINK_MTU_V6);
	if (mtu == 0)
		mtu = xt_link_mtu_below(&set->nl, plan->endpoints, plan->n_endpoints,
					set->link->ifindex, v6);
	set->link->mtu = mtu;
	if (set->now.mtu == mtu)
		return 0;
	rc = xt_link_mtu_do(&set->nl, set->link->ifindex, mtu);
	if (rc < 0)
		return setting_fail(set, rc, "MTU %u: %s", mtu, xt_strerror(rc));
	journal_put(set->link, &step);
	return 0;
}

static int address_step(struct setting *set, const struct xt_link_address *address)
{
	struct step step = {.kind = STEP_ADDRESS, .address = *address};
	char text[XT_CIDR_TEXT], peer[XT_IP_TEXT + 4] = "";
	bool present;
	int rc;

	xt_cidr_print(&address->cidr, text);
	if (address->peer.family != 0) {
		memcpy(peer, " -> ", 4);
		xt_ip_print(&address->peer, peer + 4);
		if (address->peer.family != address->cidr.ip.family)
			return setting_fail(set, -EINVAL,
					    "address %s%s: IPv4 and IPv6 do not make a pair", text,
					    peer);
	}
	rc = xt_link_address_exists(&set->nl, set->link->ifindex, address, &present);
	if (rc == 0 && present)
		return 0;
	rc = xt_link_address_do(&set->nl, set->link->ifindex, address, RTM_NEWADDR,
				NLM_F_CREATE | NLM_F_EXCL);
	if (rc == 0) {
		journal_put(set->link, &step);
		return 0;
	}
	if (address->cidr.ip.family == 6 &&
	    (rc == -EACCES || rc == -EAFNOSUPPORT || rc == -EOPNOTSUPP))
		return setting_fail(
		    set, rc,
		    "address %s%s: IPv6 is switched off on this host "
		    "(sysctl net.ipv6.conf.%s.disable_ipv6, or ipv6.disable=1 at boot)",
		    text, peer, set->plan->name);
	return setting_fail(set, rc, "address %s%s: %s", text, peer, xt_strerror(rc));
}

static int link_up_step(struct setting *set)
{
	struct step step = {.kind = STEP_UP};
	int rc;

	if (set->now.up)
		return 0;
	rc = xt_link_up_do(&set->nl, set->link->ifindex, true);
	if (rc < 0)
		return setting_fail(set, rc, "interface %s up: %s", set->plan->name,
				    xt_strerror(rc));
	journal_put(set->link, &step);
	return 0;
}

/* Whether a route is superfluous. In the main table it is when another covers the network, as in
 * wg-quick(8); in another table only when it exists. */
static bool route_superfluous(const struct setting *set, const struct xt_link_routes *present,
			      const struct xt_cidr *network)
{
	bool covered_is_enough = set->link->table == RT_TABLE_MAIN;

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
static uint32_t route_table(const struct setting *set, const struct xt_cidr *network)
{
	bool whole = network->bits == 0 && set->plan->table == 0 && set->plan->policy.table != 0;

	return whole ? set->plan->policy.table : set->link->table;
}

/* A persistent interface may still have its default route from an earlier run. */
static int default_exists(struct setting *set, const struct xt_cidr *network, uint32_t table,
			  bool *exists)
{
	struct xt_link_routes present = {.ifindex = set->link->ifindex, .table = table};
	int rc = xt_link_routes_list(&set->nl, &present);

	*exists = false;
	for (size_t i = 0; rc == 0 && i < present.n; i++)
		*exists |= present.v[i].bits == 0 && present.v[i].ip.family == network->ip.family;
	free(present.v);
	return rc;
}

static int route_step(struct setting *set, const struct xt_link_routes *present,
		      const struct xt_cidr *network)
{
	struct step step = {.kind = STEP_ROUTE, .network = *network};
	char text[XT_CIDR_TEXT];
	int rc;

	step.table = route_table(set, network);
	xt_cidr_print(network, text);
	if (network->bits == 0 && step.table == RT_TABLE_MAIN)
		return setting_fail(set, -EINVAL, "route %s: needs a table of its own", text);
	if (step.table == set->link->table && route_superfluous(set, present, network))
		return 0;
	if (step.table != set->link->table) {
		bool exists;

		rc = default_exists(set, network, step.table, &exists);
		if (rc < 0)
			return setting_fail(set, rc, "routes of table %u: %s", step.table,
					    xt_strerror(rc));
		if (exists)
			return 0;
	}
	rc = xt_link_route_do(&set->nl, set->link->ifindex, step.table, network, RTM_NEWROUTE,
			      NLM_F_CREATE | NLM_F_EXCL);
	if (rc == -EEXIST)
		return setting_fail(set, rc, "route %s: table %u has another one already%s", text,
				    step.table,
				    step.table == RT_TABLE_MAIN ? " (the main table)" : "");
	if (rc < 0)
		return setting_fail(set, rc, "route %s: %s", text, xt_strerror(rc));
	journal_put(set->link, &step);
	return 0;
}

static int rule_step(struct setting *set, unsigned family, bool suppress)
{
	const struct xt_link_policy *policy = &set->plan->policy;
	struct step step = {.kind = STEP_RULE, .family = family, .suppress = suppress};
	int rc = xt_link_rule_do(&set->nl, policy, family, suppress, RTM_NEWRULE,
				 NLM_F_CREATE | NLM_F_EXCL);

	if (rc < 0 && suppress)
		return setting_fail(set, rc, "IPv%u rule `table main suppress_prefixlength 0`: %s",
				    family == 0 ? 4 : 6, xt_strerror(rc));
	if (rc < 0)
		return setting_fail(set, rc, "IPv%u rule `not fwmark %u table %u`: %s",
				    family == 0 ? 4 : 6, policy->table, policy->table,
				    xt_strerror(rc));
	journal_put(set->link, &step);
	return 0;
}

/* A route of the same kind may be left of an instance that crashed without a state file. */
static int block_step(struct setting *set, unsigned family)
{
	const struct xt_link_policy *policy = &set->plan->policy;
	struct step step = {.kind = STEP_BLOCK, .family = family};
	int rc =
	    xt_link_block_do(&set->nl, policy, family, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);

	if (rc < 0 && rc != -EEXIST)
		return setting_fail(set, rc, "IPv%u route `unreachable default table %u`: %s",
				    family == 0 ? 4 : 6, policy->table, xt_strerror(rc));
	journal_put(set->link, &step);
	return 0;
}

/* The rule that exempts more specific routes comes first: in between no network is cut off. */
static int rule_steps(struct setting *set)
{
	const struct xt_link_policy *policy = &set->plan->policy;
	int rc = 0;

	if (!set->plan->routes || set->plan->table != 0 || policy->table == 0)
		return 0;
	for (unsigned family = 0; rc == 0 && family < 2; family++) {
		if (policy->priority[family] == 0)
			continue;
		rc = block_step(set, family);
		if (rc == 0)
			rc = rule_step(set, family, true);
		if (rc == 0)
			rc = rule_step(set, family, false);
	}
	return rc;
}

static int network_order(const void *a, const void *b)
{
	const struct xt_cidr *x = a, *y = b;

	if (x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	if (x->ip.family != y->ip.family)
		return x->ip.family < y->ip.family ? -1 : 1;
	return memcmp(x->ip.b, y->ip.b, sizeof(x->ip.b));
}

static int route_steps(struct setting *set)
{
	const struct xt_link_plan *plan = set->plan;
	struct xt_link_routes present = {.ifindex = set->link->ifindex, .table = set->link->table};
	struct xt_cidr *networks;
	int rc;

	if (!plan->routes || plan->n_networks == 0)
		return 0;
	networks = calloc(plan->n_networks, sizeof(*networks));
	if (!networks)
		return setting_fail(set, XT_E_NOMEM, "routes: %s", xt_strerror(XT_E_NOMEM));
	for (size_t i = 0; i < plan->n_networks; i++) {
		networks[i] = plan->networks[i];
		xt_cidr_mask(&networks[i]);
	}
	qsort(networks, plan->n_networks, sizeof(*networks), network_order);
	rc = xt_link_routes_list(&set->nl, &present);
	if (rc < 0)
		setting_fail(set, rc, "routes of %s: %s", plan->name, xt_strerror(rc));
	for (size_t i = 0; rc == 0 && i < plan->n_networks; i++)
		if (i == 0 || network_order(&networks[i - 1], &networks[i]) != 0)
			rc = route_step(set, &present, &networks[i]);
	free(present.v);
	free(networks);
	return rc;
}

static int steps_run(struct setting *set)
{
	int rc = mtu_step(set);

	for (size_t i = 0; rc == 0 && i < set->plan->n_addresses; i++)
		rc = address_step(set, &set->plan->addresses[i]);
	if (rc == 0)
		rc = link_up_step(set);
	if (rc == 0)
		rc = route_steps(set);
	if (rc == 0)
		rc = rule_steps(set);
	return rc;
}

static void step_undo(struct xt_nl *nl, const struct xt_link *link, const struct step *step)
{
	switch (step->kind) {
	case STEP_MTU:
		xt_link_mtu_do(nl, link->ifindex, step->old_mtu);
		break;
	case STEP_ADDRESS:
		xt_link_address_do(nl, link->ifindex, &step->address, RTM_DELADDR, 0);
		break;
	case STEP_UP:
		xt_link_up_do(nl, link->ifindex, false);
		break;
	case STEP_ROUTE:
		xt_link_route_do(nl, link->ifindex, step->table, &step->network, RTM_DELROUTE, 0);
		break;
	case STEP_BLOCK:
		xt_link_block_do(nl, &link->policy, step->family, RTM_DELROUTE, 0);
		break;
	case STEP_RULE:
		xt_link_rule_do(nl, &link->policy, step->family, step->suppress, RTM_DELRULE, 0);
		break;
	}
}

/* Errors are ignored: what no longer exists was removed together with the interface. */
static void journal_undo(struct xt_nl *nl, struct xt_link *link)
{
	while (link->n_journal > 0)
		step_undo(nl, link, &link->journal[--link->n_journal]);
}

static int link_new(struct setting *set)
{
	const struct xt_link_plan *plan = set->plan;
	unsigned ifindex = if_nametoindex(plan->name);
	struct xt_link *link;
	int rc;

	if (ifindex == 0)
		return setting_fail(set, -ENODEV, "interface %s: there is none of that name",
				    plan->name);
	rc = xt_nl_open(&set->nl);
	if (rc == 0)
		rc = xt_nl_link_get(&set->nl, ifindex, &set->now);
	if (rc < 0)
		return setting_fail(set, rc, "interface %s: %s", plan->name, xt_strerror(rc));
	link = calloc(1, sizeof(*link));
	if (!link)
		return setting_fail(set, XT_E_NOMEM, "%s", xt_strerror(XT_E_NOMEM));
	link->ifindex = ifindex;
	link->table = plan->table != 0 ? plan->table : RT_TABLE_MAIN;
	link->policy = plan->policy;
	link->journal = calloc(8 + plan->n_addresses + plan->n_networks, sizeof(*link->journal));
	set->link = link;
	return link->journal ? 0 : setting_fail(set, XT_E_NOMEM, "%s", xt_strerror(XT_E_NOMEM));
}

static void link_free(struct xt_link *link)
{
	free(link->journal);
	free(link);
}

int xt_link_set(struct xt_link **out, const struct xt_link_plan *plan, char *error,
		size_t error_len)
{
	struct setting set = {.plan = plan, .error = error, .error_len = error_len};
	int rc = link_new(&set);

	if (rc == 0)
		rc = steps_run(&set);
	if (rc == 0)
		*out = set.link;
	else if (set.link) {
		journal_undo(&set.nl, set.link);
		link_free(set.link);
	}
	xt_nl_close(&set.nl);
	return rc;
}

/* Done again: MTU and `up` are the administrator's once the interface runs. */
static int step_redo(struct xt_nl *nl, const struct xt_link *link, const struct step *step)
{
	const uint16_t flags = NLM_F_CREATE | NLM_F_EXCL;

	switch (step->kind) {
	case STEP_MTU:
	case STEP_UP:
		break;
	case STEP_ADDRESS:
		return xt_link_address_do(nl, link->ifindex, &step->address, RTM_NEWADDR, flags);
	case STEP_ROUTE:
		return xt_link_route_do(nl, link->ifindex, step->table, &step->network,
					RTM_NEWROUTE, flags);
	case STEP_BLOCK:
		return xt_link_block_do(nl, &link->policy, step->family, RTM_NEWROUTE, flags);
	case STEP_RULE:
		return xt_link_rule_do(nl, &link->policy, step->family, step->suppress, RTM_NEWRULE,
				       flags);
	}
	return 0;
}

int xt_link_restore(struct xt_link *link)
{
	struct xt_nl nl;
	int result = xt_nl_open(&nl);

	if (result < 0)
		return result;
	for (size_t i = 0; i < link->n_journal; i++) {
		int rc = step_redo(&nl, link, &link->journal[i]);

		if (rc < 0 && rc != -EEXIST && result == 0)
			result = rc;
	}
	xt_nl_close(&nl);
	return result;
}

void xt_link_undo(struct xt_link *link)
{
	struct xt_nl nl;

	if (!link)
		return;
	if (link->n_journal > 0 && xt_nl_open(&nl) == 0) {
		journal_undo(&nl, link);
		xt_nl_close(&nl);
	}
	link_free(link);
}

void xt_link_forget(struct xt_link *link)
{
	size_t first = 0;

	if (!link)
		return;
	while (first < link->n_journal && link->journal[first].kind < STEP_BLOCK)
		first++;
	/* these are the last steps: the steps before them are not undone */
	link->n_journal -= first;
	memmove(link->journal, link->journal + first, link->n_journal * sizeof(*link->journal));
	xt_link_undo(link);
}

uint32_t xt_link_mtu(const struct xt_link *link)
{
	return link->mtu;
}
