/* SPDX-License-Identifier: MIT */
/* One question to the kernel's routing (RTM_GETROUTE). */
#include "platform/linux/route_way_linux.h"

#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/link.h"
#include "platform/linux/nl_linux.h"

static int route_seen(const struct nlmsghdr *nlh, void *data)
{
	struct xt_route_way *way = data;
	const struct rtmsg *route = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[RTA_PREFSRC + 1];

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	if (route->rtm_type != RTN_UNICAST && route->rtm_type != RTN_LOCAL)
		return MNL_CB_OK; /* unreachable, blackhole: no link */
	xt_nl_attrs(nlh, sizeof(*route), attrs, XT_LEN(attrs));
	(void)xt_nl_get_u32(&way->link, attrs[RTA_OIF]);
	(void)xt_nl_get_ip(&way->source, route->rtm_family, attrs[RTA_PREFSRC]);
	(void)xt_nl_get_ip(&way->gateway, route->rtm_family, attrs[RTA_GATEWAY]);
	return MNL_CB_OK;
}

int xt_route_way(struct xt_nl *nl, const struct xt_endpoint *remote, const struct xt_ip *source,
		 uint32_t mark, struct xt_route_way *out)
{
	uint8_t bits = (uint8_t)xt_ip_bits(&remote->ip);
	struct nlmsghdr *nlh;
	struct rtmsg *route;

	memset(out, 0, sizeof(*out));
	nlh = xt_nl_begin(nl, RTM_GETROUTE, 0, sizeof(*route));
	route = mnl_nlmsg_get_payload(nlh);
	route->rtm_family = xt_nl_family(&remote->ip);
	route->rtm_dst_len = bits;
	xt_nl_put_ip(nlh, RTA_DST, &remote->ip);
	if (source) {
		route->rtm_src_len = bits;
		xt_nl_put_ip(nlh, RTA_SRC, source);
	}
	if (remote->scope)
		mnl_attr_put_u32(nlh, RTA_OIF, remote->scope);
	mnl_attr_put_u32(nlh, RTA_MARK, mark);
	return xt_nl_request(nl, route_seen, out);
}

bool xt_link_way(const struct xt_endpoint *to, uint32_t mark, struct xt_ip *source,
		 uint32_t *ifindex)
{
	struct xt_route_way way = {0};
	struct xt_nl *nl = to->ip.family ? xt_nl_borrow() : NULL;

	if (nl) {
		(void)xt_route_way(nl, to, NULL, mark, &way);
		xt_nl_return(nl);
	}
	*source = way.source;
	*ifindex = way.link;
	return way.link != 0;
}
