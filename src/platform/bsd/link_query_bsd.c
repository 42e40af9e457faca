/* SPDX-License-Identifier: MIT */
/* Questions about links and routes on macOS, FreeBSD and OpenBSD: lists by sysctl, one route by the
 * routing socket. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/bsd/kernel_bsd.h"

static const unsigned families[] = {4, 6};

/* Room for one more entry of size bytes; NULL: no memory, and v is as before. */
static void *list_grow(void *v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap > 0 ? *cap * 2 : 16;
	void *grown;

	if (n < *cap)
		return v;
	if (more > SIZE_MAX / size)
		return NULL;
	grown = realloc(v, more * size);
	if (grown)
		*cap = more;
	return grown;
}

/* --- routes through the link --- */

static int route_put(struct xt_link_routes *list, const struct xt_cidr *network)
{
	struct xt_cidr *v = list_grow(list->v, list->n, &list->cap, sizeof(*v));

	if (!v)
		return XT_E_NOMEM;
	list->v = v;
	list->v[list->n++] = *network;
	return 0;
}

static int route_seen(const struct xt_bsd_message *entry, void *ctx)
{
	struct xt_link_routes *list = ctx;

	if (!xt_bsd_route_counts(entry) || entry->index != list->ifindex)
		return 0;
	return route_put(list, &entry->dst);
}

int xt_link_routes_list(struct xt_link_kernel *kernel, struct xt_link_routes *list)
{
	(void)kernel;
	if (list->table != XT_LINK_TABLE_MAIN)
		return 0;
	for (size_t i = 0; i < XT_LEN(families); i++) {
		int rc = xt_bsd_routes(families[i], route_seen, list);

		if (rc < 0 && rc != -EAFNOSUPPORT)
			return rc;
	}
	return 0;
}

/* --- the way out --- */

/* best  bits of the route found so far, -1: none */
struct hop_search {
	const struct xt_ip *endpoint;
	unsigned except;
	int best;
	uint32_t mtu;
	struct xt_link_hop hop;
};

/* The first of equal ones counts: the kernels list the preferred one first. */
static int hop_seen(const struct xt_bsd_message *entry, void *ctx)
{
	struct hop_search *search = ctx;

	if (!xt_bsd_route_counts(entry) || entry->index == search->except ||
	    (int)entry->dst.bits <= search->best ||
	    !xt_cidr_contains(&entry->dst, search->endpoint))
		return 0;
	/* a route to the endpoint itself may be the one that follows the answer */
	if (entry->dst.bits == xt_ip_bits(search->endpoint) &&
	    (entry->flags & xt_abi.rtf_static) != 0)
		return 0;
	search->best = entry->dst.bits;
	search->mtu = entry->mtu;
	search->hop = (struct xt_link_hop){.ifindex = entry->index, .gateway = entry->gateway};
	return 0;
}

static int hop_search(struct hop_search *search)
{
	search->best = -1;
	return xt_bsd_routes(search->endpoint->family, hop_seen, search);
}

int xt_link_hop_find(struct xt_link_kernel *kernel, unsigned except, const struct xt_ip *endpoint,
		     struct xt_link_hop *out)
{
	struct hop_search search = {.endpoint = endpoint, .except = except};
	int rc = hop_search(&search);

	(void)kernel;
	*out = (struct xt_link_hop){0};
	/* More specific than a half: the host's own route goes first. */
	if (rc == 0 && search.best >= 0 && search.best <= 1)
		*out = search.hop;
	return rc;
}

bool xt_link_way(const struct xt_endpoint *to, uint32_t mark, struct xt_ip *source,
		 uint32_t *ifindex)
{
	struct xt_bsd_message route;

	(void)mark;
	*source = (struct xt_ip){0};
	*ifindex = 0;
	if (to->ip.family == 0 || xt_bsd_route_get(&to->ip, &route) < 0)
		return false;
	*source = route.local;
	*ifindex = route.index;
	return route.index != 0;
}

/* --- the MTU below --- */

/* 0: unknown. */
static uint32_t link_mtu(struct xt_link_kernel *kernel, unsigned ifindex)
{
	struct xt_link_facts facts;

	return ifindex != 0 && xt_link_facts_get(kernel, ifindex, &facts) == 0 ? facts.mtu : 0;
}

static uint32_t endpoint_mtu(struct xt_link_kernel *kernel, const struct xt_ip *endpoint,
			     unsigned except)
{
	struct hop_search search = {.endpoint = endpoint, .except = except};

	if (hop_search(&search) < 0 || search.best < 0)
		return 0;
	return search.mtu != 0 ? search.mtu : link_mtu(kernel, search.hop.ifindex);
}

#define MTU_ETHERNET 1500u
#define MTU_OVERHEAD 80u
#define MTU_LEAST_V4 576u

uint32_t xt_link_mtu_below(struct xt_link_kernel *kernel, const struct xt_ip *endpoints, size_t n,
			   unsigned except, bool v6)
{
	/* addresses that only a default route leads to: of documentation (RFC 5737, RFC 3849) */
	static const struct xt_ip anywhere[] = {{4, {192, 0, 2, 1}}, {6, {0x20, 0x01, 0x0d, 0xb8}}};
	uint32_t least = v6 ? XT_LINK_MTU_V6 : MTU_LEAST_V4, below = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t mtu = endpoint_mtu(kernel, &endpoints[i], except);

		if (mtu != 0 && (below == 0 || mtu < below))
			below = mtu;
	}
	for (size_t i = 0; below == 0 && i < XT_LEN(anywhere); i++)
		below = endpoint_mtu(kernel, &anywhere[i], except);
	if (below == 0)
		below = MTU_ETHERNET;
	below = XT_MIN(below, XT_LINK_MTU_MAX + MTU_OVERHEAD);
	return below < least + MTU_OVERHEAD ? least : below - MTU_OVERHEAD;
}

uint32_t xt_link_mtu_for(const struct xt_ip *endpoints, size_t n)
{
	struct xt_link_kernel *kernel;
	uint32_t mtu;

	if (xt_link_kernel_open(&kernel) < 0)
		return MTU_ETHERNET - MTU_OVERHEAD;
	mtu = xt_link_mtu_below(kernel, endpoints, n, 0, false);
	xt_link_kernel_close(kernel);
	return mtu;
}
