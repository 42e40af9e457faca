/* SPDX-License-Identifier: MIT */
/* From one link plan to the next while the interface is in use. First what the new plan has more is
 * added, then what the old one had more is removed, so that what both have is never gone. Each half
 * can be taken back. */
#include "platform/link/link_steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"

/* wanted   for each step of the old journal: the new plan has it too
 * added    steps of the new plan, done
 * removed  steps of the old journal that were undone, the last first
 * old_mtu  of the interface; mtu: after the edit
 * moved    addresses of the interface were removed: the kernel may have dropped others with them */
struct xt_link_edit {
	struct xt_link *link;
	bool *wanted;
	struct xt_link_journal added, removed;
	uint32_t old_mtu, mtu;
	bool moved;
};

/* --- what both plans have --- */

static bool address_equal(const struct xt_link_address *a, const struct xt_link_address *b)
{
	return a->cidr.bits == b->cidr.bits && xt_ip_equal(&a->cidr.ip, &b->cidr.ip) &&
	       a->peer.family == b->peer.family &&
	       (a->peer.family == 0 || xt_ip_equal(&a->peer, &b->peer));
}

static bool plan_has_address(const struct xt_link_plan *plan, const struct xt_link_address *address)
{
	for (size_t i = 0; i < plan->n_addresses; i++)
		if (address_equal(&plan->addresses[i], address))
			return true;
	return false;
}

static bool step_wanted(const struct xt_link_plan *plan, const struct xt_link_step *step,
			const struct xt_cidr *networks, size_t n)
{
	switch (step->kind) {
	case XT_LINK_STEP_MTU:
	case XT_LINK_STEP_UP:
		return true;
	case XT_LINK_STEP_ADDRESS:
		return plan_has_address(plan, &step->address);
	case XT_LINK_STEP_ROUTE:
		return n > 0 &&
		       bsearch(&step->network, networks, n, sizeof(*networks),
			       xt_link_network_order) &&
		       step->table == xt_link_route_table(plan, &step->network) &&
		       !xt_link_address_covers(plan, step);
	case XT_LINK_STEP_BLOCK:
	case XT_LINK_STEP_RULE:
		return xt_link_plan_has_rules(plan, step->family) &&
		       step->policy.table == plan->policy.table &&
		       step->policy.priority[step->family] == plan->policy.priority[step->family];
	case XT_LINK_STEP_ENDPOINT:
		return xt_link_plan_has_endpoint(plan, &step->network);
	}
	return true;
}

static bool journal_has_rules(const struct xt_link_edit *edit, unsigned family)
{
	const struct xt_link_journal *old = &edit->link->journal;

	for (size_t i = old->n; i > 0 && old->v[i - 1].kind >= XT_LINK_STEP_BLOCK; i--)
		if (old->v[i - 1].kind != XT_LINK_STEP_ENDPOINT && old->v[i - 1].family == family &&
		    edit->wanted[i - 1])
			return true;
	return false;
}

/* --- routes --- */

/* The networks of the journal's routes in that table, as the system has them, sorted. */
static int journal_networks(const struct xt_link_journal *journal, uint32_t table,
			    struct xt_cidr **out, size_t *n)
{
	const size_t each = xt_link_system.halves ? 3 : 1;
	struct xt_cidr *v = calloc(journal->n + 1, each * sizeof(*v));

	*n = 0;
	if (!v)
		return XT_E_NOMEM;
	for (size_t i = 0; i < journal->n; i++) {
		const struct xt_cidr *network = &journal->v[i].network;

		if (journal->v[i].kind != XT_LINK_STEP_ROUTE || journal->v[i].table != table)
			continue;
		v[(*n)++] = *network;
		if (xt_link_system.halves && network->bits == 0) {
			xt_link_halves(network, &v[*n]);
			*n += 2;
		}
	}
	qsort(v, *n, sizeof(*v), xt_link_network_order);
	*out = v;
	return 0;
}

/* The route is there because of an address that goes, and of none that stays. */
static bool route_goes(const struct xt_link_edit *edit, const struct xt_link_plan *plan,
		       const struct xt_cidr *route)
{
	const struct xt_link_journal *old = &edit->link->journal;
	bool goes = false;

	for (size_t i = 0; i < plan->n_addresses; i++) {
		struct xt_cidr network = xt_link_address_network(&plan->addresses[i]);

		if (xt_link_network_order(&network, route) == 0)
			return false;
	}
	for (size_t i = 0; i < old->n && !goes; i++) {
		struct xt_cidr network = xt_link_address_network(&old->v[i].address);

		goes = old->v[i].kind == XT_LINK_STEP_ADDRESS && !edit->wanted[i] &&
		       xt_link_network_order(&network, route) == 0;
	}
	return goes;
}

/* The routes through the interface that neither a step has made nor an address that goes: as a
 * fresh start would find them. */
static int routes_present(struct xt_link_setting *set, const struct xt_link_edit *edit,
			  const struct xt_cidr *steps, size_t n_steps,
			  struct xt_link_routes *present)
{
	size_t n = 0;
	int rc = xt_link_routes_list(set->kernel, present);

	for (size_t i = 0; rc == 0 && i < present->n; i++) {
		const struct xt_cidr *route = &present->v[i];

		if ((n_steps > 0 &&
		     bsearch(route, steps, n_steps, sizeof(*steps), xt_link_network_order)) ||
		    route_goes(edit, set->plan, route))
			continue;
		present->v[n++] = *route;
	}
	present->n = n;
	return rc;
}

static int routes_add(struct xt_link_setting *set, const struct xt_link_edit *edit,
		      const struct xt_cidr *networks, size_t n)
{
	const struct xt_link_journal *old = &edit->link->journal;
	struct xt_link_routes present = {.ifindex = set->ifindex, .table = set->table};
	struct xt_cidr *ours = NULL, *policy = NULL;
	size_t n_ours = 0, n_policy = 0;
	uint32_t policy_table = set->plan->policy.table;
	int rc = journal_networks(old, set->table, &ours, &n_ours);

	if (rc == 0)
		rc = journal_networks(old, policy_table, &policy, &n_policy);
	if (rc == 0 && n > 0)
		rc = routes_present(set, edit, ours, n_ours, &present);
	if (rc < 0)
		xt_link_fail(set, rc, "routes of %s: %s", set->plan->name, xt_strerror(rc));
	for (size_t i = 0; rc == 0 && i < n; i++) {
		bool in_main = xt_link_route_table(set->plan, &networks[i]) == set->table;
		const struct xt_cidr *have = in_main ? ours : policy;
		size_t n_have = in_main ? n_ours : n_policy;

		if (n_have == 0 ||
		    !bsearch(&networks[i], have, n_have, sizeof(*have), xt_link_network_order))
			rc = xt_link_route_step(set, &present, &networks[i]);
	}
	free(present.v);
	free(ours);
	free(policy);
	return rc;
}

/* --- the first half --- */

static int steps_add(struct xt_link_setting *set, struct xt_link_edit *edit, bool mtu,
		     const struct xt_cidr *networks, size_t n)
{
	const struct xt_link_plan *plan = set->plan;
	int rc = 0;

	if (mtu)
		rc = xt_link_mtu_wanted(set, &edit->mtu);
	if (rc == 0 && edit->mtu > set->now.mtu)
		rc = xt_link_mtu_step(set, edit->mtu);
	for (size_t i = 0; rc == 0 && i < plan->n_addresses; i++)
		rc = xt_link_address_step(set, &plan->addresses[i]);
	if (rc == 0)
		rc = routes_add(set, edit, networks, n);
	for (unsigned family = 0; rc == 0 && family < 2; family++)
		if (xt_link_plan_has_rules(plan, family) && !journal_has_rules(edit, family))
			rc = xt_link_rule_steps(set, family);
	if (rc == 0)
		rc = xt_link_endpoint_steps(set, &edit->link->journal);
	return rc;
}

static void edit_free(struct xt_link_edit *edit)
{
	free(edit->wanted);
	free(edit->added.v);
	free(edit->removed.v);
	free(edit);
}

static int edit_new(struct xt_link_edit **out, struct xt_link *link,
		    const struct xt_link_plan *plan, const struct xt_cidr *networks, size_t n)
{
	struct xt_link_edit *edit = calloc(1, sizeof(*edit));
	size_t old = link->journal.n;

	if (!edit)
		return XT_E_NOMEM;
	edit->link = link;
	edit->mtu = link->mtu;
	edit->wanted = calloc(old + 1, sizeof(*edit->wanted));
	/* commit puts what was added behind the old steps */
	if (!edit->wanted || xt_link_journal_reserve(&edit->removed, old + 1) < 0 ||
	    xt_link_journal_reserve(&link->journal, 16 + plan->n_addresses + plan->n_networks +
							plan->n_endpoints) < 0) {
		edit_free(edit);
		return XT_E_NOMEM;
	}
	for (size_t i = 0; i < old; i++)
		edit->wanted[i] = step_wanted(plan, &link->journal.v[i], networks, n);
	*out = edit;
	return 0;
}

int xt_link_extend(struct xt_link_edit **out, struct xt_link *link, const struct xt_link_plan *plan,
		   bool mtu, char *error, size_t error_len)
{
	struct xt_link_setting set = {
	    .plan = plan, .link = link, .error = error, .error_len = error_len};
	struct xt_link_edit *edit = NULL;
	struct xt_cidr *networks = NULL;
	size_t n = 0;
	int rc = xt_link_networks_sort(plan, &networks, &n);

	if (rc == 0)
		rc = edit_new(&edit, link, plan, networks, n);
	if (rc < 0) {
		free(networks);
		return xt_link_fail(&set, rc, "%s", xt_strerror(rc));
	}
	set.journal = &edit->added;
	rc = xt_link_setting_open(&set);
	edit->old_mtu = set.now.mtu;
	if (!mtu)
		edit->mtu = set.now.mtu;
	if (rc == 0)
		rc = steps_add(&set, edit, mtu, networks, n);
	xt_link_kernel_close(set.kernel);
	free(networks);
	if (rc < 0)
		xt_link_revert(edit);
	else
		*out = edit;
	return rc;
}

/* --- the second half --- */

static bool gone_already(int rc)
{
	return rc == -ENOENT || rc == -ESRCH || rc == -EADDRNOTAVAIL || rc == -ENODEV;
}

static int step_remove(struct xt_link_setting *set, struct xt_link_edit *edit,
		       const struct xt_link_step *step)
{
	static const char *const kinds[] = {
	    [XT_LINK_STEP_ADDRESS] = "address",
	    [XT_LINK_STEP_ROUTE] = "route",
	    [XT_LINK_STEP_BLOCK] = "route `unreachable default`",
	    [XT_LINK_STEP_RULE] = "rule",
	    [XT_LINK_STEP_ENDPOINT] = "route to the endpoint",
	};
	bool address = step->kind == XT_LINK_STEP_ADDRESS;
	bool network = step->kind == XT_LINK_STEP_ROUTE || step->kind == XT_LINK_STEP_ENDPOINT;
	char text[XT_CIDR_TEXT] = "";
	int rc = xt_link_step_undo(set->kernel, edit->link->ifindex, step);

	if (address || network)
		xt_cidr_print(address ? &step->address.cidr : &step->network, text);
	if (rc < 0 && !gone_already(rc))
		return xt_link_fail(set, rc, "removing the %s %s: %s", kinds[step->kind], text,
				    xt_strerror(rc));
	edit->removed.v[edit->removed.n++] = *step;
	edit->moved |= address;
	return 0;
}

/* With the first address of a network the kernel removes the others of it, and with the last one
 * of a family every route. */
static int survivors_redo(struct xt_link_kernel *kernel, const struct xt_link_edit *edit)
{
	const struct xt_link_journal *old = &edit->link->journal;
	int result = 0;

	for (size_t i = 0; i < old->n; i++) {
		int rc = edit->wanted[i]
			     ? xt_link_step_redo(kernel, edit->link->ifindex, &old->v[i])
			     : 0;

		if (rc < 0 && rc != -EEXIST && result == 0)
			result = rc;
	}
	if (result == 0)
		result = xt_link_journal_redo(kernel, edit->link->ifindex, &edit->added);
	return result;
}

int xt_link_retire(struct xt_link_edit *edit, char *error, size_t error_len)
{
	const struct xt_link_journal *old = &edit->link->journal;
	struct xt_link_setting set = {.error = error, .error_len = error_len};
	int rc = xt_link_kernel_open(&set.kernel);

	if (rc < 0)
		return xt_link_fail(&set, rc, "%s", xt_strerror(rc));
	for (size_t i = old->n; rc == 0 && i > 0; i--)
		if (!edit->wanted[i - 1])
			rc = step_remove(&set, edit, &old->v[i - 1]);
	if (rc == 0 && edit->moved) {
		rc = survivors_redo(set.kernel, edit);
		if (rc < 0)
			xt_link_fail(&set, rc, "addresses and routes that stay: %s",
				     xt_strerror(rc));
	}
	if (rc == 0 && edit->mtu < edit->old_mtu) {
		rc = xt_link_mtu_do(set.kernel, edit->link->ifindex, edit->mtu);
		if (rc < 0)
			xt_link_fail(&set, rc, "MTU %u: %s", edit->mtu, xt_strerror(rc));
	}
	xt_link_kernel_close(set.kernel);
	return rc;
}

/* --- back, or done --- */

/* The order of addresses decides on sources, and one that is added again would be the last: all are
 * added again, in their old order. */
static void addresses_restore(struct xt_link_kernel *kernel, const struct xt_link_edit *edit)
{
	const struct xt_link_journal *old = &edit->link->journal;

	for (size_t i = 0; i < old->n; i++)
		if (old->v[i].kind == XT_LINK_STEP_ADDRESS)
			(void)xt_link_step_undo(kernel, edit->link->ifindex, &old->v[i]);
	for (size_t i = 0; i < old->n; i++)
		if (old->v[i].kind == XT_LINK_STEP_ADDRESS)
			(void)xt_link_step_redo(kernel, edit->link->ifindex, &old->v[i]);
}

/* Errors are ignored: what no longer exists was removed together with the interface. */
void xt_link_revert(struct xt_link_edit *edit)
{
	unsigned ifindex = edit->link->ifindex;
	struct xt_link_kernel *kernel = NULL;

	if (xt_link_kernel_open(&kernel) == 0) {
		if (edit->mtu < edit->old_mtu)
			(void)xt_link_mtu_do(kernel, ifindex, edit->old_mtu);
		for (size_t i = edit->removed.n; i > 0; i--)
			(void)xt_link_step_redo(kernel, ifindex, &edit->removed.v[i - 1]);
		for (size_t i = edit->added.n; i > 0; i--)
			(void)xt_link_step_undo(kernel, ifindex, &edit->added.v[i - 1]);
		if (edit->moved)
			addresses_restore(kernel, edit);
		if (edit->moved || edit->added.n > 0)
			(void)xt_link_journal_redo(kernel, ifindex, &edit->link->journal);
		xt_link_kernel_close(kernel);
	}
	edit_free(edit);
}

static int step_order(const void *a, const void *b)
{
	const struct xt_link_step *x = a, *y = b;

	return (int)x->kind - (int)y->kind;
}

/* Stable, because undo depends on the order of rules. */
static void journal_sort(struct xt_link_journal *journal)
{
	for (size_t i = 1; i < journal->n; i++) {
		struct xt_link_step step = journal->v[i];
		size_t at = i;

		for (; at > 0 && step_order(&journal->v[at - 1], &step) > 0; at--)
			journal->v[at] = journal->v[at - 1];
		journal->v[at] = step;
	}
}

void xt_link_commit(struct xt_link_edit *edit)
{
	struct xt_link_journal *journal = &edit->link->journal;
	struct xt_link_step mtu = {.kind = XT_LINK_STEP_MTU, .old_mtu = edit->old_mtu};
	bool has_mtu = false;
	size_t n = 0;

	for (size_t i = 0; i < journal->n; i++)
		if (edit->wanted[i])
			journal->v[n++] = journal->v[i];
	for (size_t i = 0; i < n; i++)
		has_mtu |= journal->v[i].kind == XT_LINK_STEP_MTU;
	for (size_t i = 0; i < edit->added.n; i++)
		if (edit->added.v[i].kind != XT_LINK_STEP_MTU)
			journal->v[n++] = edit->added.v[i];
	if (edit->mtu != edit->old_mtu && !has_mtu)
		journal->v[n++] = mtu;
	journal->n = n;
	journal_sort(journal);
	edit->link->mtu = edit->mtu;
	edit_free(edit);
}
