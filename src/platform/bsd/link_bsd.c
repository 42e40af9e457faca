/* SPDX-License-Identifier: MIT */
/* What link/link_steps.h asks of macOS, FreeBSD and OpenBSD. Routing knows no marks here, and the
 * tunnel's routes are in the one table of the host. A point-to-point link brings no route to the
 * network of its address, only to its peer: it is made together with the address. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/bsd/kernel_bsd.h"

const struct xt_link_system xt_link_system = {.halves = true};

/* The name of a link; false: it is gone. */
static bool name_get(unsigned ifindex, char name[IF_NAMESIZE])
{
	return if_indextoname(ifindex, name) != NULL;
}

int xt_link_facts_get(struct xt_link_kernel *kernel, unsigned ifindex, struct xt_link_facts *out)
{
	uint8_t request[XT_BSD_REQUEST];
	char name[IF_NAMESIZE];
	int rc;

	if (!name_get(ifindex, name))
		return -ENODEV;
	xt_bsd_flags_put(request, name, 0);
	rc = xt_bsd_request(kernel, 4, xt_abi.siocgifflags, request);
	if (rc < 0)
		return rc;
	out->up = xt_bsd_flags_get(request) & xt_abi.iff_up;
	xt_bsd_mtu_put(request, name, 0);
	rc = xt_bsd_request(kernel, 4, xt_abi.siocgifmtu, request);
	if (rc == 0)
		out->mtu = xt_bsd_mtu_get(request);
	return rc;
}

int xt_link_mtu_do(struct xt_link_kernel *kernel, unsigned ifindex, uint32_t mtu)
{
	uint8_t request[XT_BSD_REQUEST];
	char name[IF_NAMESIZE];

	if (!name_get(ifindex, name))
		return -ENODEV;
	xt_bsd_mtu_put(request, name, mtu);
	return xt_bsd_request(kernel, 4, xt_abi.siocsifmtu, request);
}

int xt_link_up_do(struct xt_link_kernel *kernel, unsigned ifindex, bool up)
{
	uint8_t request[XT_BSD_REQUEST];
	char name[IF_NAMESIZE];
	uint32_t flags;
	int rc;

	if (!name_get(ifindex, name))
		return -ENODEV;
	xt_bsd_flags_put(request, name, 0);
	rc = xt_bsd_request(kernel, 4, xt_abi.siocgifflags, request);
	if (rc < 0)
		return rc;
	flags = xt_bsd_flags_get(request);
	xt_bsd_flags_put(request, name, up ? flags | xt_abi.iff_up : flags & ~xt_abi.iff_up);
	return xt_bsd_request(kernel, 4, xt_abi.siocsifflags, request);
}

/* --- routes --- */

static uint32_t type_of(enum xt_link_do what)
{
	switch (what) {
	case XT_LINK_ADD:
		break;
	case XT_LINK_REMOVE:
		return xt_abi.rtm_delete;
	case XT_LINK_REPLACE:
		return xt_abi.rtm_change;
	}
	return xt_abi.rtm_add;
}

struct route_search {
	const struct xt_bsd_route *route;
	bool found;
};

static int route_seen(const struct xt_bsd_message *entry, void *ctx)
{
	struct route_search *search = ctx;
	const struct xt_cidr *dst = &search->route->dst;

	search->found |= entry->index == search->route->ifindex && entry->dst.bits == dst->bits &&
			 xt_ip_equal(&entry->dst.ip, &dst->ip) &&
			 (search->route->gateway.family == 0 ||
			  xt_ip_equal(&entry->gateway, &search->route->gateway));
	return 0;
}

/* The network is routed through the link of that route, and by its gateway if it has one. */
static bool route_exists(const struct xt_bsd_route *route)
{
	struct route_search search = {.route = route};

	return xt_bsd_routes(route->dst.ip.family, route_seen, &search) == 0 && search.found;
}

/* The kernel may have dropped only one of them: a half that is there through the same link is as
 * good as made. */
static int half_add(struct xt_link_kernel *kernel, const struct xt_bsd_route *half)
{
	int rc = xt_bsd_route_write(kernel, xt_abi.rtm_add, half);

	return rc == -EEXIST && route_exists(half) ? 1 : rc;
}

/* Both halves, or none. */
static int halves_do(struct xt_link_kernel *kernel, const struct xt_bsd_route *whole,
		     enum xt_link_do what)
{
	struct xt_bsd_route halves[2] = {*whole, *whole};
	struct xt_cidr networks[2];
	int rc[2];

	xt_link_halves(&whole->dst, networks);
	for (unsigned i = 0; i < 2; i++) {
		halves[i].dst = networks[i];
		rc[i] = what == XT_LINK_ADD ? half_add(kernel, &halves[i])
					    : xt_bsd_route_write(kernel, type_of(what), &halves[i]);
		if (rc[i] < 0 && !(what == XT_LINK_REMOVE && rc[i] == -ESRCH)) {
			if (i == 1 && rc[0] == 0 && what != XT_LINK_REPLACE)
				(void)xt_bsd_route_write(kernel,
							 what == XT_LINK_ADD ? xt_abi.rtm_delete
									     : xt_abi.rtm_add,
							 &halves[0]);
			return rc[i];
		}
	}
	return rc[0] == 1 && rc[1] == 1 ? -EEXIST : XT_MIN(XT_MIN(rc[0], rc[1]), 0);
}

static int network_do(struct xt_link_kernel *kernel, const struct xt_bsd_route *route,
		      enum xt_link_do what)
{
	return route->dst.bits == 0 ? halves_do(kernel, route, what)
				    : xt_bsd_route_write(kernel, type_of(what), route);
}

/* macOS routes a family only through a link that has an address of it. The one that IPv6 gets here
 * goes with the interface. */
static int link_local_add(struct xt_link_kernel *kernel, unsigned ifindex)
{
	static const struct xt_link_address local = {
	    .cidr = {{6, {0xfe, 0x80, [8] = 'x', 't', 'u', 'n', 'n', 'e', 'l'}}, 64}};

	return xt_link_address_do(kernel, ifindex, &local, XT_LINK_ADD);
}

int xt_link_route_do(struct xt_link_kernel *kernel, unsigned ifindex, uint32_t table,
		     const struct xt_cidr *network, uint32_t mtu, enum xt_link_do what)
{
	struct xt_bsd_route route = {.dst = *network, .ifindex = ifindex, .mtu = mtu};
	struct xt_link_facts facts;
	int rc;

	if (table != XT_LINK_TABLE_MAIN)
		return -EOPNOTSUPP;
	/* A change keeps what it does not mention. */
	if (what == XT_LINK_REPLACE && mtu == 0) {
		rc = xt_link_facts_get(kernel, ifindex, &facts);
		if (rc < 0)
			return rc;
		route.mtu = facts.mtu;
	}
	rc = network_do(kernel, &route, what);
	if (rc == -ENETUNREACH && what == XT_LINK_ADD && network->ip.family == 6 &&
	    link_local_add(kernel, ifindex) == 0)
		rc = network_do(kernel, &route, what);
	return rc;
}

int xt_link_endpoint_do(struct xt_link_kernel *kernel, const struct xt_ip *endpoint,
			const struct xt_link_hop *hop, enum xt_link_do what)
{
	const struct xt_bsd_route route = {.dst = {*endpoint, (uint8_t)xt_ip_bits(endpoint)},
					   .gateway = hop->gateway,
					   .ifindex = hop->ifindex};
	int rc = xt_bsd_route_write(kernel, type_of(what), &route);

	/* One of an instance that was killed: from now on it is followed, and it is removed. */
	return rc == -EEXIST && what == XT_LINK_ADD && route_exists(&route) ? 0 : rc;
}

/* --- addresses --- */

/* The network that other systems route because of the address. false: it is the address alone. */
static bool address_route(const struct xt_link_address *address, unsigned ifindex,
			  struct xt_bsd_route *out)
{
	const struct xt_cidr network = {address->peer.family ? address->peer : address->cidr.ip,
					address->cidr.bits};

	*out = (struct xt_bsd_route){.dst = network, .ifindex = ifindex};
	xt_cidr_mask(&out->dst);
	if (network.ip.family == 6 && xt_ip_is_link_local(&network.ip))
		return false; /* each link has its own, which the kernels make */
	if (address->peer.family == 6)
		return true; /* an IPv6 pair has no prefix of its own */
	return network.bits > 0 && network.bits < xt_ip_bits(&network.ip);
}

int xt_link_address_do(struct xt_link_kernel *kernel, unsigned ifindex,
		       const struct xt_link_address *address, enum xt_link_do what)
{
	unsigned family = address->cidr.ip.family;
	uint8_t request[XT_BSD_REQUEST];
	struct xt_bsd_route route;
	unsigned long number;
	char name[IF_NAMESIZE];
	int rc;

	if (!name_get(ifindex, name))
		return -ENODEV;
	number = xt_bsd_address_put(request, name, address, what != XT_LINK_REMOVE);
	rc = xt_bsd_request(kernel, family, number, request);
	if (rc < 0 || !address_route(address, ifindex, &route))
		return rc;
	if (what == XT_LINK_REMOVE) {
		/* macOS deletes the network's route whatever link it is through: where another
		 * link had the network before, the route is that link's. */
		if (route_exists(&route))
			(void)xt_bsd_route_write(kernel, xt_abi.rtm_delete, &route);
		return 0;
	}
	rc = xt_bsd_route_write(kernel, xt_abi.rtm_add, &route);
	if (rc == 0 || rc == -EEXIST) /* with an IPv6 address some kernels make it themselves */
		return 0;
	number = xt_bsd_address_put(request, name, address, false);
	(void)xt_bsd_request(kernel, family, number, request);
	return rc;
}

/* --- what these systems have not --- */

/* Without marks there are no rules, and no table of its own: a whole family goes by halves. */
int xt_link_policy_choose(struct xt_link_policy *policy, const char *name, uint32_t mark, bool v4,
			  bool v6)
{
	(void)name;
	(void)mark;
	(void)v4;
	(void)v6;
	*policy = (struct xt_link_policy){0};
	return 0;
}

void xt_link_policy_remove(const struct xt_link_policy *policy)
{
	(void)policy;
}

int xt_link_block_do(struct xt_link_kernel *kernel, const struct xt_link_policy *policy, unsigned i,
		     enum xt_link_do what)
{
	(void)kernel;
	(void)policy;
	(void)i;
	(void)what;
	return -EOPNOTSUPP;
}

int xt_link_rule_do(struct xt_link_kernel *kernel, const struct xt_link_policy *policy, unsigned i,
		    bool suppress, enum xt_link_do what)
{
	(void)suppress;
	return xt_link_block_do(kernel, policy, i, what);
}

int xt_link_valid_mark(void)
{
	return 1;
}

bool xt_link_ipv6_off(const char *name)
{
	int fd = xt_bsd_socket(AF_INET6, SOCK_DGRAM, 0);

	(void)name;
	if (fd < 0)
		return true;
	close(fd);
	return false;
}

void xt_link_ipv6_hint(const char *name, char *text, size_t len)
{
	snprintf(text, len, "the kernel refuses it for %s", name);
}
