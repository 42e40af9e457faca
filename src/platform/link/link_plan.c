/* SPDX-License-Identifier: MIT */
/* Apply a link plan step by step. Each step that changed something is appended to a
 * journal, which undo and rollback read backwards. */
#include "platform/link/link_steps.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"

static int route_steps(struct xt_link_setting *set)
{
	struct xt_link_routes present = {.ifindex = set->ifindex, .table = set->table};
	struct xt_cidr *networks;
	size_t n;
	int rc = xt_link_networks_sort(set->plan, &networks, &n);

	if (rc < 0)
		return xt_link_fail(set, rc, "routes: %s", xt_strerror(rc));
	if (n > 0)
		rc = xt_link_routes_list(set->kernel, &present);
	if (rc < 0)
		xt_link_fail(set, rc, "routes of %s: %s", set->plan->name, xt_strerror(rc));
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = xt_link_route_step(set, &present, &networks[i]);
	free(present.v);
	free(networks);
	return rc;
}

static int steps_run(struct xt_link_setting *set)
{
	int rc = xt_link_mtu_wanted(set, &set->link->mtu);

	if (rc == 0)
		rc = xt_link_mtu_step(set, set->link->mtu);
	for (size_t i = 0; rc == 0 && i < set->plan->n_addresses; i++)
		rc = xt_link_address_step(set, &set->plan->addresses[i]);
	if (rc == 0)
		rc = xt_link_up_step(set);
	if (rc == 0)
		rc = route_steps(set);
	for (unsigned family = 0; rc == 0 && family < 2; family++)
		if (xt_link_plan_has_rules(set->plan, family))
			rc = xt_link_rule_steps(set, family);
	if (rc == 0)
		rc = xt_link_endpoint_steps(set, NULL);
	return rc;
}

/* Errors are ignored: what no longer exists was removed together with the interface. */
static void journal_undo(struct xt_link_kernel *kernel, struct xt_link *link)
{
	struct xt_link_journal *journal = &link->journal;

	while (journal->n > 0)
		(void)xt_link_step_undo(kernel, link->ifindex, &journal->v[--journal->n]);
}

int xt_link_setting_open(struct xt_link_setting *set)
{
	const struct xt_link_plan *plan = set->plan;
	int rc = 0;

	set->ifindex = if_nametoindex(plan->name);
	set->table = plan->table != 0 ? plan->table : XT_LINK_TABLE_MAIN;
	if (set->ifindex == 0)
		return xt_link_fail(set, -ENODEV, "interface %s: there is none of that name",
				    plan->name);
	rc = xt_link_kernel_open(&set->kernel);
	if (rc == 0)
		rc = xt_link_facts_get(set->kernel, set->ifindex, &set->now);
	if (rc < 0)
		return xt_link_fail(set, rc, "interface %s: %s", plan->name, xt_strerror(rc));
	rc = xt_link_journal_reserve(set->journal,
				     8 + plan->n_addresses + plan->n_networks + plan->n_endpoints);
	return rc < 0 ? xt_link_fail(set, rc, "%s", xt_strerror(rc)) : 0;
}

static void link_free(struct xt_link *link)
{
	free(link->journal.v);
	free(link);
}

int xt_link_set(struct xt_link **out, const struct xt_link_plan *plan, char *error,
		size_t error_len)
{
	struct xt_link_setting set = {.plan = plan, .error = error, .error_len = error_len};
	int rc;

	set.link = calloc(1, sizeof(*set.link));
	if (!set.link)
		return xt_link_fail(&set, XT_E_NOMEM, "%s", xt_strerror(XT_E_NOMEM));
	set.journal = &set.link->journal;
	rc = xt_link_setting_open(&set);
	set.link->ifindex = set.ifindex;
	if (rc == 0)
		rc = steps_run(&set);
	if (rc == 0) {
		*out = set.link;
	} else {
		journal_undo(set.kernel, set.link);
		link_free(set.link);
	}
	xt_link_kernel_close(set.kernel);
	return rc;
}

/* --- what is there --- */

static void rules_adopt(struct xt_link_journal *journal, const struct xt_link_policy *policy,
			unsigned family)
{
	struct xt_link_step step = {
	    .kind = XT_LINK_STEP_BLOCK, .policy = *policy, .family = family};

	journal->v[journal->n++] = step;
	step.kind = XT_LINK_STEP_RULE;
	step.suppress = true;
	journal->v[journal->n++] = step;
	step.suppress = false;
	journal->v[journal->n++] = step;
}

/* In the order in which they were made; there is room. */
static void steps_adopt(struct xt_link_journal *journal, const struct xt_link_plan *plan,
			const struct xt_cidr *networks, size_t n)
{
	for (size_t i = 0; i < plan->n_addresses; i++)
		journal->v[journal->n++] = (struct xt_link_step){.kind = XT_LINK_STEP_ADDRESS,
								 .address = plan->addresses[i]};
	journal->v[journal->n++] = (struct xt_link_step){.kind = XT_LINK_STEP_UP};
	for (size_t i = 0; i < n; i++) {
		const struct xt_link_step step = {.kind = XT_LINK_STEP_ROUTE,
						  .network = networks[i],
						  .table = xt_link_route_table(plan, &networks[i])};

		if (!xt_link_address_covers(plan, &step))
			journal->v[journal->n++] = step;
	}
}

int xt_link_adopt(struct xt_link **out, const struct xt_link_plan *plan, uint32_t mtu)
{
	struct xt_link *link = calloc(1, sizeof(*link));
	struct xt_cidr *networks = NULL;
	size_t n;
	int rc = link ? xt_link_networks_sort(plan, &networks, &n) : XT_E_NOMEM;

	if (rc == 0)
		rc = xt_link_journal_reserve(&link->journal,
					     8 + plan->n_addresses + n + plan->n_endpoints);
	if (rc == 0) {
		link->ifindex = if_nametoindex(plan->name);
		rc = link->ifindex == 0 ? -ENODEV : 0;
	}
	if (rc == 0) {
		link->mtu = mtu;
		steps_adopt(&link->journal, plan, networks, n);
		for (unsigned family = 0; family < 2; family++)
			if (xt_link_plan_has_rules(plan, family))
				rules_adopt(&link->journal, &plan->policy, family);
		xt_link_endpoints_adopt(link, plan);
		*out = link;
	} else if (link) {
		link_free(link);
	}
	free(networks);
	return rc;
}

int xt_link_restore(struct xt_link *link)
{
	struct xt_link_kernel *kernel = NULL;
	int result = xt_link_kernel_open(&kernel);

	if (result < 0)
		return result;
	result = xt_link_journal_redo(kernel, link->ifindex, &link->journal);
	xt_link_kernel_close(kernel);
	return result;
}

void xt_link_undo(struct xt_link *link)
{
	struct xt_link_kernel *kernel = NULL;

	if (!link)
		return;
	if (link->journal.n > 0 && xt_link_kernel_open(&kernel) == 0) {
		journal_undo(kernel, link);
		xt_link_kernel_close(kernel);
	}
	link_free(link);
}

void xt_link_forget(struct xt_link *link)
{
	size_t first = 0;

	if (!link)
		return;
	while (first < link->journal.n && link->journal.v[first].kind < XT_LINK_STEP_BLOCK)
		first++;
	/* these are the last steps: the steps before them are not undone */
	link->journal.n -= first;
	memmove(link->journal.v, link->journal.v + first,
		link->journal.n * sizeof(*link->journal.v));
	xt_link_undo(link);
}

void xt_link_release(struct xt_link *link)
{
	if (link)
		link_free(link);
}

uint32_t xt_link_mtu(const struct xt_link *link)
{
	return link->mtu;
}

bool xt_link_route_find(struct xt_link *link, const struct xt_cidr *network,
			struct xt_link_route *out)
{
	struct xt_cidr masked = *network;

	xt_cidr_mask(&masked);
	for (size_t i = 0; i < link->journal.n; i++) {
		struct xt_link_step *step = &link->journal.v[i];

		if (step->kind != XT_LINK_STEP_ROUTE ||
		    xt_link_network_order(&step->network, &masked) != 0)
			continue;
		*out = (struct xt_link_route){step->network, step->table, &step->mtu};
		return true;
	}
	return false;
}

size_t xt_link_steps(const struct xt_link *link, unsigned *ifindex)
{
	*ifindex = link->ifindex;
	return link->journal.n;
}
