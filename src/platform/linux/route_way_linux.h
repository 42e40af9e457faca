/* SPDX-License-Identifier: MIT */
/* The way that the host sends datagrams to an endpoint, as the kernel says it. */
#ifndef XT_PLATFORM_ROUTE_WAY_LINUX_H
#define XT_PLATFORM_ROUTE_WAY_LINUX_H

#include <xtunnel/types.h>

struct xt_nl;

/* link 0: there is no route. A family of 0: none was named. */
struct xt_route_way {
	uint32_t link;
	struct xt_ip source, gateway;
};

/* source  NULL: the kernel's choice
 * 0, or -errno: the kernel has no route, or source is not local. RTM_GETROUTE takes no lock that
 * others hold for long. */
int xt_route_way(struct xt_nl *nl, const struct xt_endpoint *remote, const struct xt_ip *source,
		 uint32_t mark, struct xt_route_way *out);

#endif
