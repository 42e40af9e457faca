/* SPDX-License-Identifier: MIT */
/* AllowedIPs: the network that holds an address -> its peer, by longest prefix; and each peer's
 * list of its own networks.
 *
 * Two binary tries with compressed paths, one a family. A node is a prefix at which the trie
 * branches or which belongs to a peer, so n networks take fewer than 2n nodes. Nodes come from a
 * pool and refer to each other by number: half the size of a pointer, and the pool may move when it
 * grows. */
#ifndef XT_CORE_ALLOWEDIPS_H
#define XT_CORE_ALLOWEDIPS_H

#include <xtunnel/types.h>

struct xt_peer;
struct xt_allowedips_node;

/* A peer's networks, in the order in which it got them. Embedded in the peer; all zero: empty. */
struct xt_allowedips_list {
	uint32_t head, tail;
	size_t n;
};

/* list_of  where the list of a peer is embedded; must not call into the table */
typedef struct xt_allowedips_list *xt_allowedips_list_of(struct xt_peer *peer);

struct xt_allowedips {
	struct xt_allowedips_node *nodes; /* nodes[0] means none */
	uint32_t n, cap;		  /* used so far, allocated */
	uint32_t free;			  /* chain of freed nodes */
	uint32_t n_free;
	uint32_t root4, root6;
	xt_allowedips_list_of *list_of;
};

void xt_allowedips_init(struct xt_allowedips *table, xt_allowedips_list_of *list_of);
/* Frees. The peers' lists are left as they are and must not be used any more. */
void xt_allowedips_clear(struct xt_allowedips *table);

/* Memory for n more inserts, which then cannot fail, whatever is removed in between. XT_E_NOMEM,
 * XT_E_FULL beyond what 32 bits number. */
int xt_allowedips_reserve(struct xt_allowedips *table, size_t n);

/* Give cidr (host bits are ignored) to peer, at the end of its list; one that another peer had
 * moves. Again to the same peer: nothing changes. XT_E_NOMEM, XT_E_INVALID (family, bits); the
 * table is then as it was. */
int xt_allowedips_insert(struct xt_allowedips *table, const struct xt_cidr *cidr,
			 struct xt_peer *peer);
/* true: cidr was this peer's and was removed. */
bool xt_allowedips_remove(struct xt_allowedips *table, const struct xt_cidr *cidr,
			  struct xt_peer *peer);
/* Remove all of a peer's networks, in time linear in their number. */
void xt_allowedips_remove_peer(struct xt_allowedips *table, struct xt_peer *peer);

/* The peer with the longest prefix that holds the address, or NULL. addr: network order, 4 or 16
 * bytes, at any alignment. */
struct xt_peer *xt_allowedips_find(const struct xt_allowedips *table, const struct xt_ip *ip);
struct xt_peer *xt_allowedips_find4(const struct xt_allowedips *table, const uint8_t *addr);
struct xt_peer *xt_allowedips_find6(const struct xt_allowedips *table, const uint8_t *addr);

/* Walk a list: *at starts as 0 (the head) and is moved on. false: that was all. The table must not
 * change in between.
 *	for (uint32_t at = 0; xt_allowedips_next(table, list, &at, &cidr);) … */
bool xt_allowedips_next(const struct xt_allowedips *table, const struct xt_allowedips_list *list,
			uint32_t *at, struct xt_cidr *cidr);

#endif
