/* SPDX-License-Identifier: MIT */
/* The networks that this host uses. */
#include "cli/networks.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/size.h"

#define ROUTE_MIN 8 /* wider routes are default routes, or halves of one */

static int network_add(struct xt_networks *out, const struct xt_cidr *net)
{
	if (out->n == out->cap) {
		size_t cap = out->cap ? 2 * out->cap : 32;
		struct xt_cidr *v = xt_items_resize(out->v, cap, sizeof(*v));

		if (!v)
			return XT_E_NOMEM;
		out->v = v;
		out->cap = cap;
	}
	out->v[out->n++] = *net;
	return 0;
}

static unsigned mask_bits(const uint8_t *mask, size_t len)
{
	unsigned bits = 0;

	while (bits < 8 * len && mask[bits / 8] >> (7 - bits % 8) & 1)
		bits++;
	return bits;
}

bool xt_networks_address(struct xt_cidr *out, const struct ifaddrs *at)
{
	*out = (struct xt_cidr){0};
	if (!at->ifa_addr || !at->ifa_netmask)
		return false;
	if (at->ifa_addr->sa_family == AF_INET) {
		struct sockaddr_in address, mask;

		memcpy(&address, at->ifa_addr, sizeof(address));
		memcpy(&mask, at->ifa_netmask, sizeof(mask));
		out->ip.family = 4;
		memcpy(out->ip.b, &address.sin_addr, 4);
		out->bits = (uint8_t)mask_bits((const uint8_t *)&mask.sin_addr, 4);
		return true;
	}
	if (at->ifa_addr->sa_family == AF_INET6) {
		struct sockaddr_in6 address, mask;

		memcpy(&address, at->ifa_addr, sizeof(address));
		memcpy(&mask, at->ifa_netmask, sizeof(mask));
		out->ip.family = 6;
		memcpy(out->ip.b, &address.sin6_addr, 16);
		out->bits = (uint8_t)mask_bits((const uint8_t *)&mask.sin6_addr, 16);
		return true;
	}
	return false;
}

static int addresses_read(struct xt_networks *out)
{
	struct ifaddrs *all;
	struct xt_cidr net;
	int rc = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (struct ifaddrs *at = all; at && rc == 0; at = at->ifa_next) {
		if (xt_networks_address(&net, at))
			rc = network_add(out, &net);
	}
	freeifaddrs(all);
	return rc;
}

/* "wg0 0000A8C0 …": destination and mask in the host's memory order, as eighth the mask. */
static bool route4_get(struct xt_cidr *out, const char *line)
{
	unsigned destination, mask;
	uint32_t raw;

	if (sscanf(line, "%*s %x %*x %*x %*d %*d %*d %x", &destination, &mask) != 2)
		return false;
	*out = (struct xt_cidr){.ip.family = 4};
	raw = destination;
	memcpy(out->ip.b, &raw, 4);
	raw = mask;
	out->bits = (uint8_t)mask_bits((const uint8_t *)&raw, 4);
	return true;
}

/* "fd070000000000000000000000000000 40 …": destination and length in hexadecimal. */
static bool route6_get(struct xt_cidr *out, const char *line)
{
	unsigned bits;

	*out = (struct xt_cidr){.ip.family = 6};
	for (size_t i = 0; i < 16; i++) {
		unsigned byte;

		if (sscanf(line + 2 * i, "%2x", &byte) != 1)
			return false;
		out->ip.b[i] = (uint8_t)byte;
	}
	if (strlen(line) < 33 || sscanf(line + 32, "%x", &bits) != 1 || bits > 128)
		return false;
	out->bits = (uint8_t)bits;
	return true;
}

static int routes_read(struct xt_networks *out, const char *path,
		       bool (*get)(struct xt_cidr *out, const char *line))
{
	FILE *file = fopen(path, "re");
	char line[256];
	struct xt_cidr net;
	int rc = 0;

	if (!file)
		return 0;
	while (rc == 0 && fgets(line, sizeof(line), file))
		if (get(&net, line) && net.bits >= ROUTE_MIN)
			rc = network_add(out, &net);
	fclose(file);
	return rc;
}

int xt_networks_read(struct xt_networks *out)
{
	int rc;

	*out = (struct xt_networks){0};
	rc = addresses_read(out);
	if (rc == 0)
		rc = routes_read(out, "/proc/net/route", route4_get);
	if (rc == 0)
		rc = routes_read(out, "/proc/net/ipv6_route", route6_get);
	return rc;
}

void xt_networks_clear(struct xt_networks *networks)
{
	free(networks->v);
	*networks = (struct xt_networks){0};
}

bool xt_networks_overlap(const struct xt_networks *networks, const struct xt_cidr *net)
{
	for (size_t i = 0; i < networks->n; i++)
		if (xt_cidr_overlaps(&networks->v[i], net))
			return true;
	return false;
}
