/* SPDX-License-Identifier: MIT */
/* The interface in the host: addresses, MTU, up, routes, rules. A plan is data; what was done for
 * it is recorded so that it can be undone. */
#ifndef XT_PLATFORM_LINK_H
#define XT_PLATFORM_LINK_H

#include <xtunnel/types.h>

/* peer.family != 0: point-to-point pair, address -> peer. */
struct xt_link_address {
	struct xt_cidr cidr; /* host bits are the address */
	struct xt_ip peer;
};

/* Policy routing for a network that is a whole address family, as wg-quick(8) does it. The default
 * route is in a separate table, and two rules a family send every packet without the mark there:
 *	priority - 1	lookup main suppress_prefixlength 0	more specific routes come first
 *	priority	not fwmark TABLE lookup TABLE
 * table     number of the table, and the mark; 0: no such network
 * priority  [0] IPv4, [1] IPv6; 0: not this family
 * The table also has an unreachable default route of the last priority: while the interface is
 * down, or after a crash, no packet falls through to the host's own default route. */
struct xt_link_policy {
	uint32_t table;
	uint32_t priority[2];
};

/* Choose a policy for the requested families; changes nothing on the host.
 * mark     the table, as configured; 0: the first number from 51820 up that only routes through the
 *          interface called name use
 * returns  0; -EINVAL: mark is a table that every host has; -ERANGE: no priority is free before the
 *          first rule; -errno */
int xt_link_policy_choose(struct xt_link_policy *policy, const char *name, uint32_t mark, bool v4,
			  bool v6);
/* Remove the rules that are exactly policy's, and its unreachable routes. What does not exist is
 * no error. */
void xt_link_policy_remove(const struct xt_link_policy *policy);

/* Switch on net.ipv4.conf.all.src_valid_mark: without it the reverse path filter drops IPv4 answers
 * to marked datagrams. 1: was on; 0: is on now; -errno (-EROFS: /proc/sys is read-only). */
int xt_link_valid_mark(void);

struct xt_link_plan {
	char name[16];
	struct xt_link_address *addresses;
	size_t n_addresses;
	uint32_t mtu; /* 0: the smallest route MTU to the endpoints - 80, else the default
		       * route's - 80, else 1420; at least 576, or 1280 when an address is IPv6;
		       * at most XT_LINK_MTU_MAX */
	const struct xt_ip *endpoints; /* the peers' outer addresses, for the MTU */
	size_t n_endpoints;
	bool routes;		  /* Table = off: false */
	uint32_t table;		  /* 0: main */
	struct xt_cidr *networks; /* to route; xt_link_set sorts, and skips what addresses cover */
	size_t n_networks;
	struct xt_link_policy policy; /* where /0 networks go when table is 0 */
	bool lenient; /* a route that cannot be made is left out, and error says which */
};

struct xt_link; /* what was changed, for undo */

/* Apply all of plan, in the order MTU, addresses, up, routes (most specific first), rules; or
 * nothing. Steps that are already so need no right and change nothing. In the main table a network
 * that a route through the interface covers gets no route, and /0 goes by plan->policy; without a
 * policy /0 is refused (-EINVAL), because it would catch the datagrams of the tunnel itself. A
 * system without marks routes /0 as two halves, and plan->endpoints by host routes of their own.
 * error    buffer of at least 200 bytes for a sentence ("address 10.7.0.1/24: File exists")
 * returns  0 or -errno */
int xt_link_set(struct xt_link **out, const struct xt_link_plan *plan, char *error,
		size_t error_len);
/* What another process has made for plan: as if it were made here, and nothing is changed. Networks
 * that xt_link_set would have left out count too. mtu: of the interface. XT_E_NOMEM; -ENODEV. */
int xt_link_adopt(struct xt_link **out, const struct xt_link_plan *plan, uint32_t mtu);
/* The interface was down and is up again: make the addresses, routes and rules again that
 * xt_link_set made and the kernel has dropped. Returns the first error; the rest is tried. */
int xt_link_restore(struct xt_link *link);
/* Whether the datagrams to the endpoints have routes of their own on this system. */
bool xt_link_follows(void);
/* The host's routes have changed: where the datagrams to the endpoints have routes of their own,
 * let these go by the present gateway. Returns the first error; the rest is tried. */
int xt_link_follow(struct xt_link *link);
/* The hosts behind those networks are reached by packets of mtu bytes at most: set it on the routes
 * that xt_link_set made for exactly these networks, and that still exist. Other networks are
 * skipped. At least 552 for IPv4 and 1280 for IPv6 are set; what is not below the interface's MTU,
 * and 0, removes it again. Returns the first error, the rest is tried; -E2BIG: the plan has more
 * than XT_LINK_ROUTES_MTU steps, and nothing was done, since all routes are listed first. */
#define XT_LINK_ROUTES_MTU 1024
int xt_link_route_mtu(struct xt_link *link, const struct xt_cidr *networks, size_t n, uint32_t mtu);
/* Undoes and frees; what no longer exists is no error. NULL is fine. */
void xt_link_undo(struct xt_link *link);
/* Frees and leaves the host as it is, except for policy rules and their unreachable routes: without
 * a program behind the interface they would cut the host off. NULL is fine. */
void xt_link_forget(struct xt_link *link);
/* Frees and leaves all of it: another process has the link. NULL is fine. */
void xt_link_release(struct xt_link *link);
uint32_t xt_link_mtu(const struct xt_link *link); /* the one in force */

/* From the plan of link to another one while the interface is in use, in two halves. What both have
 * is not interrupted, but by the kernel, which removes addresses of one network together and makes
 * them again here at once.
 * extend  make what the new plan has more; or nothing. mtu: set the MTU too. On success either
 *	   commit or revert follows; until then link is not to be used
 * retire  remove what the old plan had more; on error revert follows
 * revert  the host is as it was before extend
 * commit  link is that of the new plan; what was not retired is forgotten
 * They may run on another thread than the other functions, one at a time. */
struct xt_link_edit;
int xt_link_extend(struct xt_link_edit **out, struct xt_link *link, const struct xt_link_plan *plan,
		   bool mtu, char *error, size_t error_len);
int xt_link_retire(struct xt_link_edit *edit, char *error, size_t error_len);
void xt_link_revert(struct xt_link_edit *edit);
void xt_link_commit(struct xt_link_edit *edit);

/* IPv6 is switched off on the host or on this interface. */
bool xt_link_ipv6_off(const char *name);

/* The interface's configured addresses: all but IPv6 link-local ones, which the kernel assigns.
 * *out is the caller's to free. -ENODEV; -errno; XT_E_NOMEM. */
int xt_link_addresses(const char *name, struct xt_link_address **out, size_t *n);

/* The networks that the host reaches without a router, by addresses of its other links than the
 * named one. *out is the caller's to free. -errno; XT_E_NOMEM. */
struct xt_link_connected {
	struct xt_cidr network; /* without host bits */
	unsigned ifindex;
};
int xt_link_connected(const char *name, struct xt_link_connected **out, size_t *n);

/* The MTU by the rule of xt_link_plan.mtu; changes nothing. */
uint32_t xt_link_mtu_for(const struct xt_ip *endpoints, size_t n);

/* The way that datagrams with that mark take to an endpoint now, for a diagnosis: the link, and the
 * source that the kernel chooses (family 0: not known). false: there is none. On any thread. */
bool xt_link_way(const struct xt_endpoint *to, uint32_t mark, struct xt_ip *source,
		 uint32_t *ifindex);

/* For paths of unknown MTU: 1500 - 80. */
#define XT_LINK_MTU_DEFAULT 1420
/* Largest: a packet of this length, a multiple of 16, still fits one IPv4 datagram. */
#define XT_LINK_MTU_MAX 65472
int xt_link_mtu_set(unsigned ifindex, uint32_t mtu);  /* -errno */
int xt_link_mtu_get(unsigned ifindex, uint32_t *mtu); /* -errno */

#endif
