/* SPDX-License-Identifier: MIT */
/* The watch: multicast messages of rtnetlink, and a query when some were lost. */
#include "platform/watch.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/linux/nl_linux.h"
#include "platform/link/watch_links.h"

#define GROUP(n) (1u << ((n)-1))

int xt_watch_open(struct xt_watch *watch, unsigned ifindex)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK,
				   .nl_groups =
				       GROUP(RTNLGRP_LINK) | GROUP(RTNLGRP_IPV4_IFADDR) |
				       GROUP(RTNLGRP_IPV6_IFADDR) | GROUP(RTNLGRP_IPV4_ROUTE) |
				       GROUP(RTNLGRP_IPV6_ROUTE) | GROUP(RTNLGRP_IPV4_RULE) |
				       GROUP(RTNLGRP_IPV6_RULE)};
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	*watch = (struct xt_watch){.fd = -1, .ifindex = ifindex, .nsid = -1};
	if (s < 0)
		return -errno;
	(void)xt_nl_keep(); /* for a query after this process was confined */
	if (bind(s, (struct sockaddr *)&name, sizeof(name)) < 0) {
		int rc = -errno;

		close(s);
		return rc;
	}
	watch->fd = s;
	return 0;
}

void xt_watch_close(struct xt_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

static void state_put(struct xt_link_state *state, const struct xt_nl_link *link)
{
	state->exists = true;
	state->up = link->up;
	state->mtu = link->mtu;
	memcpy(state->name, link->name, sizeof(state->name));
}

/* Messages were lost: query the present state. In another namespace only xt_watch_follow can. */
static void state_query(const struct xt_watch *watch, struct xt_link_state *state)
{
	struct xt_nl *nl;
	struct xt_nl_link link;

	memset(state, 0, sizeof(*state));
	state->was_down = true; /* it may have been */
	state->moved = watch->nsid >= 0;
	nl = watch->nsid >= 0 ? NULL : xt_nl_borrow();
	if (!nl)
		return;
	if (xt_nl_link_get(nl, watch->ifindex, &link) == 0)
		state_put(state, &link);
	xt_nl_return(nl);
}

static bool state_read(const struct nlmsghdr *nlh, unsigned ifindex, struct xt_link_state *state)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[IFLA_NEW_NETNSID + 1];
	struct xt_nl_link link;
	bool was_down;

	if (nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK)
		return false;
	/* a bridge reports its ports in another family: not about the link itself */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || info->ifi_family != AF_UNSPEC ||
	    info->ifi_index != (int)ifindex)
		return false;
	was_down = state->was_down;
	memset(state, 0, sizeof(*state));
	if (nlh->nlmsg_type == RTM_NEWLINK) {
		xt_nl_link_read(nlh, &link);
		state_put(state, &link);
		state->was_down = was_down || !link.up;
		return true;
	}
	xt_nl_attrs(nlh, sizeof(*info), attrs, XT_LEN(attrs));
	state->moved = attrs[IFLA_NEW_NETNSID] != NULL;
	return true;
}

static void carrier_read(struct xt_watch *watch, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	bool there = nlh->nlmsg_type == RTM_NEWLINK;

	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return;
	xt_watch_carrier(watch, (unsigned)info->ifi_index,
			 !there				    ? XT_CARRIER_GONE
			 : (info->ifi_flags & IFF_LOWER_UP) ? XT_CARRIER_UP
							    : XT_CARRIER_DOWN);
}

/* The namespace that a message is about, as in xt_watch.nsid. */
static int message_nsid(struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	int nsid = -1;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg))
		if (cmsg->cmsg_level == SOL_NETLINK && cmsg->cmsg_type == NETLINK_LISTEN_ALL_NSID)
			memcpy(&nsid, CMSG_DATA(cmsg), sizeof(nsid));
	return nsid;
}

/* One datagram of messages, all about one namespace. */
static unsigned datagram_read(struct xt_watch *watch, const struct nlmsghdr *nlh, int len, int nsid,
			      struct xt_link_state *state)
{
	unsigned changed = 0;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nsid == watch->nsid && state_read(nlh, watch->ifindex, state))
			changed |= XT_WATCH_LINK;
		if (nsid >= 0)
			continue;
		changed |= XT_WATCH_ROUTING;
		carrier_read(watch, nlh);
	}
	return changed;
}

unsigned xt_watch_read(struct xt_watch *watch, struct xt_link_state *state)
{
	union {
		struct nlmsghdr head;
		uint8_t bytes[32768];
	} buf;
	union {
		struct cmsghdr head;
		uint8_t bytes[CMSG_SPACE(sizeof(int)) * 2];
	} control;
	unsigned changed = 0;
	bool lost = false;

	state->was_down = false;
	watch->n_returned = 0;
	for (;;) {
		struct sockaddr_nl from = {0};
		struct iovec vec = {&buf, sizeof(buf)};
		struct msghdr msg = {.msg_name = &from,
				     .msg_namelen = sizeof(from),
				     .msg_iov = &vec,
				     .msg_iovlen = 1,
				     .msg_control = &control,
				     .msg_controllen = sizeof(control)};
		ssize_t got = recvmsg(watch->fd, &msg, MSG_DONTWAIT | MSG_TRUNC);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != ENOBUFS)
			break;
		if (got < 0 || got > (ssize_t)sizeof(buf))
			lost = true;
		else if (from.nl_pid == 0) /* from the kernel */
			changed |=
			    datagram_read(watch, &buf.head, (int)got, message_nsid(&msg), state);
	}
	if (!lost)
		return changed;
	state_query(watch, state);
	return XT_WATCH_LINK | XT_WATCH_ROUTING;
}
