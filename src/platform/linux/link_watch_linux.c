/* SPDX-License-Identifier: MIT */
/* Watch one interface: by the kernel's link messages, and by a query when some were lost. */
#include "platform/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/linux/nl_linux.h"

int xt_link_watch_open(unsigned ifindex, int *fd)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	(void)ifindex; /* the kernel sends all links: xt_link_watch_read filters */
	if (s < 0)
		return -errno;
	if (bind(s, (struct sockaddr *)&name, sizeof(name)) < 0) {
		int rc = -errno;

		close(s);
		return rc;
	}
	*fd = s;
	return 0;
}

static void state_put(struct xt_link_state *state, const struct xt_nl_link *link)
{
	state->exists = true;
	state->up = link->up;
	state->mtu = link->mtu;
	memcpy(state->name, link->name, sizeof(state->name));
}

/* Messages were lost: query the present state. */
static void state_query(unsigned ifindex, struct xt_link_state *state)
{
	struct xt_nl nl;
	struct xt_nl_link link;

	memset(state, 0, sizeof(*state));
	if (xt_nl_open(&nl) < 0)
		return;
	if (xt_nl_link_get(&nl, ifindex, &link) == 0)
		state_put(state, &link);
	xt_nl_close(&nl);
}

static bool state_read(const struct nlmsghdr *nlh, unsigned ifindex, struct xt_link_state *state)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[IFLA_NEW_NETNSID + 1];
	struct xt_nl_link link;

	if (nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK)
		return false;
	/* a bridge reports its ports in another family: not about the link itself */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || info->ifi_family != AF_UNSPEC ||
	    info->ifi_index != (int)ifindex)
		return false;
	memset(state, 0, sizeof(*state));
	if (nlh->nlmsg_type == RTM_NEWLINK) {
		xt_nl_link_read(nlh, &link);
		state_put(state, &link);
		return true;
	}
	xt_nl_attrs(nlh, sizeof(*info), attrs, XT_LEN(attrs));
	state->moved = attrs[IFLA_NEW_NETNSID] != NULL;
	return true;
}

int xt_link_watch_read(int fd, unsigned ifindex, struct xt_link_state *state)
{
	union {
		struct nlmsghdr head;
		uint8_t bytes[32768];
	} buf;
	bool changed = false, lost = false;

	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t got = recvfrom(fd, &buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC,
				       (struct sockaddr *)&from, &from_len);
		struct nlmsghdr *nlh = &buf.head;
		int len = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == ENOBUFS) {
			lost = true;
			continue;
		}
		if (got < 0)
			break;
		if (from.nl_pid != 0)
			continue; /* not from the kernel */
		if (got > (ssize_t)sizeof(buf)) {
			lost = true;
			continue;
		}
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			changed |= state_read(nlh, ifindex, state);
	}
	if (lost)
		state_query(ifindex, state);
	return changed || lost;
}
