/* SPDX-License-Identifier: MIT */
/* The egress of a path: link, source address and gateway of the kernel's route to the remote, and
 * whether the local address that the path pins still fits it. Results are cached until the routing
 * changes, so that a datagram costs no request to the kernel. */
#ifndef XT_PLATFORM_EGRESS_LINUX_H
#define XT_PLATFORM_EGRESS_LINUX_H

#include <xtunnel/types.h>

struct xt_egress_cache;

/* AS_IS    send by the path; the kernel decides what it leaves open
 * UNPIN    the route leaves by another link than the path's datagrams came by, or the local address
 *          is not this host's any more: leave the local address to the kernel
 * REPLACE  the kernel would choose an address of the tunnel itself: pin another one
 * NONE     it would, and there is no other: do not send */
enum xt_egress_use { XT_EGRESS_AS_IS, XT_EGRESS_UNPIN, XT_EGRESS_REPLACE, XT_EGRESS_NONE };

int xt_egress_cache_new(struct xt_egress_cache **out);	  /* XT_E_NOMEM, -errno */
void xt_egress_cache_free(struct xt_egress_cache *cache); /* NULL is fine */

/* fd     the socket that sends: its mark selects the route
 * avoid  index of the tunnel's own interface, 0: none
 * local  with REPLACE: local and ifindex of the path to use */
enum xt_egress_use xt_egress_judge(struct xt_egress_cache *cache, int fd, unsigned avoid,
				   const struct xt_path *path, struct xt_path *replacement);

/* The way of a path's datagrams, as a number (struct xt_ways): it differs when link, source or
 * gateway do. XT_WAY_NONE: there is no route. */
uint64_t xt_egress_way(struct xt_egress_cache *cache, int fd, unsigned avoid,
		       const struct xt_path *path);

/* The source address of a path's datagrams; unchanged without a route. */
void xt_egress_source(struct xt_egress_cache *cache, int fd, unsigned avoid,
		      const struct xt_path *path, struct xt_ip *out);

/* The carrier of a link has come back: the ways that leave by it are other ones from now on. */
void xt_egress_link_returned(struct xt_egress_cache *cache, unsigned link);

/* Routes, rules, addresses, links or the mark changed: the cached results are judged again, each
 * before its next use. */
void xt_egress_expire(struct xt_egress_cache *cache);

#endif
