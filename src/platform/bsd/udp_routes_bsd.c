/* SPDX-License-Identifier: MIT */
/* The way out of datagrams, by the routes of the host but those through the tunnel's interface.
 * They are listed when something has changed, and not for a datagram. While the tunnel's interface
 * catches the datagrams to every host, the sockets are bound to the link of the host's own default
 * route, where the system has an option for that. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/bsd/kernel_bsd.h"
#include "platform/bsd/udp_bsd.h"

#define ROUTES_MAX 4096 /* a host with more is a router, and all ways are one to it */

static int route_seen(const struct xt_bsd_message *entry, void *ctx)
{
	struct udp_bsd *sock = ctx;
	struct udp_bsd_routes *routes = &sock->routes;
	struct udp_bsd_route *v = routes->v;

	if (!xt_bsd_route_counts(entry))
		return 0;
	if (entry->index == sock->udp.avoid) {
		routes->caught[entry->dst.ip.family == 6] |= entry->dst.bits <= 1;
		return 0;
	}
	if (routes->n == ROUTES_MAX)
		return -E2BIG;
	if (routes->n == routes->cap) {
		v = realloc(v, (routes->cap + 64) * sizeof(*v));
		if (!v)
			return XT_E_NOMEM;
		routes->v = v;
		routes->cap += 64;
	}
	v[routes->n++] = (struct udp_bsd_route){
	    .dst = entry->dst, .hop = {.ifindex = entry->index, .gateway = entry->gateway}};
	return 0;
}

static void routes_list(struct udp_bsd *sock)
{
	struct udp_bsd_routes *routes = &sock->routes;

	routes->n = 0;
	routes->known = true;
	memset(routes->caught, 0, sizeof(routes->caught));
	memset(routes->hops, 0, sizeof(routes->hops));
	for (unsigned i = 0; i < 2; i++) {
		int rc = sock->udp.fd[i] < 0 ? 0 : xt_bsd_routes(i == 0 ? 4 : 6, route_seen, sock);

		routes->known &= rc == 0;
	}
}

/* The first of equal ones counts: the kernels list the preferred one first. */
static struct xt_link_hop hop_search(const struct udp_bsd_routes *routes,
				     const struct xt_ip *remote)
{
	struct xt_link_hop hop = {0};
	int best = -1;

	for (size_t i = 0; i < routes->n; i++) {
		const struct udp_bsd_route *route = &routes->v[i];

		if ((int)route->dst.bits > best && route->dst.ip.family == remote->family &&
		    xt_cidr_contains(&route->dst, remote)) {
			best = route->dst.bits;
			hop = route->hop;
		}
	}
	return hop;
}

void udp_bsd_routes_refresh(struct udp_bsd *sock)
{
	if (!sock->routes.stale)
		return;
	sock->routes.stale = false;
	routes_list(sock);
	for (unsigned i = 0; i < 2; i++) {
		const struct xt_ip anywhere = {.family = i == 0 ? 4 : 6};
		unsigned link = 0;

		if (sock->udp.fd[i] < 0)
			continue;
		if (sock->routes.caught[i])
			link = hop_search(&sock->routes, &anywhere).ifindex;
		if (link == sock->bound[i])
			continue;
		if (udp_bsd_bind_link(sock->udp.fd[i], anywhere.family, link))
			sock->bound[i] = link;
	}
}

bool udp_bsd_hop(struct udp_bsd *sock, const struct xt_ip *remote, struct xt_link_hop *out)
{
	struct udp_bsd_hop *kept;
	unsigned hash = 0;

	if (!sock->routes.known)
		return false;
	for (size_t i = 0; i < sizeof(remote->b); i++)
		hash = hash * 31 + remote->b[i];
	kept = &sock->routes.hops[hash % UDP_BSD_HOPS];
	if (!xt_ip_equal(&kept->remote, remote))
		*kept = (struct udp_bsd_hop){*remote, hop_search(&sock->routes, remote)};
	*out = kept->hop;
	return true;
}
