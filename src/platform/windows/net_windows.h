/* SPDX-License-Identifier: MIT */
/* What the link, the egress and the watch ask of Windows' network configuration, in the program's
 * types: a table of functions, so that tests keep interfaces, addresses and routes in memory, on
 * any system. net_iphlp_windows.c fills it in by iphlpapi.dll.
 *
 * Errors are -errno: -ENODEV no such interface, -EEXIST there is one already, -ENOENT there is
 * none, -EPERM, -EOPNOTSUPP this version of Windows cannot. Lists are the caller's to free. */
#ifndef XT_PLATFORM_NET_WINDOWS_H
#define XT_PLATFORM_NET_WINDOWS_H

#include <xtunnel/types.h>

/* An interface as one family sees it.
 * metric     added to that of its routes
 * automatic  metric is Windows' choice
 * up         packets pass */
struct xt_net_interface {
	uint32_t mtu, metric;
	bool automatic, up;
};

/* usable: not tentative, duplicate or deprecated. */
struct xt_net_address {
	struct xt_cidr cidr; /* host bits are the address */
	unsigned ifindex;
	bool usable;
};

/* gateway  family 0: on the link
 * metric   of the route; the whole one adds the interface's */
struct xt_net_route {
	struct xt_cidr network;
	struct xt_ip gateway;
	unsigned ifindex;
	uint32_t metric;
};

struct xt_net_ops {
	int (*luid_index)(uint64_t luid, unsigned *ifindex);
	int (*alias_index)(const char *alias, unsigned *ifindex);
	int (*interface_get)(unsigned ifindex, uint8_t family, struct xt_net_interface *out);
	/* Wait until the interface has the family: Windows gives both to a new adapter a moment
	 * after that was made, at its start seconds after. -ETIMEDOUT, 10 s later, from then on at
	 * once. */
	int (*interface_await)(unsigned ifindex, uint8_t family);
	/* mtu, metric and automatic. */
	int (*interface_set)(unsigned ifindex, uint8_t family, const struct xt_net_interface *in);
	/* Of all interfaces. */
	int (*addresses)(struct xt_net_address **out, size_t *n);
	/* Without duplicate address detection: no other host is on the link. */
	int (*address_add)(unsigned ifindex, const struct xt_cidr *cidr);
	int (*address_remove)(unsigned ifindex, const struct xt_cidr *cidr);
	int (*routes)(struct xt_net_route **out, size_t *n);
	int (*route_add)(const struct xt_net_route *route);
	int (*route_remove)(const struct xt_net_route *route);
	/* The source address that Windows chooses for datagrams to remote by that interface. */
	int (*source)(unsigned ifindex, const struct xt_ip *remote, struct xt_ip *out);
};

const struct xt_net_ops *xt_net(void);
/* For tests. NULL: those of the system again. */
void xt_net_replace(const struct xt_net_ops *ops);

#endif
