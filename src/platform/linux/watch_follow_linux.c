/* SPDX-License-Identifier: MIT */
/* Follow an interface into the network namespace that it was moved to. A socket there would keep
 * that namespace alive, and with it the interface, after everything else has left it. So it is
 * watched from here, by the number that this namespace has for the other. That takes CAP_NET_ADMIN
 * and CAP_NET_BROADCAST, but not CAP_SYS_ADMIN as setns does. */
#include "platform/watch.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/linux/nl_linux.h"

#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif
#define NSID_UNKNOWN INT32_MAX /* no message has it */

static bool namespace_is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int nsid_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[NETNSA_NSID + 1];

	if (nlh->nlmsg_type != RTM_NEWNSID)
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(struct rtgenmsg), attrs, XT_LEN(attrs));
	xt_nl_get_u32(data, attrs[NETNSA_NSID]);
	return MNL_CB_OK;
}

/* The number that this namespace has for there; negative: none. */
static int nsid_query(struct xt_nl *nl, int there)
{
	struct nlmsghdr *nlh = xt_nl_begin(nl, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
	uint32_t nsid = UINT32_MAX;

	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)there);
	if (xt_nl_request(nl, nsid_seen, &nsid) < 0)
		return -1;
	return (int)nsid;
}

/* A move from here has given it one; one from a third namespace has not. */
static int nsid_find(struct xt_nl *nl, int there)
{
	int nsid = nsid_query(nl, there);
	struct nlmsghdr *nlh;

	if (nsid >= 0)
		return nsid;
	nlh = xt_nl_begin(nl, RTM_NEWNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)there);
	mnl_attr_put_u32(nlh, NETNSA_NSID, UINT32_MAX); /* any */
	(void)xt_nl_do(nl);
	return nsid_query(nl, there);
}

/* From now on messages of the namespace there count. Without its number, or the right to hear of
 * it, none comes. */
static void watch_point(struct xt_watch *watch, struct xt_nl *nl, int there)
{
	int on = 1, here = ioctl(watch->fd, SIOCGSKNS);

	watch->nsid = -1;
	if (here < 0 || !namespace_is_same(here, there)) {
		watch->nsid = nsid_find(nl, there);
		if (watch->nsid < 0)
			watch->nsid = NSID_UNKNOWN;
		(void)setsockopt(watch->fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on));
	}
	if (here >= 0)
		close(here);
}

struct found {
	unsigned ifindex;
	struct xt_nl_link link;
};

static int link_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct found *found = data;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	found->ifindex = (unsigned)info->ifi_index;
	xt_nl_link_read(nlh, &found->link);
	return MNL_CB_OK;
}

static int link_query(struct xt_watch *watch, struct xt_nl *nl, const char *name,
		      struct xt_link_state *state)
{
	struct found found = {0};
	struct nlmsghdr *nlh = xt_nl_begin(nl, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	int rc;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (watch->nsid >= 0)
		mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, (uint32_t)watch->nsid);
	rc = xt_nl_request(nl, link_seen, &found);
	if (rc < 0)
		return rc;
	watch->ifindex = found.ifindex;
	*state = (struct xt_link_state){.exists = true, .up = found.link.up, .mtu = found.link.mtu};
	memcpy(state->name, found.link.name, sizeof(state->name));
	return 0;
}

/* The watch stands before the state is read: no change is missed. */
static int follow(struct xt_watch *watch, struct xt_nl *nl, int tun_fd, struct xt_link_state *state)
{
	struct ifreq ifr = {0};
	int there = ioctl(tun_fd, TUNGETDEVNETNS), rc;

	if (there < 0)
		return -errno;
	watch_point(watch, nl, there);
	rc = watch->nsid == NSID_UNKNOWN	  ? -EPERM
	     : ioctl(tun_fd, TUNGETIFF, &ifr) < 0 ? -errno
						  : link_query(watch, nl, ifr.ifr_name, state);
	close(there);
	return rc;
}

int xt_watch_follow(struct xt_watch *watch, int tun_fd, struct xt_link_state *state)
{
	struct xt_nl nl;
	int rc = xt_watch_open(watch, 0);

	memset(state, 0, sizeof(*state));
	if (rc < 0)
		return rc;
	rc = xt_nl_open(&nl);
	if (rc == 0) {
		rc = follow(watch, &nl, tun_fd, state);
		xt_nl_close(&nl);
	}
	if (rc < 0)
		xt_watch_close(watch);
	return rc == -EBADFD ? -ENODEV : rc;
}
