/* SPDX-License-Identifier: MIT */
/* The egress of a path: the link, source address and gateway by which its datagrams leave the host
 * when no interface of a tunnel is counted. Windows itself would send them into the tunnel as soon
 * as that has the default route. Judged from lists of routes and addresses that are read once a
 * change, so that a datagram costs no request to the system. */
#ifndef XT_PLATFORM_EGRESS_WINDOWS_H
#define XT_PLATFORM_EGRESS_WINDOWS_H

#include <xtunnel/types.h>

struct xt_egress_cache;

/* link     index of the interface; 0: there is no route
 * gateway  family 0: on the link
 * pin      the path's local address is an address of that link: datagrams may leave from it
 * captive  Windows would send them into the tunnel: name the link in each datagram */
struct xt_egress {
	uint32_t link;
	struct xt_ip gateway;
	bool pin, captive;
};

int xt_egress_cache_new(struct xt_egress_cache **out);	  /* XT_E_NOMEM */
void xt_egress_cache_free(struct xt_egress_cache *cache); /* NULL is fine */
/* Routes, addresses or links changed: all is judged again, before its next use. */
void xt_egress_expire(struct xt_egress_cache *cache);

/* avoid  index of the tunnel's interface; 0: only those of xt_names_has count as tunnels */
struct xt_egress xt_egress_find(struct xt_egress_cache *cache, unsigned avoid,
				const struct xt_path *path);
/* The link of the best default route beside the tunnel's, if the tunnel has a default route of the
 * family, be it in two halves; else 0. */
uint32_t xt_egress_default(struct xt_egress_cache *cache, unsigned avoid, uint8_t family);
/* The way of a path's datagrams, as a number (struct xt_ways). */
uint64_t xt_egress_way(struct xt_egress_cache *cache, unsigned avoid, const struct xt_path *path);
/* The carrier of a link has come back: the ways that leave by it are other ones from now on. */
void xt_egress_link_returned(struct xt_egress_cache *cache, unsigned link);

#endif
