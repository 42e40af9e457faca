/* SPDX-License-Identifier: MIT */
/* Host routes to the endpoints, where a network that is a whole family is routed as its two halves:
 * they would catch the datagrams of the tunnel itself. Each route follows the host's own routes,
 * which change when the host moves to another network. */
#include <errno.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/link/link_steps.h"

static bool plan_has_halves(const struct xt_link_plan *plan, unsigned char family)
{
	if (!xt_link_system.halves || !plan->routes || plan->table != 0)
		return false;
	for (size_t i = 0; i < plan->n_networks; i++)
		if (plan->networks[i].bits <= 1 && plan->networks[i].ip.family == family)
			return true;
	return false;
}

bool xt_link_plan_has_endpoint(const struct xt_link_plan *plan, const struct xt_cidr *host)
{
	if (!plan_has_halves(plan, host->ip.family))
		return false;
	for (size_t i = 0; i < plan->n_endpoints; i++)
		if (xt_ip_equal(&plan->endpoints[i], &host->ip))
			return true;
	return false;
}

static bool journal_has_endpoint(const struct xt_link_journal *journal, const struct xt_ip *ip)
{
	for (size_t i = journal->n; i > 0; i--)
		if (journal->v[i - 1].kind == XT_LINK_STEP_ENDPOINT &&
		    xt_ip_equal(&journal->v[i - 1].network.ip, ip))
			return true;
	return false;
}

static bool hop_equal(const struct xt_link_hop *a, const struct xt_link_hop *b)
{
	return a->ifindex == b->ifindex && xt_ip_equal(&a->gateway, &b->gateway);
}

/* A host route that is there already and leads elsewhere is another program's, and goes on to be
 * used. */
static int endpoint_step(struct xt_link_setting *set, const struct xt_ip *endpoint)
{
	struct xt_link_step step = {.kind = XT_LINK_STEP_ENDPOINT,
				    .network = {*endpoint, (uint8_t)xt_ip_bits(endpoint)}};
	char text[XT_IP_TEXT];
	int rc = xt_link_hop_find(set->kernel, set->ifindex, endpoint, &step.hop);

	if (rc == 0 && step.hop.ifindex != 0)
		rc = xt_link_endpoint_do(set->kernel, endpoint, &step.hop, XT_LINK_ADD);
	if (rc == -EEXIST)
		return 0;
	if (rc < 0)
		return xt_link_fail(set, rc, "route to the endpoint %s: %s",
				    xt_ip_print(endpoint, text), xt_strerror(rc));
	xt_link_journal_put(set, &step);
	return 0;
}

int xt_link_endpoint_steps(struct xt_link_setting *set, const struct xt_link_journal *have)
{
	const struct xt_link_plan *plan = set->plan;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->n_endpoints; i++) {
		const struct xt_ip *endpoint = &plan->endpoints[i];

		if (!plan_has_halves(plan, endpoint->family) ||
		    journal_has_endpoint(set->journal, endpoint) ||
		    (have && journal_has_endpoint(have, endpoint)))
			continue;
		rc = endpoint_step(set, endpoint);
	}
	return rc;
}

void xt_link_endpoints_adopt(struct xt_link *link, const struct xt_link_plan *plan)
{
	struct xt_link_kernel *kernel = NULL;

	if (!xt_link_system.halves || xt_link_kernel_open(&kernel) < 0)
		return;
	for (size_t i = 0; i < plan->n_endpoints; i++) {
		const struct xt_ip *endpoint = &plan->endpoints[i];
		struct xt_link_step step = {.kind = XT_LINK_STEP_ENDPOINT,
					    .network = {*endpoint, (uint8_t)xt_ip_bits(endpoint)}};

		if (!plan_has_halves(plan, endpoint->family) ||
		    journal_has_endpoint(&link->journal, endpoint) ||
		    xt_link_hop_find(kernel, link->ifindex, endpoint, &step.hop) < 0)
			continue;
		link->journal.v[link->journal.n++] = step;
	}
	xt_link_kernel_close(kernel);
}

/* --- the host's routes have changed --- */

/* Whether the host still has the route of that step: kernels drop those by an address that goes,
 * also when it comes back at once.
 * present  the routes of one link, listed again for another one */
static int endpoint_exists(struct xt_link_kernel *kernel, struct xt_link_routes *present,
			   const struct xt_link_step *step, bool *exists)
{
	int rc = 0;

	if (present->ifindex != step->hop.ifindex) {
		present->ifindex = step->hop.ifindex;
		present->n = 0;
		rc = xt_link_routes_list(kernel, present);
		if (rc < 0)
			present->ifindex = 0;
	}
	*exists = false;
	for (size_t i = 0; rc == 0 && i < present->n; i++)
		*exists |= present->v[i].bits == step->network.bits &&
			   xt_ip_equal(&present->v[i].ip, &step->network.ip);
	return rc;
}

/* Removed and added, never changed: where the route has gone meanwhile, macOS changes the next less
 * specific one, which is the tunnel's own half, and the host's packets would leave unencrypted. */
static int endpoint_follow(struct xt_link_kernel *kernel, unsigned except,
			   struct xt_link_routes *present, struct xt_link_step *step)
{
	const struct xt_ip *endpoint = &step->network.ip;
	struct xt_link_hop now;
	bool exists = false;
	int rc = xt_link_hop_find(kernel, except, endpoint, &now);

	if (rc == 0 && now.ifindex != 0 && hop_equal(&now, &step->hop))
		rc = endpoint_exists(kernel, present, step, &exists);
	else if (rc == 0 && step->hop.ifindex != 0)
		rc = xt_link_endpoint_do(kernel, endpoint, &step->hop, XT_LINK_REMOVE);
	if ((rc < 0 && rc != -ESRCH) || exists)
		return rc;
	step->hop = (struct xt_link_hop){0};
	if (now.ifindex == 0)
		return 0;
	rc = xt_link_endpoint_do(kernel, endpoint, &now, XT_LINK_ADD);
	if (rc < 0 && rc != -EEXIST)
		return rc;
	step->hop = now;
	return 0;
}

bool xt_link_follows(void)
{
	return xt_link_system.halves;
}

int xt_link_follow(struct xt_link *link)
{
	struct xt_link_routes present = {.table = XT_LINK_TABLE_MAIN};
	struct xt_link_kernel *kernel = NULL;
	int result = 0;

	if (!xt_link_system.halves)
		return 0;
	for (size_t i = 0; i < link->journal.n; i++) {
		struct xt_link_step *step = &link->journal.v[i];
		int rc;

		if (step->kind != XT_LINK_STEP_ENDPOINT)
			continue;
		rc = kernel ? 0 : xt_link_kernel_open(&kernel);
		if (rc == 0)
			rc = endpoint_follow(kernel, link->ifindex, &present, step);
		if (rc < 0 && result == 0)
			result = rc;
		if (!kernel)
			break;
	}
	free(present.v);
	xt_link_kernel_close(kernel);
	return result;
}
