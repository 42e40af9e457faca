/* SPDX-License-Identifier: MIT */
/* The way that the host sends datagrams to an endpoint, for a diagnosis. */
#include "platform/link.h"

#include <sys/socket.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/linux/nl_linux.h"

struct way {
	struct xt_ip *source;
	uint32_t *ifindex;
};

static int way_seen(const struct nlmsghdr *nlh, void *data)
{
	struct way *way = data;
	const struct rtmsg *route = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[RTA_PREFSRC + 1];

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	if (route->rtm_type != RTN_UNICAST && route->rtm_type != RTN_LOCAL)
		return MNL_CB_OK; /* unreachable, blackhole: no link */
	xt_nl_attrs(nlh, sizeof(*route), attrs, XT_LEN(attrs));
	(void)xt_nl_get_u32(way->ifindex, attrs[RTA_OIF]);
	(void)xt_nl_get_ip(way->source, route->rtm_family, attrs[RTA_PREFSRC]);
	return MNL_CB_OK;
}

bool xt_link_way(const struct xt_endpoint *to, uint32_t mark, struct xt_ip *source,
		 uint32_t *ifindex)
{
	struct way way = {source, ifindex};
	struct nlmsghdr *nlh;
	struct rtmsg *route;
	struct xt_nl nl;

	*source = (struct xt_ip){0};
	*ifindex = 0;
	if (!to->ip.family || xt_nl_open(&nl) < 0)
		return false;
	nlh = xt_nl_begin(&nl, RTM_GETROUTE, 0, sizeof(*route));
	route = mnl_nlmsg_get_payload(nlh);
	route->rtm_family = xt_nl_family(&to->ip);
	route->rtm_dst_len = (uint8_t)xt_ip_bits(&to->ip);
	xt_nl_put_ip(nlh, RTA_DST, &to->ip);
	if (to->scope)
		mnl_attr_put_u32(nlh, RTA_OIF, to->scope);
	if (mark)
		mnl_attr_put_u32(nlh, RTA_MARK, mark);
	(void)xt_nl_request(&nl, way_seen, &way);
	xt_nl_close(&nl);
	return *ifindex != 0;
}
