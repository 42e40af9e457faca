/* SPDX-License-Identifier: MIT */
/* What a test does to the host, and what it reads of it. */
#include "bsd/kernel_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"

static void address_set(unsigned index, const char *text)
{
	struct xt_link_address address = {0};

	if (xt_cidr_parse(&address.cidr, text) < 0 || address_add(index, &address) != 0)
		abort();
}

void kernel_route_set(const char *network, const char *gateway, unsigned index)
{
	struct xt_cidr dst;

	if (xt_cidr_parse(&dst, network) < 0)
		abort();
	for (unsigned i = 0; i < ROUTES; i++)
		if (host.routes[i].used && host.routes[i].dst.bits == dst.bits &&
		    xt_ip_equal(&host.routes[i].dst.ip, &dst.ip))
			host.routes[i].used = false;
	for (unsigned i = 0; index && i < ROUTES; i++) {
		struct host_route *route = &host.routes[i];

		if (route->used)
			continue;
		*route =
		    (struct host_route){.used = true, .dst = dst, .index = index, .flags = F_UP};
		if (dst.bits == xt_ip_bits(&dst.ip))
			route->flags |= F_HOST;
		if (gateway && xt_ip_parse(&route->gateway, gateway) < 0)
			abort();
		if (gateway)
			route->flags |= F_GATEWAY | F_STATIC;
		return;
	}
}

void kernel_reset(void)
{
	for (unsigned i = 0; i < FDS; i++)
		if (host.fds[i].kind != FD_NONE) {
			close(host.fds[i].fd);
			if (host.fds[i].peer >= 0)
				close(host.fds[i].peer);
		}
	memset(&host, 0, sizeof(host));
	memset(&kernel, 0, sizeof(kernel));
	link_add(KERNEL_LO0, "lo0", 16384)->flags = IFF_UP_BIT | IFF_RUNNING_BIT;
	link_add(KERNEL_EN0, "en0", 1500)->flags = IFF_UP_BIT | IFF_RUNNING_BIT;
	link_add(KERNEL_EN1, "en1", 9000);
	address_set(KERNEL_LO0, "127.0.0.1/8");
	address_set(KERNEL_EN0, "192.168.1.10/24");
	address_set(KERNEL_EN0, "fd00:1::10/64");
	kernel_route_set("127.0.0.0/8", NULL, KERNEL_LO0);
	kernel_route_set("192.168.1.0/24", NULL, KERNEL_EN0);
	kernel_route_set("fd00:1::/64", NULL, KERNEL_EN0);
	kernel_route_set("0.0.0.0/0", "192.168.1.1", KERNEL_EN0);
	kernel_route_set("::/0", "fd00:1::1", KERNEL_EN0);
}

unsigned kernel_open_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FDS; i++)
		n += host.fds[i].kind != FD_NONE;
	return n;
}

void kernel_link_set(unsigned index, bool up, bool carrier, uint32_t mtu)
{
	struct host_link *link = link_find(index);

	link->flags = (up ? IFF_UP_BIT : 0u) | (carrier ? IFF_RUNNING_BIT : 0u);
	link->mtu = mtu;
	link_report(link);
}

void kernel_link_remove(unsigned index)
{
	link_remove(link_find(index));
}

void kernel_messages_lose(void)
{
	for (unsigned i = 0; i < FDS; i++)
		if (host.fds[i].kind == FD_ROUTING && !host.fds[i].deaf)
			lost_report(&host.fds[i]);
}

void kernel_tun_send(unsigned index, const void *bytes, size_t len)
{
	if (write(link_find(index)->tun, bytes, len) != (ssize_t)len)
		abort();
}

size_t kernel_tun_recv(unsigned index, void *bytes, size_t len)
{
	ssize_t n = recv(link_find(index)->tun, bytes, len, MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}

/* --- as text --- */

static int line_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

void kernel_print(char text[KERNEL_TEXT])
{
	static char lines[LINKS + ADDRESSES + ROUTES][160];
	char ip[XT_CIDR_TEXT], other[XT_CIDR_TEXT];
	unsigned n = 0;
	size_t len = 0;

	for (unsigned i = 0; i < LINKS; i++)
		if (host.links[i].used)
			snprintf(
			    lines[n++], sizeof(lines[0]), "link %s %s mtu %u", host.links[i].name,
			    host.links[i].flags & IFF_UP_BIT ? "up" : "down", host.links[i].mtu);
	for (unsigned i = 0; i < ADDRESSES; i++) {
		const struct host_address *a = &host.addresses[i];

		/* one that is link-local comes with IPv6, and goes with the link */
		if (!a->used ||
		    (a->address.cidr.ip.family == 6 && xt_ip_is_link_local(&a->address.cidr.ip)))
			continue;
		xt_cidr_print(&a->address.cidr, ip);
		if (a->address.peer.family)
			xt_ip_print(&a->address.peer, other);
		snprintf(lines[n++], sizeof(lines[0]), "address %s %s%s%s",
			 link_find(a->index)->name, ip, a->address.peer.family ? " -> " : "",
			 a->address.peer.family ? other : "");
	}
	for (unsigned i = 0; i < ROUTES; i++) {
		const struct host_route *r = &host.routes[i];

		if (!r->used)
			continue;
		xt_cidr_print(&r->dst, ip);
		if (r->gateway.family)
			xt_ip_print(&r->gateway, other);
		snprintf(lines[n], sizeof(lines[0]), "route %s %s%s%s", ip,
			 link_find(r->index)->name, r->gateway.family ? " by " : "",
			 r->gateway.family ? other : "");
		if (r->mtu && r->mtu != link_find(r->index)->mtu)
			snprintf(lines[n] + strlen(lines[n]), 20, " mtu %u", r->mtu);
		n++;
	}
	qsort(lines, n, sizeof(lines[0]), line_order);
	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, KERNEL_TEXT - len, "%s\n", lines[i]);
}
