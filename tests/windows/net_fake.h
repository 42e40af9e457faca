/* SPDX-License-Identifier: MIT */
/* Windows' network configuration in memory: interfaces, addresses and routes behind the table of
 * platform/windows/net_windows.h. It can refuse one of its changes, and writes down all of them. */
#ifndef TESTS_WINDOWS_NET_FAKE_H
#define TESTS_WINDOWS_NET_FAKE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/windows/net_windows.h"

#define FAKE_MAX 64

/* fail_at  this change, counted from 1, is refused with fail_error; 0: none
 * late     a family that an interface lacks is there once it is waited for */
static struct net_fake {
	struct {
		const char *alias;
		unsigned index;
		struct xt_net_interface v[2];
		bool family[2];
	} interfaces[8];
	size_t n_interfaces;
	struct xt_net_address addresses[FAKE_MAX];
	size_t n_addresses;
	struct xt_net_route routes[FAKE_MAX];
	size_t n_routes;
	unsigned changes, fail_at;
	int fail_error;
	bool late;
	char log[8192];
} fake;

static inline bool fake_refuses(void)
{
	return ++fake.changes == fake.fail_at;
}

static inline void fake_note(const char *what, const struct xt_cidr *cidr, unsigned index)
{
	char text[XT_CIDR_TEXT] = "";
	size_t used = strlen(fake.log);

	snprintf(fake.log + used, sizeof(fake.log) - used, "%s %s %u\n", what,
		 xt_cidr_print(cidr, text), index);
}

static inline int fake_luid_index(uint64_t luid, unsigned *index)
{
	*index = (unsigned)luid;
	return 0;
}

static inline int fake_alias_index(const char *alias, unsigned *index)
{
	for (size_t i = 0; i < fake.n_interfaces; i++)
		if (strcmp(fake.interfaces[i].alias, alias) == 0) {
			*index = fake.interfaces[i].index;
			return 0;
		}
	return -ENODEV;
}

static inline struct xt_net_interface *fake_interface(unsigned index, uint8_t family)
{
	for (size_t i = 0; i < fake.n_interfaces; i++)
		if (fake.interfaces[i].index == index && fake.interfaces[i].family[family == 6])
			return &fake.interfaces[i].v[family == 6];
	return NULL;
}

static inline int fake_interface_get(unsigned index, uint8_t family, struct xt_net_interface *out)
{
	const struct xt_net_interface *found = fake_interface(index, family);

	if (!found)
		return -ENODEV;
	*out = *found;
	return 0;
}

static inline int fake_interface_await(unsigned index, uint8_t family)
{
	for (size_t i = 0; fake.late && i < fake.n_interfaces; i++)
		if (fake.interfaces[i].index == index)
			fake.interfaces[i].family[family == 6] = true;
	return fake_interface(index, family) ? 0 : -ETIMEDOUT;
}

static inline int fake_interface_set(unsigned index, uint8_t family,
				     const struct xt_net_interface *in)
{
	struct xt_net_interface *found = fake_interface(index, family);
	size_t used = strlen(fake.log);

	if (fake_refuses())
		return fake.fail_error;
	if (!found)
		return -ENODEV;
	found->mtu = in->mtu;
	found->metric = in->metric;
	found->automatic = in->automatic;
	snprintf(fake.log + used, sizeof(fake.log) - used, "set IPv%u mtu %u metric %u%s\n", family,
		 in->mtu, in->metric, in->automatic ? " automatic" : "");
	return 0;
}

static inline int fake_addresses(struct xt_net_address **out, size_t *n)
{
	*out = malloc(sizeof(fake.addresses));
	if (!*out)
		return -ENOMEM;
	memcpy(*out, fake.addresses, sizeof(fake.addresses));
	*n = fake.n_addresses;
	return 0;
}

static inline int fake_address_add(unsigned index, const struct xt_cidr *cidr)
{
	if (fake_refuses())
		return fake.fail_error;
	for (size_t i = 0; i < fake.n_addresses; i++)
		if (xt_ip_equal(&fake.addresses[i].cidr.ip, &cidr->ip))
			return -EEXIST;
	fake.addresses[fake.n_addresses++] = (struct xt_net_address){*cidr, index, true};
	fake_note("address", cidr, index);
	return 0;
}

static inline int fake_address_remove(unsigned index, const struct xt_cidr *cidr)
{
	if (fake_refuses())
		return fake.fail_error;
	for (size_t i = 0; i < fake.n_addresses; i++)
		if (fake.addresses[i].ifindex == index &&
		    xt_ip_equal(&fake.addresses[i].cidr.ip, &cidr->ip)) {
			fake.addresses[i] = fake.addresses[--fake.n_addresses];
			fake_note("no address", cidr, index);
			return 0;
		}
	return -ENOENT;
}

static inline int fake_routes(struct xt_net_route **out, size_t *n)
{
	*out = malloc(sizeof(fake.routes));
	if (!*out)
		return -ENOMEM;
	memcpy(*out, fake.routes, sizeof(fake.routes));
	*n = fake.n_routes;
	return 0;
}

static inline bool fake_route_is(const struct xt_net_route *a, const struct xt_net_route *b)
{
	return a->ifindex == b->ifindex && a->network.bits == b->network.bits &&
	       xt_ip_equal(&a->network.ip, &b->network.ip) &&
	       a->gateway.family == b->gateway.family;
}

static inline int fake_route_add(const struct xt_net_route *route)
{
	if (fake_refuses())
		return fake.fail_error;
	for (size_t i = 0; i < fake.n_routes; i++)
		if (fake_route_is(&fake.routes[i], route))
			return -EEXIST;
	fake.routes[fake.n_routes++] = *route;
	fake_note("route", &route->network, route->ifindex);
	return 0;
}

static inline int fake_route_remove(const struct xt_net_route *route)
{
	if (fake_refuses())
		return fake.fail_error;
	for (size_t i = 0; i < fake.n_routes; i++)
		if (fake_route_is(&fake.routes[i], route)) {
			fake.routes[i] = fake.routes[--fake.n_routes];
			fake_note("no route", &route->network, route->ifindex);
			return 0;
		}
	return -ENOENT;
}

static inline int fake_source(unsigned index, const struct xt_ip *remote, struct xt_ip *out)
{
	for (size_t i = 0; i < fake.n_addresses; i++)
		if (fake.addresses[i].ifindex == index &&
		    fake.addresses[i].cidr.ip.family == remote->family) {
			*out = fake.addresses[i].cidr.ip;
			return 0;
		}
	return -EADDRNOTAVAIL;
}

static const struct xt_net_ops net_fake_ops = {
    .luid_index = fake_luid_index,
    .alias_index = fake_alias_index,
    .interface_get = fake_interface_get,
    .interface_await = fake_interface_await,
    .interface_set = fake_interface_set,
    .addresses = fake_addresses,
    .address_add = fake_address_add,
    .address_remove = fake_address_remove,
    .routes = fake_routes,
    .route_add = fake_route_add,
    .route_remove = fake_route_remove,
    .source = fake_source,
};

static inline struct xt_cidr fake_cidr(const char *text)
{
	struct xt_cidr cidr = {0};

	if (xt_cidr_parse(&cidr, text) < 0)
		abort();
	return cidr;
}

static inline void fake_interface_put(const char *alias, unsigned index, uint32_t mtu,
				      uint32_t metric)
{
	size_t i = fake.n_interfaces++;

	fake.interfaces[i].alias = alias;
	fake.interfaces[i].index = index;
	for (int f = 0; f < 2; f++) {
		fake.interfaces[i].family[f] = true;
		fake.interfaces[i].v[f] = (struct xt_net_interface){mtu, metric, true, true};
	}
}

static inline void fake_address_put(const char *cidr, unsigned index)
{
	fake.addresses[fake.n_addresses++] = (struct xt_net_address){fake_cidr(cidr), index, true};
}

static inline void fake_route_put(const char *network, const char *gateway, unsigned index,
				  uint32_t metric)
{
	struct xt_net_route *route = &fake.routes[fake.n_routes++];

	*route = (struct xt_net_route){
	    .network = fake_cidr(network), .ifindex = index, .metric = metric};
	if (gateway)
		route->gateway = fake_cidr(gateway).ip;
}

static int fake_line_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What is so now, in an order that does not depend on how it came to be. */
static inline void fake_dump(char *out, size_t size)
{
	char lines[3 * FAKE_MAX][128], text[XT_CIDR_TEXT];
	size_t n = 0, used = 0;

	for (size_t i = 0; i < fake.n_interfaces; i++)
		for (int f = 0; f < 2; f++)
			snprintf(lines[n++], sizeof(lines[0]), "interface %u %d %u %u %d",
				 fake.interfaces[i].index, f, fake.interfaces[i].v[f].mtu,
				 fake.interfaces[i].v[f].automatic
				     ? 0
				     : fake.interfaces[i].v[f].metric + 1,
				 fake.interfaces[i].v[f].automatic);
	for (size_t i = 0; i < fake.n_addresses; i++)
		snprintf(lines[n++], sizeof(lines[0]), "address %s %u",
			 xt_cidr_print(&fake.addresses[i].cidr, text), fake.addresses[i].ifindex);
	for (size_t i = 0; i < fake.n_routes; i++)
		snprintf(lines[n++], sizeof(lines[0]), "route %s %u",
			 xt_cidr_print(&fake.routes[i].network, text), fake.routes[i].ifindex);
	qsort(lines, n, sizeof(lines[0]), fake_line_order);
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(out + used, size - used, "%s\n", lines[i]);
}

/* A host: Ethernet with IPv4 and IPv6, WLAN of a worse metric, and the tunnel's interface. */
#define FAKE_ETHERNET 4
#define FAKE_WLAN     9
#define FAKE_TUNNEL   7
static inline void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.fail_error = -EIO;
	fake_interface_put("Ethernet", FAKE_ETHERNET, 1500, 25);
	fake_interface_put("WLAN", FAKE_WLAN, 1400, 50);
	fake_interface_put("wg0", FAKE_TUNNEL, 65535, 5);
	fake_address_put("192.168.1.20/24", FAKE_ETHERNET);
	fake_address_put("2001:db8:1::20/64", FAKE_ETHERNET);
	fake_address_put("fe80::20/64", FAKE_ETHERNET);
	fake_address_put("10.20.0.7/16", FAKE_WLAN);
	fake_route_put("0.0.0.0/0", "192.168.1.1", FAKE_ETHERNET, 0);
	fake_route_put("::/0", "fe80::1", FAKE_ETHERNET, 16);
	fake_route_put("192.168.1.0/24", NULL, FAKE_ETHERNET, 256);
	fake_route_put("0.0.0.0/0", "10.20.0.1", FAKE_WLAN, 0);
	fake_route_put("10.20.0.0/16", NULL, FAKE_WLAN, 256);
	fake_route_put("224.0.0.0/4", NULL, FAKE_TUNNEL, 256);
	xt_net_replace(&net_fake_ops);
}

#endif
