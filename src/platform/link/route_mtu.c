/* SPDX-License-Identifier: MIT */
/* The MTU of a path, on the routes that lead there. */
#include "platform/link/link_steps.h"

#include <errno.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/bytes.h"

#define MTU_V4 552u /* the least that a host takes for a path */

/* Is the route still there? Without it, replacing would hit another one of the same network.
 * present: the routes of one table, listed again for another one */
static int route_exists(struct xt_link_kernel *kernel, struct xt_link_routes *present,
			const struct xt_link_route *route, bool *exists)
{
	int rc = 0;

	if (present->table != route->table) {
		present->table = route->table;
		present->n = 0;
		rc = xt_link_routes_list(kernel, present);
	}
	*exists = false;
	for (size_t i = 0; rc == 0 && i < present->n; i++)
		*exists |= present->v[i].bits == route->network.bits &&
			   xt_ip_equal(&present->v[i].ip, &route->network.ip);
	return rc;
}

static int route_mtu_set(struct xt_link_kernel *kernel, struct xt_link_routes *present,
			 const struct xt_link_route *route, uint32_t mtu)
{
	bool exists;
	int rc;

	if (mtu == *route->mtu)
		return 0;
	rc = route_exists(kernel, present, route, &exists);
	if (rc < 0 || !exists)
		return rc;
	rc = xt_link_route_do(kernel, present->ifindex, route->table, &route->network, mtu,
			      XT_LINK_REPLACE);
	if (rc == 0)
		*route->mtu = mtu;
	return rc;
}

int xt_link_route_mtu(struct xt_link *link, const struct xt_cidr *networks, size_t n, uint32_t mtu)
{
	struct xt_link_routes present = {0}; /* of no table yet */
	struct xt_link_kernel *kernel = NULL;
	int result;

	if (xt_link_steps(link, &present.ifindex) > XT_LINK_ROUTES_MTU)
		return -E2BIG;
	result = xt_link_kernel_open(&kernel);
	if (result < 0)
		return result;
	for (size_t i = 0; i < n; i++) {
		uint32_t least = networks[i].ip.family == 4 ? MTU_V4 : XT_LINK_MTU_V6;
		uint32_t value = mtu != 0 ? XT_MAX(mtu, least) : 0;
		struct xt_link_route route;
		int rc;

		if (!xt_link_route_find(link, &networks[i], &route))
			continue;
		if (value >= xt_link_mtu(link))
			value = 0;
		rc = route_mtu_set(kernel, &present, &route, value);
		if (rc < 0 && result == 0)
			result = rc;
	}
	free(present.v);
	xt_link_kernel_close(kernel);
	return result;
}
