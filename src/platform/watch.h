/* SPDX-License-Identifier: MIT */
/* The one watch of what changes on the host: the tunnel's interface, and everything that may move a
 * route (routes, rules, addresses, links). Needs no right. */
#ifndef XT_PLATFORM_WATCH_H
#define XT_PLATFORM_WATCH_H

#include <xtunnel/types.h>

struct xt_tun; /* platform/tun.h */

/* The interface, as the kernel last said. */
struct xt_link_state {
	bool exists, up;
	bool was_down; /* at some time since the last read */
	bool moved;    /* with exists false: to another network namespace: call xt_watch_follow */
	uint32_t mtu;
	char name[16]; /* the present one */
};

/* What xt_watch_read found. LINK: state was filled in. */
enum { XT_WATCH_LINK = 1 << 0, XT_WATCH_ROUTING = 1 << 1 };

#define XT_WATCH_AWAY 32

/* fd       becomes readable when something has changed; stays the same
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

/* The TUN's interface was moved: watch it in its new namespace, without holding that namespace.
 * -ENODEV, -EBADFD: it was deleted; -ENOTRECOVERABLE: this thread could not return from the other
 * namespace; another -errno (-EPERM): it still exists but cannot be watched, and the TUN device's
 * error shows its end. */
int xt_watch_follow(struct xt_watch *watch, const struct xt_tun *tun, struct xt_link_state *state);

#endif
