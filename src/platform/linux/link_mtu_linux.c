/* SPDX-License-Identifier: MIT */
/* The MTU for the path below the tunnel: the smallest of the routes to the endpoints, else the
 * default route's, else Ethernet's; minus 80 for IPv6, UDP, WireGuard and padding. */
#include "platform/linux/link_linux.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"

#define MTU_ETHERNET 1500
#define MTU_OVERHEAD 80
#define MTU_LEAST_V4 576

/* Of one route. mtu 0: it sets none, and the interface's counts. */
struct route_facts {
	uint32_t mtu, oif, priority;
	bool found, only_default;
};

static int metric_seen(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == RTAX_MTU)
		xt_nl_get_u32(data, attr);
	return MNL_CB_OK;
}

static uint32_t metrics_mtu(const struct nlattr *metrics)
{
	uint32_t mtu = 0;

	if (metrics)
		mnl_attr_parse_nested(metrics, metric_seen, &mtu);
	return mtu;
}

/* Of several default routes the kernel prefers the one with the least priority number. */
static int route_seen(const struct nlmsghdr *nlh, void *data)
{
	struct route_facts *facts = data;
	const struct rtmsg *route = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[RTA_METRICS + 1];
	uint32_t priority = 0, oif = 0;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	if (facts->only_default &&
	    (route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST ||
	     route->rtm_table != RT_TABLE_MAIN || (route->rtm_flags & RTM_F_CLONED) != 0))
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(*route), attrs, XT_LEN(attrs));
	xt_nl_get_u32(&priority, attrs[RTA_PRIORITY]);
	if (!xt_nl_get_u32(&oif, attrs[RTA_OIF]) || (facts->found && priority >= facts->priority))
		return MNL_CB_OK;
	facts->found = true;
	facts->oif = oif;
	facts->priority = priority;
	facts->mtu = metrics_mtu(attrs[RTA_METRICS]);
	return MNL_CB_OK;
}

/* 0: unknown. */
static uint32_t facts_mtu(struct xt_nl *nl, const struct route_facts *facts, unsigned except)
{
	struct xt_nl_link link;

	if (!facts->found || facts->oif == except)
		return 0;
	if (facts->mtu != 0)
		return facts->mtu;
	return xt_nl_link_get(nl, facts->oif, &link) == 0 ? link.mtu : 0;
}

static uint32_t endpoint_mtu(struct xt_nl *nl, const struct xt_ip *endpoint, unsigned except)
{
	struct route_facts facts = {0};
	struct nlmsghdr *nlh = xt_nl_begin(nl, RTM_GETROUTE, 0, sizeof(struct rtmsg));
	struct rtmsg *route = mnl_nlmsg_get_payload(nlh);

	route->rtm_family = xt_nl_family(endpoint);
	route->rtm_dst_len = endpoint->family == 4 ? 32 : 128;
	xt_nl_put_ip(nlh, RTA_DST, endpoint);
	if (xt_nl_request(nl, route_seen, &facts) < 0)
		return 0;
	return facts_mtu(nl, &facts, except);
}

static uint32_t default_mtu_find(struct xt_nl *nl, unsigned char family, unsigned except)
{
	struct route_facts facts = {.only_default = true};
	struct nlmsghdr *nlh = xt_nl_begin(nl, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg));
	struct rtmsg *route = mnl_nlmsg_get_payload(nlh);

	route->rtm_family = family;
	route->rtm_table = RT_TABLE_MAIN;
	if (xt_nl_request(nl, route_seen, &facts) < 0)
		return 0;
	return facts_mtu(nl, &facts, except);
}

static uint32_t mtu_below(struct xt_nl *nl, const struct xt_ip *endpoints, size_t n,
			  unsigned except, bool v6)
{
	uint32_t least = v6 ? XT_LINK_MTU_V6 : MTU_LEAST_V4;
	uint32_t below = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t mtu = endpoint_mtu(nl, &endpoints[i], except);

		if (mtu != 0 && (below == 0 || mtu < below))
			below = mtu;
	}
	if (below == 0)
		below = default_mtu_find(nl, AF_INET, except);
	if (below == 0)
		below = default_mtu_find(nl, AF_INET6, except);
	if (below == 0)
		below = MTU_ETHERNET;
	below = XT_MIN(below, XT_LINK_MTU_MAX + MTU_OVERHEAD);
	return below < least + MTU_OVERHEAD ? least : below - MTU_OVERHEAD;
}

uint32_t xt_link_mtu_below(struct xt_link_kernel *kernel, const struct xt_ip *endpoints, size_t n,
			   unsigned except, bool v6)
{
	return mtu_below(&kernel->nl, endpoints, n, except, v6);
}

uint32_t xt_link_mtu_for(const struct xt_ip *endpoints, size_t n)
{
	struct xt_nl nl;
	uint32_t mtu;

	if (xt_nl_open(&nl) < 0)
		return MTU_ETHERNET - MTU_OVERHEAD;
	mtu = mtu_below(&nl, endpoints, n, 0, false);
	xt_nl_close(&nl);
	return mtu;
}
