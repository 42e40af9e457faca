/* SPDX-License-Identifier: MIT */
/* A link plan step by step, on every system: link_plan.c (a plan), link_edit.c (from one plan to
 * the next), link_steps.c (the steps of both), link_endpoints.c and route_mtu.c. What a step asks
 * of the kernel is one function of the system each. */
#ifndef XT_PLATFORM_LINK_STEPS_H
#define XT_PLATFORM_LINK_STEPS_H

#include "base/printf.h"
#include "platform/link.h"

#define XT_LINK_MTU_V6 1280 /* RFC 8200: the least MTU of a link with IPv6 */
/* The routing table that every host has; the number is Linux's. */
#define XT_LINK_TABLE_MAIN 254

/* --- what a system owes --- */

/* halves     a network that is a whole family has no table and no mark: it is routed as its two
 *	      halves, which are more specific than the host's default route, and each endpoint by a
 *	      route of its own */
struct xt_link_system {
	bool halves;
};
extern const struct xt_link_system xt_link_system;
/* The two halves of a network that is a whole family. */
static inline void xt_link_halves(const struct xt_cidr *whole, struct xt_cidr out[2])
{
	out[0] = out[1] = *whole;
	out[0].bits = out[1].bits = 1;
	out[1].ip.b[0] = 0x80;
}
/* Where IPv6 is switched off, for an error. */
void xt_link_ipv6_hint(const char *name, char *text, size_t len);

/* A connection for requests: one request at a time, blocking. open: -errno, XT_E_NOMEM. close: NULL
 * is fine. */
struct xt_link_kernel;
int xt_link_kernel_open(struct xt_link_kernel **out);
void xt_link_kernel_close(struct xt_link_kernel *kernel);

/* ADD: -EEXIST when it is there. REPLACE: it is there, and changes. */
enum xt_link_do { XT_LINK_ADD, XT_LINK_REMOVE, XT_LINK_REPLACE };

struct xt_link_facts {
	bool up;
	uint32_t mtu;
};
int xt_link_facts_get(struct xt_link_kernel *kernel, unsigned ifindex, struct xt_link_facts *out);

/* 0 or -errno. */
int xt_link_address_do(struct xt_link_kernel *kernel, unsigned ifindex,
		       const struct xt_link_address *address, enum xt_link_do what);
/* mtu: of the route; 0: that of the interface. */
int xt_link_route_do(struct xt_link_kernel *kernel, unsigned ifindex, uint32_t table,
		     const struct xt_cidr *network, uint32_t mtu, enum xt_link_do what);
/* The route that refuses what policy's table has no other route for; i as below. It belongs to no
 * interface, so it stays when the tunnel's is down or has gone. */
int xt_link_block_do(struct xt_link_kernel *kernel, const struct xt_link_policy *policy, unsigned i,
		     enum xt_link_do what);
int xt_link_mtu_do(struct xt_link_kernel *kernel, unsigned ifindex, uint32_t mtu);
int xt_link_up_do(struct xt_link_kernel *kernel, unsigned ifindex, bool up);
/* One of the two rules of policy for a family; i: 0 IPv4, 1 IPv6. */
int xt_link_rule_do(struct xt_link_kernel *kernel, const struct xt_link_policy *policy, unsigned i,
		    bool suppress, enum xt_link_do what);

/* The next hop to an endpoint by the host's routes but those through `except`. ifindex 0: there is
 * no route, or one more specific than a half, which no half takes precedence of. */
struct xt_link_hop {
	unsigned ifindex;
	struct xt_ip gateway; /* family 0: the endpoint is on the link */
};
int xt_link_hop_find(struct xt_link_kernel *kernel, unsigned except, const struct xt_ip *endpoint,
		     struct xt_link_hop *out);
/* The host route to an endpoint. ADD: 0 also where it is there already, by that very hop. */
int xt_link_endpoint_do(struct xt_link_kernel *kernel, const struct xt_ip *endpoint,
			const struct xt_link_hop *hop, enum xt_link_do what);

int xt_link_address_exists(struct xt_link_kernel *kernel, unsigned ifindex,
			   const struct xt_link_address *address, bool *exists);
/* except: routes through this interface do not count (0: none). v6: the interface has IPv6. */
uint32_t xt_link_mtu_below(struct xt_link_kernel *kernel, const struct xt_ip *endpoints, size_t n,
			   unsigned except, bool v6);

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
int xt_link_routes_list(struct xt_link_kernel *kernel, struct xt_link_routes *list);

/* --- steps --- */

enum xt_link_step_kind {
	XT_LINK_STEP_MTU,
	XT_LINK_STEP_ADDRESS,
	XT_LINK_STEP_UP,
	XT_LINK_STEP_ROUTE,
	XT_LINK_STEP_BLOCK, /* the unreachable route of a policy */
	XT_LINK_STEP_RULE,
	XT_LINK_STEP_ENDPOINT, /* the host route to an endpoint, network */
};

/* A change of the host that was made.
 * table   of the route
 * mtu     of the route; 0: that of the interface
 * policy  of the rule or the unreachable route, and family: 0 IPv4, 1 IPv6
 * hop     of the endpoint; ifindex 0: it has no route at present */
struct xt_link_step {
	enum xt_link_step_kind kind;
	struct xt_link_address address;
	struct xt_cidr network;
	uint32_t old_mtu;
	uint32_t table, mtu;
	struct xt_link_policy policy;
	unsigned family;
	bool suppress;
	struct xt_link_hop hop;
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
	struct xt_link_kernel *kernel;
	const struct xt_link_plan *plan;
	struct xt_link *link;
	struct xt_link_journal *journal;
	unsigned ifindex;
	uint32_t table;
	struct xt_link_facts now;
	char *error;
	size_t error_len;
};

/* Find the interface, and make room for every step; kernel is to be closed also after an error. */
int xt_link_setting_open(struct xt_link_setting *set);
/* Returns rc, with a sentence. */
int xt_link_fail(struct xt_link_setting *set, int rc, const char *format, ...) XT_PRINTF(3, 4);
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
void xt_link_journal_put(struct xt_link_setting *set, const struct xt_link_step *step);
/* Of every endpoint of the plan that a half would catch; those in have are left out. */
int xt_link_endpoint_steps(struct xt_link_setting *set, const struct xt_link_journal *have);
/* As if they had been made here; the journal has room. */
void xt_link_endpoints_adopt(struct xt_link *link, const struct xt_link_plan *plan);
bool xt_link_plan_has_endpoint(const struct xt_link_plan *plan, const struct xt_cidr *host);

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
int xt_link_step_undo(struct xt_link_kernel *kernel, unsigned ifindex,
		      const struct xt_link_step *step);
int xt_link_step_redo(struct xt_link_kernel *kernel, unsigned ifindex,
		      const struct xt_link_step *step);
int xt_link_journal_redo(struct xt_link_kernel *kernel, unsigned ifindex,
			 const struct xt_link_journal *journal);

#endif
