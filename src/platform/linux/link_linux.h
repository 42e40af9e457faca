/* The inside of the link's set-up, shared by link_linux.c (the steps), link_ask_linux.c
 * (one request each), rule_linux.c (policy routing) and link_mtu_linux.c. */
#ifndef XT_PLATFORM_LINK_LINUX_H
#define XT_PLATFORM_LINK_LINUX_H

#include "platform/link.h"
#include "platform/linux/nl_linux.h"

#define XT_LINK_MTU_V6 1280 /* RFC 8200: no IPv6 on a link that carries less */

/* own: routes through this interface do not count (0: none). v6: IPv6 shall run on it. */
uint32_t xt_link_mtu_below(struct xt_nl *nl, const struct xt_ip *endpoints, size_t n, unsigned own,
			   bool v6);

/* type: RTM_NEW… or RTM_DEL…; flags: NLM_F_CREATE | NLM_F_EXCL for new ones. 0 or -errno. */
int xt_link_address_do(struct xt_nl *nl, unsigned ifindex, const struct xt_link_address *address,
		       uint16_t type, uint16_t flags);
int xt_link_route_do(struct xt_nl *nl, unsigned ifindex, uint32_t table,
		     const struct xt_cidr *network, uint16_t type, uint16_t flags);
int xt_link_mtu_do(struct xt_nl *nl, unsigned ifindex, uint32_t mtu);
int xt_link_up_do(struct xt_nl *nl, unsigned ifindex, bool up);
/* One of policy's two rules; i: 0 IPv4, 1 IPv6. */
int xt_link_rule_do(struct xt_nl *nl, const struct xt_link_policy *policy, unsigned i,
		    bool suppress, uint16_t type, uint16_t flags);

int xt_link_address_there(struct xt_nl *nl, unsigned ifindex, const struct xt_link_address *wish,
			  bool *there);

/* The networks routed through ifindex in table; set both first. v is the caller's to free, also
 * after an error. */
struct xt_link_routes {
	unsigned ifindex;
	uint32_t table;
	struct xt_cidr *v;
	size_t n, cap;
	int rc; /* of the callback */
};
int xt_link_routes_there(struct xt_nl *nl, struct xt_link_routes *list);

#endif
