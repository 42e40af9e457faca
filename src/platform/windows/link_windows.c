/* SPDX-License-Identifier: MIT */
/* Apply a link plan on Windows: settings of the interface, addresses, routes; or nothing. What was
 * made is undone in reverse. */
#include "platform/windows/link_windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

/* Any number stands for `there is a policy`: routes have no table here, and datagrams no mark. */
#define POLICY_TABLE 51820

static void link_free(struct xt_link *link)
{
	free(link->made.v);
	free(link);
}

/* The interface has the family, which is waited for where the plan needs it. */
static bool family_get(unsigned ifindex, uint8_t family, bool needed, struct xt_net_interface *out)
{
	return xt_net()->interface_get(ifindex, family, out) == 0 ||
	       (needed && xt_net()->interface_await(ifindex, family) == 0 &&
		xt_net()->interface_get(ifindex, family, out) == 0);
}

static int link_new(struct xt_link **out, const struct xt_link_plan *plan)
{
	struct xt_link *link = calloc(1, sizeof(*link));
	int rc;

	if (!link)
		return XT_E_NOMEM;
	rc = xt_link_index(plan->name, &link->ifindex);
	for (unsigned i = 0; rc == 0 && i < 2; i++) {
		uint8_t family = i == 0 ? 4 : 6;
		bool needed =
		    xt_link_plan_has_family(plan, family) || (i == 0 && plan->n_addresses == 0);

		link->family[i] = family_get(link->ifindex, family, needed, &link->before[i]);
		link->now[i] = link->before[i];
	}
	if (rc == 0 && !link->family[0] && !link->family[1])
		rc = -ENODEV;
	if (rc < 0)
		link_free(link);
	else
		*out = link;
	return rc;
}

static void made_undo(struct xt_link *link)
{
	while (link->made.n > 0)
		(void)xt_link_step_undo(link->ifindex, &link->made.v[--link->made.n]);
}

/* Errors are ignored: what no longer exists was removed together with the interface. */
static void link_undo(struct xt_link *link)
{
	char ignored[256];
	const struct xt_link_error error = {ignored, sizeof(ignored)};

	made_undo(link);
	(void)xt_link_settings_apply(link, link->before, &error);
	link_free(link);
}

static int plan_apply(struct xt_link *link, const struct xt_link_plan *plan,
		      const struct xt_link_steps *wanted, const struct xt_link_error *error)
{
	struct xt_net_interface in[2];
	int rc;

	link->mtu = plan->mtu != 0 ? plan->mtu : xt_link_mtu_below(link->ifindex, plan);
	rc = xt_link_settings_plan(link, plan, link->mtu, in, error);
	if (rc == 0)
		rc = xt_link_settings_apply(link, in, error);
	if (rc == 0)
		rc = xt_link_steps_make(link, wanted, &link->made, plan->lenient, error);
	return rc;
}

int xt_link_set(struct xt_link **out, const struct xt_link_plan *plan, char *error,
		size_t error_len)
{
	const struct xt_link_error to = {error, error_len};
	struct xt_link_steps wanted = {0};
	struct xt_link *link = NULL;
	int rc = xt_link_steps_plan(&wanted, plan, &to);

	if (rc == 0) {
		rc = link_new(&link, plan);
		if (rc < 0)
			xt_link_fail(&to, rc, "interface %s: %s", plan->name, xt_strerror(rc));
	}
	if (rc == 0)
		rc = xt_link_steps_reserve(&link->made, wanted.n + 1);
	if (rc == 0)
		rc = plan_apply(link, plan, &wanted, &to);
	if (rc == 0)
		*out = link;
	else if (link)
		link_undo(link);
	free(wanted.v);
	return rc;
}

int xt_link_adopt(struct xt_link **out, const struct xt_link_plan *plan, uint32_t mtu)
{
	char ignored[256];
	const struct xt_link_error error = {ignored, sizeof(ignored)};
	struct xt_link_steps wanted = {0};
	struct xt_link *link = NULL;
	int rc = xt_link_steps_plan(&wanted, plan, &error);

	if (rc == 0)
		rc = link_new(&link, plan);
	if (rc < 0) {
		free(wanted.v);
		return rc;
	}
	link->mtu = mtu;
	link->made = wanted;
	*out = link;
	return 0;
}

int xt_link_restore(struct xt_link *link)
{
	char ignored[256];
	const struct xt_link_error error = {ignored, sizeof(ignored)};
	int result = 0;

	for (size_t i = 0; i < link->made.n; i++) {
		bool made;
		int rc = xt_link_step_make(link->ifindex, &link->made.v[i], &made, &error);

		if (rc < 0 && result == 0)
			result = rc;
	}
	return result;
}

/* Windows keeps an MTU of a path, which it learns, and none of a route. */
int xt_link_route_mtu(struct xt_link *link, const struct xt_cidr *networks, size_t n, uint32_t mtu)
{
	(void)link;
	(void)networks;
	(void)n;
	(void)mtu;
	return 0;
}

void xt_link_undo(struct xt_link *link)
{
	if (link)
		link_undo(link);
}

/* An interface of Wintun goes with its process, and its routes with it. */
void xt_link_forget(struct xt_link *link)
{
	if (link)
		link_free(link);
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

int xt_link_policy_choose(struct xt_link_policy *policy, const char *name, uint32_t mark, bool v4,
			  bool v6)
{
	(void)name;
	*policy =
	    (struct xt_link_policy){.table = mark != 0 ? mark : POLICY_TABLE, .priority = {v4, v6}};
	return 0;
}

void xt_link_policy_remove(const struct xt_link_policy *policy)
{
	(void)policy;
}

int xt_link_valid_mark(void)
{
	return 1;
}
