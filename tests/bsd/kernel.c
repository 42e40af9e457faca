/* SPDX-License-Identifier: MIT */
/* The host of the test kernel: links, addresses, routes, and the messages about them. */
#include "bsd/kernel_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/bytes.h"
#include XT_TESTS_SYSTEM

_Static_assert(sizeof(struct sys_route) == SYS_ROUTE_SIZE, "as in net/route.h of the system");
_Static_assert(sizeof(struct sys_link) == SYS_LINK_SIZE, "as in net/if.h of the system");
_Static_assert(sizeof(struct sys_address) == SYS_ADDRESS_SIZE, "as in net/if.h of the system");
_Static_assert(sizeof(struct sys_alias4) == (SYS_IOC_AIFADDR >> 16), "as SIOCAIFADDR says");
_Static_assert(sizeof(struct sys_alias6) == (SYS_IOC_AIFADDR6 >> 16), "as SIOCAIFADDR_IN6 says");

struct kernel kernel;
struct host host;

enum {
	T_ADD = 1,
	T_DELETE = 2,
	T_CHANGE = 3,
	T_GET = 4,
	T_NEWADDR = 12,
	T_DELADDR = 13,
	T_IFINFO = 14
};

/* --- socket addresses --- */

struct xt_ip ip_of(const uint8_t *sa)
{
	struct xt_ip ip = {0};

	if (sa[1] == 2 && sa[0] >= 8) {
		ip.family = 4;
		memcpy(ip.b, sa + 4, 4);
	} else if (sa[1] == SYS_AF_INET6 && sa[0] >= 24) {
		ip.family = 6;
		memcpy(ip.b, sa + 8, 16);
	}
	return ip;
}

size_t ip_to(uint8_t *sa, const struct xt_ip *ip)
{
	bool v6 = ip->family == 6;

	memset(sa, 0, 28);
	sa[0] = v6 ? 28 : 16;
	sa[1] = v6 ? SYS_AF_INET6 : 2;
	memcpy(sa + (v6 ? 8 : 4), ip->b, v6 ? 16 : 4);
	return sa[0];
}

/* As the kernels do in lists: cut off behind the last byte that is not zero. */
static size_t mask_to(uint8_t *sa, unsigned family, unsigned bits)
{
	struct xt_ip mask = {.family = (uint8_t)family};

	for (unsigned i = 0; i < bits; i++)
		mask.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	ip_to(sa, &mask);
	sa[0] = (uint8_t)(bits == 0 ? 0 : (family == 6 ? 8 : 4) + (bits + 7) / 8);
	return sa[0];
}

unsigned bits_of(const uint8_t *sa, unsigned family)
{
	unsigned bits = 0;

	for (unsigned i = family == 6 ? 8 : 4; i < sa[0]; i++)
		for (unsigned byte = sa[i]; byte & 0x80; byte <<= 1)
			bits++;
	return bits;
}

static size_t link_to(uint8_t *sa, unsigned index)
{
	uint16_t number = (uint16_t)index;

	memset(sa, 0, SYS_DL_SIZE);
	sa[0] = SYS_DL_SIZE;
	sa[1] = 18;
	memcpy(sa + 2, &number, sizeof(number));
	return SYS_DL_SIZE;
}

static size_t rounded(size_t len)
{
	return len == 0 ? SYS_ROUND : (len + SYS_ROUND - 1) / SYS_ROUND * SYS_ROUND;
}

/* --- messages --- */

/* The interface of a link-local gateway: in its second pair of bytes, or in a field of its own. */
static size_t gateway_to(uint8_t *sa, const struct host_route *route)
{
	size_t len = ip_to(sa, &route->gateway);
	uint32_t scope = route->index;

	if (route->gateway.family == 6 && xt_ip_is_link_local(&route->gateway)) {
		if (SYS_SCOPE)
			memcpy(sa + SYS_SCOPE, &scope, sizeof(scope));
		else
			xt_be16_put(sa + 10, (uint16_t)scope);
	}
	return len;
}

/* Without its interface, a link-local gateway is none. */
static int gateway_of(const uint8_t *sa, struct host_route *route)
{
	uint32_t scope;

	route->gateway = ip_of(sa);
	if (route->gateway.family != 6 || !xt_ip_is_link_local(&route->gateway))
		return 0;
	if (SYS_SCOPE) {
		memcpy(&scope, sa + SYS_SCOPE, sizeof(scope));
	} else {
		scope = xt_be16_get(sa + 10);
		route->gateway.b[2] = route->gateway.b[3] = 0;
	}
	route->index = scope;
	return scope ? 0 : EADDRNOTAVAIL;
}

static size_t route_to(uint8_t *out, unsigned type, const struct host_route *route,
		       const struct sys_route *question)
{
	struct sys_route head = {.version = 5,
				 .type = (uint8_t)type,
				 .index = (uint16_t)route->index,
				 .flags = route->flags,
				 .addrs = A_DST | A_GATEWAY | A_NETMASK};
	size_t len = sizeof(head);

	memset(out, 0, 512);
#if SYS_HAS_HEAD
	head.head = sizeof(head);
#endif
	if (question) {
		head.pid = getpid();
		head.seq = question->seq;
	}
	head.metrics.mtu = route->mtu;
	len += rounded(ip_to(out + len, &route->dst.ip));
	len += rounded(route->gateway.family ? gateway_to(out + len, route)
					     : link_to(out + len, route->index));
	if (route->flags & F_HOST)
		head.addrs &= ~A_NETMASK;
	else
		len += rounded(mask_to(out + len, route->dst.ip.family, route->dst.bits));
	for (unsigned i = 0; question && i < ADDRESSES; i++) {
		const struct host_address *a = &host.addresses[i];

		if (!a->used || a->index != route->index ||
		    a->address.cidr.ip.family != route->dst.ip.family)
			continue;
		head.addrs |= A_IFP | A_IFA;
		len += rounded(link_to(out + len, route->index));
		len += rounded(ip_to(out + len, &a->address.cidr.ip));
		break;
	}
	head.len = (uint16_t)len;
	memcpy(out, &head, sizeof(head));
	return len;
}

static size_t link_message(uint8_t *out, const struct host_link *link)
{
	struct sys_link head = {.len = sizeof(head),
				.version = 5,
				.type = T_IFINFO,
				.index = (uint16_t)link->index,
				.flags = (int32_t)link->flags,
				.mtu = link->mtu};

#if SYS_HAS_HEAD
	head.head = sizeof(head);
#endif
#if SYS_STATE_UP
	head.state = link->flags & IFF_RUNNING_BIT ? SYS_STATE_UP : SYS_STATE_DOWN;
#endif
	memcpy(out, &head, sizeof(head));
	return sizeof(head);
}

static size_t address_message(uint8_t *out, unsigned type, const struct host_address *a)
{
	struct sys_address head = {.version = 5,
				   .type = (uint8_t)type,
				   .index = (uint16_t)a->index,
				   .addrs = A_NETMASK | A_IFA | A_BRD};
	const struct xt_link_address *address = &a->address;
	size_t len = sizeof(head);

	memset(out, 0, 512);
#if SYS_HAS_HEAD
	head.head = sizeof(head);
#endif
	len += rounded(mask_to(out + len, address->cidr.ip.family, address->cidr.bits));
	len += rounded(ip_to(out + len, &address->cidr.ip));
	if (address->peer.family)
		len += rounded(ip_to(out + len, &address->peer));
	else
		head.addrs &= ~A_BRD;
	head.len = (uint16_t)len;
	memcpy(out, &head, sizeof(head));
	return len;
}

static void everyone_tell(const uint8_t *msg, size_t len)
{
	for (unsigned i = 0; i < FDS; i++)
		if (host.fds[i].kind == FD_ROUTING && !host.fds[i].deaf)
			(void)!write(host.fds[i].peer, msg, len);
}

void link_report(const struct host_link *link)
{
	uint8_t msg[512];

	everyone_tell(msg, link_message(msg, link));
}

void lost_report(struct host_fd *fd)
{
	struct sys_route head = {.len = sizeof(head), .version = 5, .type = SYS_DESYNC};

	if (SYS_DESYNC)
		(void)!write(fd->peer, &head, sizeof(head));
	else
		fd->lost = true;
}

/* --- links and addresses --- */

struct host_link *link_find(unsigned index)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (host.links[i].used && host.links[i].index == index)
			return &host.links[i];
	return NULL;
}

struct host_link *link_named(const char *name)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (host.links[i].used && strcmp(host.links[i].name, name) == 0)
			return &host.links[i];
	return NULL;
}

struct host_link *link_add(unsigned index, const char *name, uint32_t mtu)
{
	while (index == 0 || link_find(index))
		index = index == 0 ? 7 : index + 1;
	for (unsigned i = 0; i < LINKS; i++) {
		struct host_link *link = &host.links[i];

		if (link->used)
			continue;
		*link = (struct host_link){.used = true, .index = index, .mtu = mtu, .tun = -1};
		snprintf(link->name, sizeof(link->name), "%s", name);
		return link;
	}
	abort();
}

static void route_remove(struct host_route *route)
{
	uint8_t msg[512];

	everyone_tell(msg, route_to(msg, T_DELETE, route, NULL));
	route->used = false;
}

void link_remove(struct host_link *link)
{
	for (unsigned i = 0; i < ADDRESSES; i++)
		if (host.addresses[i].index == link->index)
			host.addresses[i].used = false;
	for (unsigned i = 0; i < ROUTES; i++)
		if (host.routes[i].used && host.routes[i].index == link->index)
			route_remove(&host.routes[i]);
	link->flags = 0;
	link->used = false;
	link_report(link);
#if SYS_HAS_ANNOUNCE
	{
		struct sys_announce head = {.len = sizeof(head),
					    .version = 5,
					    .type = SYS_IFANNOUNCE,
					    .index = (uint16_t)link->index,
					    .what = 1};

		memcpy(head.name, link->name, sizeof(head.name));
		everyone_tell((const uint8_t *)&head, sizeof(head));
	}
#endif
}

static const struct host_route *route_best(const struct xt_ip *ip)
{
	const struct host_route *best = NULL;

	for (unsigned i = 0; i < ROUTES; i++) {
		const struct host_route *route = &host.routes[i];

		if (route->used && route->dst.ip.family == ip->family &&
		    xt_cidr_contains(&route->dst, ip) &&
		    (!best || route->dst.bits > best->dst.bits))
			best = route;
	}
	return best;
}

static struct host_route *route_find(const struct xt_cidr *dst)
{
	for (unsigned i = 0; i < ROUTES; i++)
		if (host.routes[i].used && host.routes[i].dst.bits == dst->bits &&
		    xt_ip_equal(&host.routes[i].dst.ip, &dst->ip))
			return &host.routes[i];
	return NULL;
}

static int route_put(const struct host_route *route)
{
	if (route_find(&route->dst))
		return EEXIST;
	for (unsigned i = 0; i < ROUTES; i++)
		if (!host.routes[i].used) {
			host.routes[i] = *route;
			host.routes[i].used = true;
			return 0;
		}
	return ENOBUFS;
}

/* The place of an address; one that is there already is changed. NULL: there is no room. */
static struct host_address *address_place(unsigned index, const struct xt_ip *ip)
{
	struct host_address *place = NULL;

	for (unsigned i = 0; i < ADDRESSES; i++) {
		struct host_address *a = &host.addresses[i];

		if (a->used && a->index == index && xt_ip_equal(&a->address.cidr.ip, ip))
			return a;
		if (!a->used && !place)
			place = a;
	}
	return place;
}

/* A point-to-point link gets the host route to its peer; IPv6 also the route of its prefix. */
int address_add(unsigned index, const struct xt_link_address *address)
{
	struct host_address *a = address_place(index, &address->cidr.ip);
	struct host_route route = {.index = index, .flags = F_UP | F_HOST};

	uint8_t msg[512];

	if (!a)
		return ENOBUFS;
	*a = (struct host_address){true, index, *address};
	everyone_tell(msg, address_message(msg, T_NEWADDR, a));
	if (address->peer.family && !xt_ip_equal(&address->peer, &address->cidr.ip)) {
		route.dst = (struct xt_cidr){address->peer, (uint8_t)xt_ip_bits(&address->peer)};
		(void)route_put(&route);
	} else if (address->cidr.ip.family == 6 && address->cidr.bits < 128 &&
		   !xt_ip_is_link_local(&address->cidr.ip)) {
		route.dst = address->cidr;
		xt_cidr_mask(&route.dst);
		route.flags = F_UP;
		(void)route_put(&route);
	}
	return 0;
}

int address_delete(unsigned index, const struct xt_ip *ip)
{
	for (unsigned i = 0; i < ADDRESSES; i++) {
		struct host_address *a = &host.addresses[i];
		struct xt_cidr network = a->address.cidr;
		uint8_t msg[512];

		if (!a->used || a->index != index || !xt_ip_equal(&a->address.cidr.ip, ip))
			continue;
		a->used = false;
		everyone_tell(msg, address_message(msg, T_DELADDR, a));
		xt_cidr_mask(&network);
		for (unsigned r = 0; r < ROUTES; r++)
			if (host.routes[r].used && host.routes[r].index == index &&
			    !(host.routes[r].flags & F_STATIC) &&
			    (xt_ip_equal(&host.routes[r].dst.ip, &a->address.peer) ||
			     xt_ip_equal(&host.routes[r].dst.ip, &network.ip)))
				host.routes[r].used = false;
		return 0;
	}
	return EADDRNOTAVAIL;
}

/* --- routes --- */

/* The gateway has to be on a link; one that is link-local says on which. */
static int gateway_reach(struct host_route *route)
{
	const struct host_route *way;

	if (xt_ip_is_link_local(&route->gateway))
		return 0;
	way = route_best(&route->gateway);
	if (!way || way->gateway.family)
		return ENETUNREACH;
	route->index = way->index;
	return 0;
}

/* macOS wants an address of the family on the link. */
static bool family_attached(const struct host_route *route)
{
	for (unsigned i = 0; SYS_NEEDS_ADDRESS && i < ADDRESSES; i++) {
		const struct host_address *a = &host.addresses[i];

		if (a->used && a->index == route->index &&
		    a->address.cidr.ip.family == route->dst.ip.family)
			return true;
	}
	return !SYS_NEEDS_ADDRESS || route->gateway.family;
}

/* What the message does not mention stays. macOS looks a host up without a mask, and so changes the
 * next less specific route when there is none. */
static int route_change(struct host_route *found, const struct host_route *with, bool gateway)
{
	if (!found && SYS_CHANGES_BEST && with->flags & F_HOST)
		found = (struct host_route *)route_best(&with->dst.ip);
	if (!found)
		return ESRCH;
	if (gateway) {
		found->gateway = with->gateway;
		found->index = with->index;
	}
	if (with->mtu)
		found->mtu = with->mtu;
	return 0;
}

static int route_question(struct host_fd *from, const struct sys_route *head,
			  const struct xt_ip *ip)
{
	const struct host_route *best = route_best(ip);
	uint8_t answer[512];
	size_t len;

	if (!best)
		return ESRCH;
	len = route_to(answer, T_GET, best, head);
	if (!kernel.answers_lost && !from->deaf)
		(void)!write(from->peer, answer, len);
	return 0;
}

/* The socket addresses of a message, by bit. */
static int message_split(const uint8_t *msg, size_t len, int32_t addrs, const uint8_t *sa[32])
{
	size_t at = sizeof(struct sys_route);

	for (unsigned i = 0; i < 32; i++) {
		sa[i] = NULL;
		if (!((uint32_t)addrs >> i & 1))
			continue;
		if (at >= len || at + msg[at] > len)
			return EINVAL;
		sa[i] = msg + at;
		at += rounded(msg[at]);
	}
	return at == len ? 0 : EINVAL;
}

static int route_read(const uint8_t *msg, const struct sys_route *head, size_t len,
		      struct host_route *route)
{
	const uint8_t *sa[32];
	int error = message_split(msg, len, head->addrs, sa);

	if (error || head->len != len || head->version != 5 || !sa[0])
		return EINVAL;
#if SYS_HAS_HEAD
	if (head->head != sizeof(*head))
		return EINVAL;
#endif
	*route = (struct host_route){.flags = head->flags, .index = head->index};
	route->dst.ip = ip_of(sa[0]);
	route->dst.bits = (uint8_t)(head->flags & F_HOST ? xt_ip_bits(&route->dst.ip)
				    : sa[2]		 ? bits_of(sa[2], route->dst.ip.family)
							 : 0);
	if (head->inits)
		route->mtu = (uint32_t)head->metrics.mtu;
	if (sa[1] && sa[1][1] == 18)
		memcpy(&route->index, sa[1] + 2, 2);
	else if (sa[1])
		error = gateway_of(sa[1], route);
	return route->dst.ip.family ? error : EAFNOSUPPORT;
}

static int route_apply(struct host_fd *from, const uint8_t *msg, size_t len)
{
	struct host_route route, *found;
	struct sys_route head;
	uint8_t report[512];
	int error;

	if (len < sizeof(head))
		return EINVAL;
	memcpy(&head, msg, sizeof(head));
	error = route_read(msg, &head, len, &route);
	if (error)
		return error;
	if (head.type == T_GET)
		return route_question(from, &head, &route.dst.ip);
	found = route_find(&route.dst);
	if (route.gateway.family && head.type != T_DELETE) {
		error = gateway_reach(&route);
		if (error)
			return error;
	}
	if (!link_find(route.index))
		return ENXIO;
	if (head.type == T_ADD && !family_attached(&route))
		error = ENETUNREACH;
	else if (head.type == T_ADD)
		error = route_put(&route);
	else if (head.type == T_CHANGE)
		error = route_change(found, &route, head.addrs & A_GATEWAY);
	else if (!found ||
		 (head.type == T_DELETE && !SYS_DELETES_ANY && found->index != route.index))
		error = ESRCH;
	else if (head.type == T_DELETE)
		found->used = false;
	else
		error = EOPNOTSUPP;
	if (!error)
		everyone_tell(report, route_to(report, head.type, &route, NULL));
	return error;
}

/* A request that fails is reported as well, with its error. errno, or 0. */
int route_message(struct host_fd *from, const uint8_t *msg, size_t len)
{
	int error = route_apply(from, msg, len);
	struct sys_route head;
	uint8_t report[512];

	if (!error || len < sizeof(head) || len > sizeof(report))
		return error;
	memcpy(report, msg, len);
	memcpy(&head, msg, sizeof(head));
	head.error = error;
	memcpy(report, &head, sizeof(head));
	everyone_tell(report, len);
	return error;
}

/* --- lists --- */

size_t routes_dump(unsigned family, uint8_t *buf)
{
	size_t len = 0;
	uint8_t one[512];

	for (unsigned i = 0; i < ROUTES; i++) {
		size_t n;

		if (!host.routes[i].used || host.routes[i].dst.ip.family != family)
			continue;
		n = route_to(one, T_GET, &host.routes[i], NULL);
		if (buf)
			memcpy(buf + len, one, n);
		len += n;
	}
	return len;
}

size_t links_dump(unsigned index, uint8_t *buf)
{
	size_t len = 0, n;
	uint8_t one[512];

	for (unsigned i = 0; i < LINKS; i++) {
		if (!host.links[i].used || (index && host.links[i].index != index))
			continue;
		n = link_message(one, &host.links[i]);
		if (buf)
			memcpy(buf + len, one, n);
		len += n;
		for (unsigned a = 0; a < ADDRESSES; a++) {
			if (!host.addresses[a].used ||
			    host.addresses[a].index != host.links[i].index)
				continue;
			n = address_message(one, T_NEWADDR, &host.addresses[a]);
			if (buf)
				memcpy(buf + len, one, n);
			len += n;
		}
	}
	return len;
}
