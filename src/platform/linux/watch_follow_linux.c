/* SPDX-License-Identifier: MIT */
/* Follow an interface into the network namespace that it was moved to. A socket there would keep
 * that namespace alive, and with it the interface, after everything else has left it. So it is
 * watched from here, by the number that this namespace has for the other. */
#include "platform/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/linux/nl_linux.h"
#include "platform/linux/tun_linux.h"

#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

/* Called while this thread is in the interface's namespace. */
static int state_query_there(int tun_fd, unsigned *ifindex, struct xt_link_state *state)
{
	struct ifreq ifr;
	struct xt_nl nl;
	struct xt_nl_link link;
	int rc;

	memset(&ifr, 0, sizeof(ifr));
	if (ioctl(tun_fd, TUNGETIFF, &ifr) < 0)
		return -errno;
	rc = xt_nl_open(&nl);
	if (rc < 0)
		return rc;
	*ifindex = if_nametoindex(ifr.ifr_name);
	rc = xt_nl_link_get(&nl, *ifindex, &link);
	xt_nl_close(&nl);
	if (rc == 0) {
		*state = (struct xt_link_state){.exists = true, .up = link.up, .mtu = link.mtu};
		memcpy(state->name, link.name, sizeof(state->name));
	}
	return rc;
}

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

/* The number that this namespace has for there, -1: none. A move from here has given it one. */
static int nsid_query(int there)
{
	struct xt_nl nl;
	struct nlmsghdr *nlh;
	uint32_t nsid = UINT32_MAX;

	if (xt_nl_open(&nl) < 0)
		return -1;
	nlh = xt_nl_begin(&nl, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)there);
	if (xt_nl_request(&nl, nsid_seen, &nsid) < 0)
		nsid = UINT32_MAX;
	xt_nl_close(&nl);
	return (int)nsid;
}

/* From now on messages of the namespace there count. Without its number, or the right to hear of
 * it, none comes. */
static void watch_point(struct xt_watch *watch, int here, int there)
{
	int on = 1;

	watch->nsid = -1;
	if (namespace_is_same(here, there))
		return;
	watch->nsid = nsid_query(there);
	if (watch->nsid < 0)
		watch->nsid = INT32_MAX; /* matches no message */
	(void)setsockopt(watch->fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on));
}

int xt_watch_follow(struct xt_watch *watch, const struct xt_tun *tun, struct xt_link_state *state)
{
	int rc, here, there, tun_fd = tun_linux_fd(tun);

	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (here < 0)
		return -errno;
	there = ioctl(tun_fd, TUNGETDEVNETNS);
	rc = there < 0 ? -errno : 0;
	if (rc == 0)
		watch_point(watch, here, there); /* before the state is read: no change is missed */
	if (rc == 0 && setns(there, CLONE_NEWNET) < 0)
		rc = -errno;
	if (rc == 0) {
		rc = state_query_there(tun_fd, &watch->ifindex, state);
		/* Going back needs the right that was just used. If it fails, this thread would
		 * open its sockets in the wrong namespace from now on. */
		if (setns(here, CLONE_NEWNET) < 0)
			rc = -ENOTRECOVERABLE;
	}
	if (there >= 0)
		close(there);
	close(here);
	return rc;
}
