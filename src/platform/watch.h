/* SPDX-License-Identifier: MIT */
/* The one watch of what changes on the host: the tunnel's interface, and everything that may move a
 * route (routes, rules, addresses, links). Needs no right. */
#ifndef XT_PLATFORM_WATCH_H
#define XT_PLATFORM_WATCH_H

#include <xtunnel/types.h>

/* The interface, as the kernel last said. */
struct xt_link_state {
	bool exists, up;
	bool was_down; /* at some time since the last read */
	bool moved; /* with exists false: to another network namespace; xt_watch_follow finds it */
	uint32_t mtu;
	char name[16]; /* the present one */
};

/* What xt_watch_read found. LINK: state was filled in. */
enum { XT_WATCH_LINK = 1 << 0, XT_WATCH_ROUTING = 1 << 1 };

#define XT_WATCH_AWAY 32

/* fd       becomes readable when something has changed; stays the same until xt_watch_replace
 * ifindex  the interface's, in its namespace
 * nsid     the number that this namespace has for the interface's; -1: it is the same one
 * away     links whose carrier was seen to go and not to come back, 0: free
 * returned the links whose carrier has come back, as of the last read */
struct xt_watch {
	int fd;
	unsigned ifindex;
	int nsid;
	unsigned away[XT_WATCH_AWAY];
	unsigned returned[XT_WATCH_AWAY], n_returned;
};

int xt_watch_open(struct xt_watch *watch, unsigned ifindex); /* -errno */
void xt_watch_close(struct xt_watch *watch);		     /* also one that did not open */

/* Read all messages: XT_WATCH_* bits, 0: nothing of interest. After a loss of messages the state is
 * queried and both bits are set. */
unsigned xt_watch_read(struct xt_watch *watch, struct xt_link_state *state);

/* The interface of that TUN was moved: a watch of it in its new namespace, which does not hold that
 * namespace, and its state. Needs the right to configure networks, which the process that reads the
 * watch need not have. -ENODEV: it was deleted; another -errno (-EPERM): it still exists
 * but cannot be watched, and the TUN device's error shows its end. */
int xt_watch_follow(struct xt_watch *watch, int tun_fd, struct xt_link_state *state);

/* Go on with a watch that xt_watch_follow has made, perhaps in another process. Returns the former
 * descriptor, to be closed. */
int xt_watch_replace(struct xt_watch *watch, int fd, unsigned ifindex, int nsid);

#endif
