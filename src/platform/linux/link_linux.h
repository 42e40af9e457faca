/* SPDX-License-Identifier: MIT */
/* The link on Linux, shared by link_linux.c (the steps of a plan), link_query_linux.c (one
 * rtnetlink request each), rule_linux.c (policy routing), route_mtu_linux.c,
 * link_mtu_linux.c. */
#ifndef XT_PLATFORM_LINK_LINUX_H
#define XT_PLATFORM_LINK_LINUX_H

#include "platform/link.h"
#include "platform/linux/nl_linux.h"

#define XT_LINK_MTU_V6 1280 /* RFC 8200: the least MTU of a link with IPv6 */

/* except: routes through this interface do not count (0: none). v6: the interface has IPv6. */
uint32_t xt_link_mtu_below(struct xt_nl *nl, const struct xt_ip *endpoints, size_t n,
			   unsigned except, bool v6);

/* type: RTM_NEW… or RTM_DEL…; flags: NLM_F_CREATE | NLM_F_EXCL for new ones. 0 or -errno. */
int xt_link_address_do(struct xt_nl *nl, unsigned ifindex, const struct xt_link_address *address,
		       uint16_t type, uint16_t flags);
int xt_link_route_do(struct xt_nl *nl, unsigned ifindex, uint32_t table,
		     const struct xt_cidr *network, uint16_t type, uint16_t flags);
/* The same with an MTU of the route; 0: that of the interface. */
int xt_link_route_mtu_do(struct xt_nl *nl, unsigned ifindex, uint32_t table,
			 const struct xt_cidr *network, uint32_t mtu, uint16_t type,
			 uint16_t flags);
/* The route that refuses what policy's table has no other route for; i as below. It belongs to no
 * interface, so it stays when the tunnel's is down or has gone. */
int xt_link_block_do(struct xt_nl *nl, const struct xt_link_policy *policy, unsigned i,
		     uint16_t type, uint16_t flags);
int xt_link_mtu_do(struct xt_nl *nl, unsigned ifindex, uint32_t mtu);
int xt_link_up_do(struct xt_nl *nl, unsigned ifindex, bool up);
/* One of the two rules of policy for a family; i: 0 IPv4, 1 IPv6. */
int xt_link_rule_do(struct xt_nl *nl, const struct xt_link_policy *policy, unsigned i,
		    bool suppress, uint16_t type, uint16_t flags);

int xt_link_address_exists(struct xt_nl *nl, unsigned ifindex,
			   const struct xt_link_address *address, bool *exists);

/* A route that a plan made. mtu: its own, kept here so that it can be made again; 0: none */
struct xt_link_route {
	struct xt_cidr network;
	uint32_t table;
	uint32_t *mtu;
};
/* The route of that network, whose host bits are ignored. false: link made none. */
bool xt_link_route_find(struct xt_link *link, const struct xt_cidr *network,
			struct xt_link_route *out);
size_t xt_link_steps(const struct xt_link *link, unsigned *ifindex); /* how many */

/* The networks routed through ifindex in table, which the caller sets. v is the caller's to free,
 * also after an error. */
struct xt_link_routes {
	unsigned ifindex;
	uint32_t table;
	struct xt_cidr *v;
	size_t n, cap;
	int rc; /* of the dump's callback */
};
int xt_link_routes_list(struct xt_nl *nl, struct xt_link_routes *list);

#endif
