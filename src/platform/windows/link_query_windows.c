/* SPDX-License-Identifier: MIT */
/* What the host's network is like: addresses, networks of other links, the way to an endpoint and
 * its MTU. */
#include <errno.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/windows/egress_windows.h"
#include "platform/windows/link_windows.h"

#define MTU_ETHERNET 1500
#define MTU_OVERHEAD 80
#define MTU_LEAST_V4 576

/* 0: unknown. */
static uint32_t endpoint_mtu(struct xt_egress_cache *cache, unsigned avoid, const struct xt_ip *ip)
{
	const struct xt_path path = {.remote.ip = *ip};
	const struct xt_egress egress = xt_egress_find(cache, avoid, &path);
	struct xt_net_interface interface;

	if (egress.link == 0 || xt_net()->interface_get(egress.link, ip->family, &interface) < 0)
		return 0;
	return interface.mtu;
}

static uint32_t mtu_below(unsigned avoid, const struct xt_ip *endpoints, size_t n, bool v6)
{
	const struct xt_ip any[] = {{.family = 4}, {.family = 6}};
	uint32_t least = v6 ? XT_LINK_MTU_V6 : MTU_LEAST_V4, below = 0;
	struct xt_egress_cache *cache;

	if (xt_egress_cache_new(&cache) < 0)
		return XT_LINK_MTU_DEFAULT;
	for (size_t i = 0; i < n; i++) {
		uint32_t mtu = endpoint_mtu(cache, avoid, &endpoints[i]);

		if (mtu != 0 && (below == 0 || mtu < below))
			below = mtu;
	}
	for (size_t i = 0; below == 0 && i < XT_LEN(any); i++)
		below = endpoint_mtu(cache, avoid, &any[i]);
	xt_egress_cache_free(cache);
	if (below == 0)
		below = MTU_ETHERNET;
	below = XT_MIN(below, XT_LINK_MTU_MAX + MTU_OVERHEAD);
	return below < least + MTU_OVERHEAD ? least : below - MTU_OVERHEAD;
}

uint32_t xt_link_mtu_below(unsigned avoid, const struct xt_link_plan *plan)
{
	bool v6 = false;

	for (size_t i = 0; i < plan->n_addresses; i++)
		v6 |= plan->addresses[i].cidr.ip.family == 6;
	return mtu_below(avoid, plan->endpoints, plan->n_endpoints, v6);
}

uint32_t xt_link_mtu_for(const struct xt_ip *endpoints, size_t n)
{
	return mtu_below(0, endpoints, n, false);
}

bool xt_link_way(const struct xt_endpoint *to, uint32_t mark, struct xt_ip *source,
		 uint32_t *ifindex)
{
	const struct xt_path path = {.remote = *to};
	struct xt_egress_cache *cache;
	struct xt_egress egress;

	(void)mark;
	*source = (struct xt_ip){0};
	if (xt_egress_cache_new(&cache) < 0)
		return false;
	egress = xt_egress_find(cache, 0, &path);
	xt_egress_cache_free(cache);
	*ifindex = egress.link;
	if (egress.link != 0 && xt_net()->source(egress.link, &to->ip, source) < 0)
		*source = (struct xt_ip){0};
	return egress.link != 0;
}

bool xt_link_ipv6_off(const char *name)
{
	struct xt_net_interface interface;
	unsigned ifindex;

	return xt_link_index(name, &ifindex) == 0 &&
	       xt_net()->interface_get(ifindex, 6, &interface) < 0 &&
	       xt_net()->interface_await(ifindex, 6) < 0;
}

int xt_link_addresses(const char *name, struct xt_link_address **out, size_t *n)
{
	struct xt_net_address *v = NULL;
	size_t all = 0;
	unsigned ifindex;
	int rc = xt_link_index(name, &ifindex);

	*out = NULL;
	*n = 0;
	if (rc == 0)
		rc = xt_net()->addresses(&v, &all);
	if (rc < 0)
		return rc;
	*out = calloc(all + 1, sizeof(**out));
	for (size_t i = 0; *out && i < all; i++)
		if (v[i].ifindex == ifindex &&
		    !(v[i].cidr.ip.family == 6 && xt_ip_is_link_local(&v[i].cidr.ip)))
			(*out)[(*n)++].cidr = v[i].cidr;
	free(v);
	return *out ? 0 : XT_E_NOMEM;
}

int xt_link_connected(const char *name, struct xt_link_connected **out, size_t *n)
{
	struct xt_net_address *v;
	size_t all;
	unsigned except = 0;
	int rc = xt_net()->addresses(&v, &all);

	*out = NULL;
	*n = 0;
	if (rc < 0)
		return rc;
	if (xt_link_index(name, &except) < 0)
		except = 0;
	*out = calloc(all + 1, sizeof(**out));
	for (size_t i = 0; *out && i < all; i++)
		if (except == 0 || v[i].ifindex != except) {
			struct xt_link_connected *to = &(*out)[(*n)++];

			*to = (struct xt_link_connected){v[i].cidr, v[i].ifindex};
			xt_cidr_mask(&to->network);
		}
	free(v);
	return *out ? 0 : XT_E_NOMEM;
}

/* Of the families that the interface has. */
int xt_link_mtu_set(unsigned ifindex, uint32_t mtu)
{
	int result = -ENODEV;

	for (uint8_t family = 4; family <= 6; family += 2) {
		struct xt_net_interface interface;
		int rc = xt_net()->interface_get(ifindex, family, &interface);

		if (rc < 0 || (family == 6 && mtu < XT_LINK_MTU_V6))
			continue;
		interface.mtu = mtu;
		rc = xt_net()->interface_set(ifindex, family, &interface);
		if (rc < 0)
			return rc;
		result = 0;
	}
	return result;
}

int xt_link_mtu_get(unsigned ifindex, uint32_t *mtu)
{
	struct xt_net_interface interface;
	int rc = xt_net()->interface_get(ifindex, 4, &interface);

	if (rc < 0)
		rc = xt_net()->interface_get(ifindex, 6, &interface);
	if (rc == 0)
		*mtu = interface.mtu;
	return rc;
}
