/* SPDX-License-Identifier: MIT */
/* System calls about links and routes on macOS, FreeBSD and OpenBSD: the routing socket, requests
 * by ioctl, lists by sysctl. */
#ifndef XT_PLATFORM_BSD_KERNEL_H
#define XT_PLATFORM_BSD_KERNEL_H

#include "platform/bsd/message_bsd.h"
#include "platform/link/link_steps.h"

/* A socket that no program inherits. -errno. */
int xt_bsd_socket(int domain, int type, int protocol);

/* routing  writes only: the answers to others are not read
 * inet     requests of IPv4 and of the link; inet6: of IPv6; -1: not opened yet */
struct xt_link_kernel {
	int routing, inet[2];
	uint32_t seq;
};

/* A request by ioctl on a socket of the family, 4 or 6. 0 or -errno. */
int xt_bsd_request(struct xt_link_kernel *kernel, unsigned family, unsigned long request,
		   uint8_t argument[XT_BSD_REQUEST]);
/* Add, delete or change a route. 0 or -errno. */
int xt_bsd_route_write(struct xt_link_kernel *kernel, uint32_t type,
		       const struct xt_bsd_route *route);
/* The route that the host has to an address now. -ESRCH: none; -ETIMEDOUT; -errno. */
int xt_bsd_route_get(const struct xt_ip *to, struct xt_bsd_message *out);

/* Call seen for each entry of a list: the routes of a family, or the links with their addresses.
 * ifindex: of one link; 0: all. Ends early when seen returns a negative error, and returns it. */
typedef int xt_bsd_seen(const struct xt_bsd_message *entry, void *ctx);
int xt_bsd_routes(unsigned family, xt_bsd_seen *seen, void *ctx);
int xt_bsd_links(unsigned ifindex, xt_bsd_seen *seen, void *ctx);

/* The entry is a route that datagrams are sent by, of the host's own tables: no copy that the
 * kernel has made for one destination, no route of one link alone. */
bool xt_bsd_route_counts(const struct xt_bsd_message *entry);

#endif
