/* SPDX-License-Identifier: MIT */
/* The link on Linux, shared by link_linux.c (a plan), link_change_linux.c (from one plan to the
 * next), link_steps_linux.c (the steps of both), link_query_linux.c (one rtnetlink request each),
 * rule_linux.c (policy routing) and link_mtu_linux.c. */
#ifndef XT_PLATFORM_LINK_LINUX_H
#define XT_PLATFORM_LINK_LINUX_H

#include "platform/link.h"
#include "platform/linux/nl_linux.h"

#define XT_LINK_MTU_V6 1280 /* RFC 8200: the least MTU of a link with IPv6 */

/* except: routes through this interface do not count (0: none). v6: the interface has IPv6. */
uint32_t xt_link_mtu_below(struct xt_nl *nl, const struct xt_ip *endpoints, size_t n,
			   unsigned except, bool v6);

/* type: RTM_NEW… or RTM_DEL…; flags: NLM_F_CREATE | NLM_F_EXCL for new ones. 0 or -errno. */
int xt_link_address_do(struct xt_nl *nl, unsigned ifindex, const struct xt_link_address *address,
		       uint16_t type, uint16_t flags);
int xt_link_route_do(struct xt_nl *nl, unsigned ifindex, uint32_t table,
		     const struct xt_cidr *network, uint16_t type, uint16_t flags);
/* The same with an MTU of the route; 0: that of the interface. */
int xt_link_route_mtu_do(struct xt_nl *nl, unsigned ifindex, uint32_t table,
			 const struct xt_cidr *network, uint32_t mtu, uint16_t type,
			 uint16_t flags);
/* The route that refuses what policy's table has no other route for; i as below. It belongs to no
 * interface, so it stays when the tunnel's is down or has gone. */
int xt_link_block_do(struct xt_nl *nl, const struct xt_link_policy *policy, unsigned i,
		     uint16_t type, uint16_t flags);
int xt_link_mtu_do(struct xt_nl *nl, unsigned ifindex, uint32_t mtu);
int xt_link_up_do(struct xt_nl *nl, unsigned ifindex, bool up);
/* One of the two rules of policy for a family; i: 0 IPv4, 1 IPv6. */
int xt_link_rule_do(struct xt_nl *nl, const struct xt_link_policy *policy, unsigned i,
		    bool suppress, uint16_t type, uint16_t flags);

int xt_link_address_exists(struct xt_nl *nl, unsigned ifindex,
			   const struct xt_link_address *address, bool *exists);

/* A route that a plan made. mtu: its own, kept here so that it can be made again; 0: none */
struct xt_link_route {
	struct xt_cidr network;
	uint32_t table;
	uint32_t *mtu;
};
/* The route of that network, whose host bits are ignored. false: link made none. */
bool xt_link_route_find(struct xt_link *link, const struct xt_cidr *network,
			struct xt_link_route *out);
size_t xt_link_steps(const struct xt_link *link, unsigned *ifindex); /* how many */

/* The networks routed through ifindex in table, which the caller sets. v is the caller's to free,
 * also after an error. */
struct xt_link_routes {
	unsigned ifindex;
	uint32_t table;
	struct xt_cidr *v;
	size_t n, cap;
	int rc; /* of the dump's callback */
};
int xt_link_routes_list(struct xt_nl *nl, struct xt_link_routes *list);

/* --- steps --- */

enum xt_link_step_kind {
	XT_LINK_STEP_MTU,
	XT_LINK_STEP_ADDRESS,
	XT_LINK_STEP_UP,
	XT_LINK_STEP_ROUTE,
	XT_LINK_STEP_BLOCK, /* the unreachable route of a policy */
	XT_LINK_STEP_RULE,
};

/* A change of the host that was made.
 * table   of the route
 * mtu     of the route; 0: that of the interface
 * policy  of the rule or the unreachable route, and family: 0 IPv4, 1 IPv6 */
struct xt_link_step {
	enum xt_link_step_kind kind;
	struct xt_link_address address;
	struct xt_cidr network;
	uint32_t old_mtu;
	uint32_t table, mtu;
	struct xt_link_policy policy;
	unsigned family;
	bool suppress;
};

/* In the order of xt_link_step_kind. */
struct xt_link_journal {
	struct xt_link_step *v;
	size_t n, cap;
};

struct xt_link {
	unsigned ifindex;
	uint32_t mtu;
	struct xt_link_journal journal;
};

/* The state of one call that applies a plan. journal: gets the steps that changed something. */
struct xt_link_setting {
	struct xt_nl nl;
	const struct xt_link_plan *plan;
	struct xt_link *link;
	struct xt_link_journal *journal;
	unsigned ifindex;
	uint32_t table;
	struct xt_nl_link now;
	char *error;
	size_t error_len;
};

/* Find the interface, and make room for every step; nl is to be closed also after an error. */
int xt_link_setting_open(struct xt_link_setting *set);
/* Returns rc, with a sentence. */
int xt_link_fail(struct xt_link_setting *set, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int xt_link_journal_reserve(struct xt_link_journal *journal, size_t more); /* XT_E_NOMEM */

/* The MTU that the plan asks for. */
int xt_link_mtu_wanted(struct xt_link_setting *set, uint32_t *out);
/* Single steps; what is so already changes nothing.
 * present  networks that are routed through the interface without a step */
int xt_link_mtu_step(struct xt_link_setting *set, uint32_t mtu);
int xt_link_address_step(struct xt_link_setting *set, const struct xt_link_address *address);
int xt_link_up_step(struct xt_link_setting *set);
int xt_link_route_step(struct xt_link_setting *set, const struct xt_link_routes *present,
		       const struct xt_cidr *network);
int xt_link_rule_steps(struct xt_link_setting *set, unsigned family);

/* What a plan asks for. sort: the networks to be routed, without host bits, each once, the most
 * specific first; to be freed. */
int xt_link_networks_sort(const struct xt_link_plan *plan, struct xt_cidr **out, size_t *n);
int xt_link_network_order(const void *a, const void *b);
uint32_t xt_link_route_table(const struct xt_link_plan *plan, const struct xt_cidr *network);
/* network: that the kernel routes because of the address. covers: in the main table a route that an
 * address brings is enough. */
struct xt_cidr xt_link_address_network(const struct xt_link_address *address);
bool xt_link_address_covers(const struct xt_link_plan *plan, const struct xt_link_step *step);
bool xt_link_plan_has_rules(const struct xt_link_plan *plan, unsigned family);

/* redo: what the kernel may have dropped; MTU and `up` are not done again. Of a journal: the first
 * error but -EEXIST; the rest is tried. */
int xt_link_step_undo(struct xt_nl *nl, unsigned ifindex, const struct xt_link_step *step);
int xt_link_step_redo(struct xt_nl *nl, unsigned ifindex, const struct xt_link_step *step);
int xt_link_journal_redo(struct xt_nl *nl, unsigned ifindex, const struct xt_link_journal *journal);

#endif
