/* SPDX-License-Identifier: MIT */
/* The choice of an inner address: what is in use is sorted and passed over once, so that a wide
 * network with 100,000 peers takes no longer than the sorting. */
#include "config/address_pool.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"

/* first..last, of one family. */
struct range {
	struct xt_ip first, last;
};

static struct range network_range(const struct xt_cidr *net)
{
	struct xt_cidr base = *net;
	struct range range;

	xt_cidr_mask(&base);
	range = (struct range){base.ip, base.ip};
	for (unsigned bit = net->bits; bit < xt_ip_bits(&net->ip); bit++)
		range.last.b[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	return range;
}

/* false: there is no next address. */
static bool ip_next(struct xt_ip *ip)
{
	for (size_t i = xt_ip_bits(ip) / 8; i-- > 0;)
		if (++ip->b[i])
			return true;
	return false;
}

static void ip_previous(struct xt_ip *ip)
{
	for (size_t i = xt_ip_bits(ip) / 8; i-- > 0;)
		if (ip->b[i]--)
			return;
}

static int ip_compare(const struct xt_ip *a, const struct xt_ip *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

static int range_compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return ip_compare(&x->first, &y->first);
}

bool xt_address_pool_has_room(const struct xt_cidr *address)
{
	return address->bits < xt_ip_bits(&address->ip);
}

/* The addresses of hosts. */
static struct range hosts_range(const struct xt_cidr *address)
{
	struct range hosts = network_range(address);

	if (address->bits >= xt_ip_bits(&address->ip) - 1)
		return hosts;
	ip_next(&hosts.first); /* of an IPv6 network: the anycast address of its routers */
	if (address->ip.family == 4)
		ip_previous(&hosts.last);
	return hosts;
}

static bool range_find_free(struct xt_ip *at, const struct range *hosts, const struct range *v,
			    size_t n)
{
	*at = hosts->first;
	for (size_t i = 0; i < n && ip_compare(&v[i].first, at) <= 0; i++) {
		if (ip_compare(&v[i].last, at) < 0)
			continue;
		*at = v[i].last;
		if (!ip_next(at))
			return false;
	}
	return ip_compare(at, &hosts->last) <= 0;
}

int xt_address_pool_next(struct xt_cidr *out, const struct xt_cidr *address,
			 const struct xt_cidr *used, size_t n)
{
	struct range hosts = hosts_range(address), *v = calloc(n + 1, sizeof(*v));
	size_t taken = 0;
	struct xt_ip at;
	bool found;

	if (!v)
		return XT_E_NOMEM;
	v[taken++] = (struct range){address->ip, address->ip};
	for (size_t i = 0; i < n; i++)
		if (used[i].ip.family == address->ip.family && used[i].bits >= address->bits &&
		    xt_cidr_overlaps(&used[i], address))
			v[taken++] = network_range(&used[i]);
	qsort(v, taken, sizeof(*v), range_compare);
	found = xt_address_pool_has_room(address) && range_find_free(&at, &hosts, v, taken);
	free(v);
	if (!found)
		return XT_E_FULL;
	*out = (struct xt_cidr){at, address->bits};
	return 0;
}
