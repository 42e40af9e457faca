/* SPDX-License-Identifier: MIT */
/* Follow an interface into the network namespace that it was moved to, and watch it there. */
#include "platform/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "platform/linux/nl_linux.h"
#include "platform/linux/tun_linux.h"

#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

/* Called while this thread is in the interface's namespace. */
static int watch_open_there(int tun_fd, unsigned *ifindex, int *fd, struct xt_link_state *state)
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
	rc = xt_link_watch_open(0, fd); /* before the state is read: no change is missed */
	*ifindex = if_nametoindex(ifr.ifr_name);
	if (rc == 0)
		rc = xt_nl_link_get(&nl, *ifindex, &link);
	xt_nl_close(&nl);
	if (rc < 0 && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	if (rc == 0) {
		*state = (struct xt_link_state){.exists = true, .up = link.up, .mtu = link.mtu};
		memcpy(state->name, link.name, sizeof(state->name));
	}
	return rc;
}

int xt_link_watch_move(const struct xt_tun *tun, unsigned *ifindex, int *fd,
		       struct xt_link_state *state)
{
	int rc, here, there, tun_fd = tun_linux_fd(tun);

	*fd = -1;
	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (here < 0)
		return -errno;
	there = ioctl(tun_fd, TUNGETDEVNETNS);
	rc = there < 0 ? -errno : 0;
	if (rc == 0 && setns(there, CLONE_NEWNET) < 0)
		rc = -errno;
	if (rc == 0) {
		rc = watch_open_there(tun_fd, ifindex, fd, state);
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
