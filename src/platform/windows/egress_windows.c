/* SPDX-License-Identifier: MIT */
/* Look routes up as Windows does: the longest prefix, and of equal ones the least sum of the
 * metrics of route and interface; but without the tunnel's own. */
#include "platform/windows/egress_windows.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "platform/link/link_returns.h"
#include "platform/windows/names_windows.h"
#include "platform/windows/net_windows.h"

#define ENTRIES 256

/* used: of this generation of the lists */
struct entry {
	bool used;
	struct xt_path path;
	unsigned avoid;
	struct xt_egress egress;
};

/* fresh    the lists are those of the host
 * metrics  of the interface, one a route; UINT32_MAX: it is down */
struct xt_egress_cache {
	bool fresh;
	struct xt_net_route *routes;
	uint32_t *metrics;
	size_t n_routes;
	struct xt_net_address *addresses;
	size_t n_addresses;
	struct xt_link_returns returns;
	struct entry entries[ENTRIES];
};

int xt_egress_cache_new(struct xt_egress_cache **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : XT_E_NOMEM;
}

static void lists_free(struct xt_egress_cache *cache)
{
	free(cache->routes);
	free(cache->metrics);
	free(cache->addresses);
	cache->routes = NULL;
	cache->metrics = NULL;
	cache->addresses = NULL;
	cache->n_routes = cache->n_addresses = 0;
}

void xt_egress_cache_free(struct xt_egress_cache *cache)
{
	if (!cache)
		return;
	lists_free(cache);
	free(cache);
}

void xt_egress_expire(struct xt_egress_cache *cache)
{
	cache->fresh = false;
}

/* Without lists there are no routes, and datagrams are left to Windows. */
static void lists_read(struct xt_egress_cache *cache)
{
	lists_free(cache);
	memset(cache->entries, 0, sizeof(cache->entries));
	cache->fresh = true;
	if (xt_net()->routes(&cache->routes, &cache->n_routes) < 0)
		cache->n_routes = 0;
	if (xt_net()->addresses(&cache->addresses, &cache->n_addresses) < 0)
		cache->n_addresses = 0;
	cache->metrics = calloc(cache->n_routes + 1, sizeof(*cache->metrics));
	if (!cache->metrics)
		cache->n_routes = 0;
	for (size_t i = 0; i < cache->n_routes; i++) {
		const struct xt_net_route *route = &cache->routes[i];
		struct xt_net_interface interface;

		cache->metrics[i] = UINT32_MAX;
		if (xt_net()->interface_get(route->ifindex, route->network.ip.family, &interface) ==
			0 &&
		    interface.up)
			cache->metrics[i] = interface.metric;
	}
}

/* Which routes a lookup counts: all, or those outside tunnels. */
enum scope { SCOPE_ALL, SCOPE_OUTSIDE };

static bool is_tunnel(unsigned avoid, unsigned ifindex)
{
	return (avoid != 0 && ifindex == avoid) || xt_names_has(ifindex);
}

static const struct xt_net_route *route_find(const struct xt_egress_cache *cache, unsigned avoid,
					     const struct xt_endpoint *remote, enum scope scope)
{
	const struct xt_net_route *best = NULL;
	uint64_t best_metric = 0;

	for (size_t i = 0; i < cache->n_routes; i++) {
		const struct xt_net_route *route = &cache->routes[i];
		uint64_t metric = (uint64_t)route->metric + cache->metrics[i];

		if (cache->metrics[i] == UINT32_MAX ||
		    route->network.ip.family != remote->ip.family ||
		    !xt_cidr_contains(&route->network, &remote->ip) ||
		    (remote->scope != 0 && route->ifindex != remote->scope) ||
		    (scope == SCOPE_OUTSIDE && is_tunnel(avoid, route->ifindex)))
			continue;
		if (best && (route->network.bits < best->network.bits ||
			     (route->network.bits == best->network.bits && metric >= best_metric)))
			continue;
		best = route;
		best_metric = metric;
	}
	return best;
}

/* Windows sends from an address only by the interface that has it. */
static bool address_on(const struct xt_egress_cache *cache, const struct xt_ip *ip, uint32_t link)
{
	for (size_t i = 0; i < cache->n_addresses; i++)
		if (cache->addresses[i].ifindex == link && cache->addresses[i].usable &&
		    xt_ip_equal(&cache->addresses[i].cidr.ip, ip))
			return true;
	return false;
}

static struct xt_egress path_judge(const struct xt_egress_cache *cache, unsigned avoid,
				   const struct xt_path *path)
{
	const struct xt_net_route *route = route_find(cache, avoid, &path->remote, SCOPE_OUTSIDE);
	const struct xt_net_route *any = route_find(cache, avoid, &path->remote, SCOPE_ALL);
	struct xt_egress egress = {.captive = any && is_tunnel(avoid, any->ifindex)};

	if (!route)
		return egress;
	egress.link = route->ifindex;
	egress.gateway = route->gateway;
	egress.pin = path->local.family == path->remote.ip.family &&
		     address_on(cache, &path->local, egress.link);
	return egress;
}

struct xt_egress xt_egress_find(struct xt_egress_cache *cache, unsigned avoid,
				const struct xt_path *path)
{
	struct entry *entry;

	if (!cache->fresh)
		lists_read(cache);
	entry = &cache->entries[xt_hash(path, sizeof(*path)) % ENTRIES];
	if (!entry->used || entry->avoid != avoid ||
	    memcmp(&entry->path, path, sizeof(*path)) != 0) {
		entry->used = true;
		entry->avoid = avoid;
		entry->path = *path;
		entry->egress = path_judge(cache, avoid, path);
	}
	return entry->egress;
}

uint32_t xt_egress_default(struct xt_egress_cache *cache, unsigned avoid, uint8_t family)
{
	const struct xt_endpoint anywhere = {.ip.family = family};
	const struct xt_net_route *route;
	bool captive = false;

	if (!cache->fresh)
		lists_read(cache);
	for (size_t i = 0; i < cache->n_routes; i++)
		captive |= cache->routes[i].network.ip.family == family &&
			   cache->routes[i].network.bits <= 1 &&
			   is_tunnel(avoid, cache->routes[i].ifindex);
	route = captive ? route_find(cache, avoid, &anywhere, SCOPE_OUTSIDE) : NULL;
	return route ? route->ifindex : 0;
}

void xt_egress_link_returned(struct xt_egress_cache *cache, unsigned link)
{
	xt_link_returned(&cache->returns, link);
}

uint64_t xt_egress_way(struct xt_egress_cache *cache, unsigned avoid, const struct xt_path *path)
{
	const struct xt_egress egress = xt_egress_find(cache, avoid, path);
	struct {
		uint32_t link, returns;
		struct xt_ip source, gateway;
		uint8_t zero[6]; /* in place of padding */
	} key;

	if (egress.link == 0)
		return XT_WAY_NONE;
	memset(&key, 0, sizeof(key));
	key.link = egress.link;
	key.returns = xt_link_returned_n(&cache->returns, egress.link);
	key.gateway = egress.gateway;
	if (egress.pin)
		key.source = path->local;
	else
		(void)xt_net()->source(egress.link, &path->remote.ip, &key.source);
	return XT_MAX(xt_hash(&key, sizeof(key)), XT_WAY_NONE + 1);
}
