/* SPDX-License-Identifier: MIT */
/* Single rtnetlink requests about a link: add, delete and query addresses and routes. */
#include "platform/linux/link_linux.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/size.h"

int xt_link_address_do(struct xt_link_kernel *kernel, unsigned ifindex,
		       const struct xt_link_address *address, enum xt_link_do what)
{
	const struct xt_link_message as = xt_link_message(RTM_NEWADDR, what);
	struct xt_nl *nl = &kernel->nl;
	struct nlmsghdr *nlh = xt_nl_begin(nl, as.type, as.flags, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
	const struct xt_ip *local = &address->cidr.ip;

	msg->ifa_family = xt_nl_family(local);
	msg->ifa_prefixlen = address->cidr.bits;
	msg->ifa_index = ifindex;
	if (xt_ip_is_loopback(local))
		msg->ifa_scope = RT_SCOPE_HOST;
	xt_nl_put_ip(nlh, IFA_LOCAL, local);
	xt_nl_put_ip(nlh, IFA_ADDRESS, address->peer.family != 0 ? &address->peer : local);
	/* no other host is on the link, so duplicate address detection would only delay */
	if (local->family == 6 && what == XT_LINK_ADD)
		mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD);
	return xt_nl_do(nl);
}

int xt_link_mtu_do(struct xt_link_kernel *kernel, unsigned ifindex, uint32_t mtu)
{
	struct xt_nl *nl = &kernel->nl;
	struct nlmsghdr *nlh = xt_nl_begin(nl, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

	msg->ifi_index = (int)ifindex;
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return xt_nl_do(nl);
}

int xt_link_up_do(struct xt_link_kernel *kernel, unsigned ifindex, bool up)
{
	struct xt_nl *nl = &kernel->nl;
	struct nlmsghdr *nlh = xt_nl_begin(nl, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);

	msg->ifi_index = (int)ifindex;
	msg->ifi_flags = up ? IFF_UP : 0;
	msg->ifi_change = IFF_UP;
	return xt_nl_do(nl);
}

static void route_head(struct nlmsghdr *nlh, unsigned char family, uint32_t table)
{
	struct rtmsg *msg = mnl_nlmsg_get_payload(nlh);

	msg->rtm_family = family;
	msg->rtm_table = table < 256 ? (unsigned char)table : RT_TABLE_UNSPEC;
	mnl_attr_put_u32(nlh, RTA_TABLE, table);
}

int xt_link_route_do(struct xt_link_kernel *kernel, unsigned ifindex, uint32_t table,
		     const struct xt_cidr *network, uint32_t mtu, enum xt_link_do what)
{
	const struct xt_link_message as = xt_link_message(RTM_NEWROUTE, what);
	struct xt_nl *nl = &kernel->nl;
	struct nlmsghdr *nlh = xt_nl_begin(nl, as.type, as.flags, sizeof(struct rtmsg));
	struct rtmsg *msg = mnl_nlmsg_get_payload(nlh);

	route_head(nlh, xt_nl_family(&network->ip), table);
	msg->rtm_dst_len = network->bits;
	msg->rtm_protocol = RTPROT_BOOT;
	msg->rtm_scope = network->ip.family == 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	msg->rtm_type = RTN_UNICAST;
	xt_nl_put_ip(nlh, RTA_DST, &network->ip);
	mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
	if (mtu != 0) {
		struct nlattr *metrics = mnl_attr_nest_start(nlh, RTA_METRICS);

		mnl_attr_put_u32(nlh, RTAX_MTU, mtu);
		mnl_attr_nest_end(nlh, metrics);
	}
	return xt_nl_do(nl);
}

struct address_search {
	const struct xt_link_address *address;
	unsigned ifindex;
	bool found;
};

static int address_seen(const struct nlmsghdr *nlh, void *data)
{
	struct address_search *search = data;
	const struct xt_link_address *address = search->address;
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[IFA_LOCAL + 1];
	struct xt_ip local, peer;

	if (nlh->nlmsg_type != RTM_NEWADDR || msg->ifa_index != search->ifindex ||
	    msg->ifa_prefixlen != address->cidr.bits)
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(*msg), attrs, XT_LEN(attrs));
	/* the kernel omits IFA_LOCAL for an IPv6 address without a peer */
	if (!xt_nl_get_ip(&peer, msg->ifa_family, attrs[IFA_ADDRESS]))
		return MNL_CB_OK;
	if (!xt_nl_get_ip(&local, msg->ifa_family, attrs[IFA_LOCAL]))
		local = peer;
	if (xt_ip_equal(&local, &address->cidr.ip) &&
	    xt_ip_equal(&peer, address->peer.family != 0 ? &address->peer : &address->cidr.ip))
		search->found = true;
	return MNL_CB_OK;
}

int xt_link_address_exists(struct xt_link_kernel *kernel, unsigned ifindex,
			   const struct xt_link_address *address, bool *exists)
{
	struct address_search search = {.address = address, .ifindex = ifindex};
	struct xt_nl *nl = &kernel->nl;
	struct nlmsghdr *nlh = xt_nl_begin(nl, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
	int rc;

	msg->ifa_family = xt_nl_family(&address->cidr.ip);
	msg->ifa_index = ifindex;
	rc = xt_nl_request(nl, address_seen, &search);
	*exists = search.found;
	return rc;
}

/* Append a route through the interface in the table, as a network. */
static int route_seen(const struct nlmsghdr *nlh, void *data)
{
	struct xt_link_routes *list = data;
	const struct rtmsg *msg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[RTA_TABLE + 1];
	struct xt_cidr network = {.bits = msg->rtm_dst_len};
	uint32_t table = msg->rtm_table, oif = 0;

	if (nlh->nlmsg_type != RTM_NEWROUTE || msg->rtm_type != RTN_UNICAST ||
	    msg->rtm_src_len != 0 || (msg->rtm_flags & RTM_F_CLONED) != 0)
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(*msg), attrs, XT_LEN(attrs));
	xt_nl_get_u32(&table, attrs[RTA_TABLE]);
	if (!xt_nl_get_u32(&oif, attrs[RTA_OIF]) || oif != list->ifindex || table != list->table)
		return MNL_CB_OK;
	if (!xt_nl_get_ip(&network.ip, msg->rtm_family, attrs[RTA_DST]) && network.bits != 0)
		return MNL_CB_OK;
	network.ip.family = msg->rtm_family == AF_INET ? 4 : 6;
	if (list->n == list->cap) {
		size_t cap = list->cap > 0 ? list->cap * 2 : 32;
		struct xt_cidr *v = xt_items_resize(list->v, cap, sizeof(*v));

		if (!v) {
			list->rc = XT_E_NOMEM;
			return MNL_CB_OK;
		}
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = network;
	return MNL_CB_OK;
}

int xt_link_routes_list(struct xt_link_kernel *kernel, struct xt_link_routes *list)
{
	struct xt_nl *nl = &kernel->nl;
	static const unsigned char families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < XT_LEN(families); i++) {
		struct nlmsghdr *nlh =
		    xt_nl_begin(nl, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg));
		int rc;

		route_head(nlh, families[i], list->table);
		mnl_attr_put_u32(nlh, RTA_OIF, list->ifindex);
		rc = xt_nl_request(nl, route_seen, list);
		/* no such table or family: no routes */
		if (rc < 0 && rc != -ENOENT && rc != -EAFNOSUPPORT && rc != -EOPNOTSUPP)
			return rc;
	}
	return list->rc;
}

struct address_list {
	unsigned ifindex;
	struct xt_link_address *v;
	size_t n, cap;
	int rc;
};

static void address_list_put(struct address_list *list, const struct xt_link_address *address)
{
	if (list->n == list->cap) {
		size_t cap = list->cap > 0 ? list->cap * 2 : 8;
		struct xt_link_address *v = xt_items_resize(list->v, cap, sizeof(*v));

		if (!v) {
			list->rc = XT_E_NOMEM;
			return;
		}
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = *address;
}

static int address_listed(const struct nlmsghdr *nlh, void *data)
{
	struct address_list *list = data;
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[IFA_LOCAL + 1];
	struct xt_link_address address = {.cidr.bits = msg->ifa_prefixlen};
	struct xt_ip peer;

	if (nlh->nlmsg_type != RTM_NEWADDR || msg->ifa_index != list->ifindex)
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(*msg), attrs, XT_LEN(attrs));
	if (!xt_nl_get_ip(&peer, msg->ifa_family, attrs[IFA_ADDRESS]))
		return MNL_CB_OK;
	if (!xt_nl_get_ip(&address.cidr.ip, msg->ifa_family, attrs[IFA_LOCAL]))
		address.cidr.ip = peer;
	if (!xt_ip_equal(&peer, &address.cidr.ip))
		address.peer = peer;
	if (peer.family == 6 && xt_ip_is_link_local(&address.cidr.ip))
		return MNL_CB_OK;
	for (size_t i = 0; i < list->n; i++) /* a repeated dump shows entries twice */
		if (xt_ip_equal(&list->v[i].cidr.ip, &address.cidr.ip) &&
		    list->v[i].cidr.bits == address.cidr.bits)
			return MNL_CB_OK;
	address_list_put(list, &address);
	return MNL_CB_OK;
}

int xt_link_addresses(const char *name, struct xt_link_address **out, size_t *n)
{
	struct address_list list = {.ifindex = if_nametoindex(name)};
	struct nlmsghdr *nlh;
	struct ifaddrmsg *msg;
	struct xt_nl nl;
	int rc;

	*out = NULL;
	*n = 0;
	if (list.ifindex == 0)
		return -ENODEV;
	rc = xt_nl_open(&nl);
	if (rc < 0)
		return rc;
	nlh = xt_nl_begin(&nl, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	msg = mnl_nlmsg_get_payload(nlh);
	msg->ifa_index = list.ifindex;
	rc = xt_nl_request(&nl, address_listed, &list);
	xt_nl_close(&nl);
	if (rc == 0)
		rc = list.rc;
	if (rc < 0) {
		free(list.v);
		return rc;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}

/* --- networks of other links --- */

struct connected_list {
	unsigned except;
	struct xt_link_connected *v;
	size_t n, cap;
	int rc;
};

/* A network that is there twice, or is read twice, does no harm. */
static int connected_listed(const struct nlmsghdr *nlh, void *data)
{
	struct connected_list *list = data;
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[IFA_LOCAL + 1];
	struct xt_link_connected connected = {.ifindex = msg->ifa_index};

	if (nlh->nlmsg_type != RTM_NEWADDR || msg->ifa_index == list->except || list->rc < 0)
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(*msg), attrs, XT_LEN(attrs));
	if (!xt_nl_get_ip(&connected.network.ip, msg->ifa_family, attrs[IFA_ADDRESS]))
		return MNL_CB_OK;
	connected.network.bits = msg->ifa_prefixlen;
	xt_cidr_mask(&connected.network);
	if (list->n == list->cap) {
		size_t cap = list->cap > 0 ? list->cap * 2 : 16;
		struct xt_link_connected *v = xt_items_resize(list->v, cap, sizeof(*v));

		if (!v) {
			list->rc = XT_E_NOMEM;
			return MNL_CB_OK;
		}
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = connected;
	return MNL_CB_OK;
}

int xt_link_connected(const char *name, struct xt_link_connected **out, size_t *n)
{
	struct connected_list list = {.except = if_nametoindex(name)};
	struct xt_nl nl;
	int rc = xt_nl_open(&nl);

	*out = NULL;
	*n = 0;
	if (rc < 0)
		return rc;
	(void)xt_nl_begin(&nl, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	rc = xt_nl_request(&nl, connected_listed, &list);
	xt_nl_close(&nl);
	if (rc == 0)
		rc = list.rc;
	if (rc < 0) {
		free(list.v);
		return rc;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}
