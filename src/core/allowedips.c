/* SPDX-License-Identifier: MIT */
/* AllowedIPs as binary tries with compressed paths.
 *
 * An address is two words in host order, an IPv4 one being the upper half of the first, so that the
 * length of a common prefix is one or two counts of leading zeros. */
#include "core/allowedips.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/size.h"

struct address {
	uint64_t hi, lo;
};

struct xt_allowedips_node {
	struct address prefix;
	struct xt_peer *peer; /* NULL: only a branching point, with two children */
	uint32_t child[2];
	uint32_t parent;     /* 0: this is the root */
	uint32_t next, prev; /* the peer's list; next also chains the free nodes */
	uint8_t bits;
	uint8_t family;
};

void xt_allowedips_init(struct xt_allowedips *table, xt_allowedips_list_of *list_of)
{
	*table = (struct xt_allowedips){.list_of = list_of};
}

void xt_allowedips_clear(struct xt_allowedips *table)
{
	free(table->nodes);
	xt_allowedips_init(table, table->list_of);
}

static struct address address_from4(const uint8_t *b)
{
	return (struct address){(uint64_t)xt_be32_get(b) << 32, 0};
}

static struct address address_from6(const uint8_t *b)
{
	return (struct address){xt_be64_get(b), xt_be64_get(b + 8)};
}

static unsigned address_common_bits(struct address a, struct address b)
{
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	return a.lo != b.lo ? 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo) : 128;
}

/* Bit number n, counted from the front; n < 128. */
static unsigned address_bit(struct address a, unsigned n)
{
	return (unsigned)((n < 64 ? a.hi >> (63 - n) : a.lo >> (127 - n)) & 1);
}

static struct address address_masked(struct address a, unsigned bits)
{
	if (bits < 64)
		return (struct address){bits ? a.hi & UINT64_MAX << (64 - bits) : 0, 0};
	if (bits < 128)
		a.lo &= bits > 64 ? UINT64_MAX << (128 - bits) : 0;
	return a;
}

/* Make room for that many nodes; an insert takes at most two. */
static int nodes_reserve(struct xt_allowedips *table, size_t nodes)
{
	size_t have = table->cap - table->n + (size_t)table->n_free, want, cap;
	struct xt_allowedips_node *moved;

	if (nodes <= have)
		return 0;
	if (!xt_size_add(&want, table->cap, nodes - have) ||
	    !xt_size_add(&want, want, table->cap ? 0 : 1) || want > UINT32_MAX)
		return XT_E_FULL;
	cap = XT_MAX(want, XT_MIN(XT_MAX((size_t)table->cap + table->cap / 2, (size_t)16),
				  (size_t)UINT32_MAX));
	moved = xt_items_resize(table->nodes, cap, sizeof(*moved));
	if (!moved)
		return XT_E_NOMEM;
	if (!table->n)
		moved[table->n++] = (struct xt_allowedips_node){0};
	table->nodes = moved;
	table->cap = (uint32_t)cap;
	return 0;
}

int xt_allowedips_reserve(struct xt_allowedips *table, size_t n)
{
	return n > UINT32_MAX / 2 ? XT_E_FULL : nodes_reserve(table, 2 * n);
}

static uint32_t node_take(struct xt_allowedips *table, struct address prefix, unsigned bits,
			  uint8_t family)
{
	uint32_t at = table->free;

	if (at) {
		table->free = table->nodes[at].next;
		table->n_free--;
	} else {
		at = table->n++;
	}
	table->nodes[at] = (struct xt_allowedips_node){
	    .prefix = address_masked(prefix, bits), .bits = (uint8_t)bits, .family = family};
	return at;
}

static void node_give(struct xt_allowedips *table, uint32_t at)
{
	table->nodes[at].next = table->free;
	table->free = at;
	table->n_free++;
}

/* Make node (0: none) the child of parent on that side; parent 0: the root of the family. */
static void node_set_child(struct xt_allowedips *table, uint8_t family, uint32_t parent,
			   unsigned side, uint32_t node)
{
	if (parent)
		table->nodes[parent].child[side] = node;
	else if (family == 4)
		table->root4 = node;
	else
		table->root6 = node;
	if (node)
		table->nodes[node].parent = parent;
}

static void list_append(struct xt_allowedips *table, uint32_t at, struct xt_peer *peer)
{
	struct xt_allowedips_list *list = table->list_of(peer);
	struct xt_allowedips_node *node = &table->nodes[at];

	node->peer = peer;
	node->next = 0;
	node->prev = list->tail;
	if (list->tail)
		table->nodes[list->tail].next = at;
	else
		list->head = at;
	list->tail = at;
	list->n++;
}

static void list_unlink(struct xt_allowedips *table, uint32_t at)
{
	struct xt_allowedips_node *node = &table->nodes[at];
	struct xt_allowedips_list *list = table->list_of(node->peer);

	if (node->prev)
		table->nodes[node->prev].next = node->next;
	else
		list->head = node->next;
	if (node->next)
		table->nodes[node->next].prev = node->prev;
	else
		list->tail = node->prev;
	list->n--;
	node->peer = NULL;
}

static bool cidr_prefix(const struct xt_cidr *cidr, struct address *prefix)
{
	if (cidr->ip.family == 4 && cidr->bits <= 32)
		*prefix = address_from4(cidr->ip.b);
	else if (cidr->ip.family == 6 && cidr->bits <= 128)
		*prefix = address_from6(cidr->ip.b);
	else
		return false;
	*prefix = address_masked(*prefix, cidr->bits);
	return true;
}

/* Where a prefix is or would be: node at, below parent on that side. at 0: a new leaf. */
struct place {
	uint32_t parent, at;
	unsigned side;
	unsigned common; /* of the prefix and at's */
	bool exact;
};

static struct place place_find(const struct xt_allowedips *table, uint8_t family,
			       struct address prefix, unsigned bits)
{
	struct place p = {.at = family == 4 ? table->root4 : table->root6};

	while (p.at) {
		const struct xt_allowedips_node *node = &table->nodes[p.at];

		p.common = address_common_bits(prefix, node->prefix);
		p.common = XT_MIN(p.common, XT_MIN(bits, (unsigned)node->bits));
		if (p.common < node->bits)
			break;
		if (node->bits == bits) {
			p.exact = true;
			break;
		}
		p.parent = p.at;
		p.side = address_bit(prefix, node->bits);
		p.at = node->child[p.side];
	}
	return p;
}

int xt_allowedips_insert(struct xt_allowedips *table, const struct xt_cidr *cidr,
			 struct xt_peer *peer)
{
	uint8_t family = cidr->ip.family;
	struct address prefix;
	struct place p;
	uint32_t leaf;
	int err;

	if (!cidr_prefix(cidr, &prefix))
		return XT_E_INVALID;
	p = place_find(table, family, prefix, cidr->bits);
	if (p.exact) {
		struct xt_peer *owner = table->nodes[p.at].peer;

		if (owner == peer)
			return 0;
		if (owner)
			list_unlink(table, p.at);
		list_append(table, p.at, peer);
		return 0;
	}
	err = nodes_reserve(table, 2);
	if (err)
		return err;
	leaf = node_take(table, prefix, cidr->bits, family);
	if (!p.at) {
		node_set_child(table, family, p.parent, p.side, leaf);
	} else if (p.common == cidr->bits) {
		node_set_child(table, family, p.parent, p.side, leaf);
		node_set_child(table, family, leaf,
			       address_bit(table->nodes[p.at].prefix, p.common), p.at);
	} else {
		uint32_t fork = node_take(table, prefix, p.common, family);

		node_set_child(table, family, p.parent, p.side, fork);
		node_set_child(table, family, fork, address_bit(prefix, p.common), leaf);
		node_set_child(table, family, fork, !address_bit(prefix, p.common), p.at);
	}
	list_append(table, leaf, peer);
	return 0;
}

/* Remove a node without a peer from the trie, unless it has two children. */
static void node_prune(struct xt_allowedips *table, uint32_t at)
{
	const struct xt_allowedips_node *node = &table->nodes[at];
	uint32_t parent = node->parent, only = node->child[0] ? node->child[0] : node->child[1];
	unsigned side;

	if (node->child[0] && node->child[1])
		return;
	side = parent && table->nodes[parent].child[1] == at;
	node_set_child(table, node->family, parent, side, only);
	node_give(table, at);
	if (parent && !table->nodes[parent].peer)
		node_prune(table, parent);
}

static void node_release(struct xt_allowedips *table, uint32_t at)
{
	list_unlink(table, at);
	node_prune(table, at);
}

bool xt_allowedips_remove(struct xt_allowedips *table, const struct xt_cidr *cidr,
			  struct xt_peer *peer)
{
	struct address prefix;
	struct place p;

	if (!cidr_prefix(cidr, &prefix))
		return false;
	p = place_find(table, cidr->ip.family, prefix, cidr->bits);
	if (!p.exact || table->nodes[p.at].peer != peer)
		return false;
	node_release(table, p.at);
	return true;
}

void xt_allowedips_remove_peer(struct xt_allowedips *table, struct xt_peer *peer)
{
	struct xt_allowedips_list *list = table->list_of(peer);

	while (list->head)
		node_release(table, list->head);
}

static struct xt_peer *trie_find(const struct xt_allowedips *table, uint32_t at, struct address a,
				 unsigned bits)
{
	struct xt_peer *best = NULL;

	while (at) {
		const struct xt_allowedips_node *node = &table->nodes[at];

		if (address_common_bits(a, node->prefix) < node->bits)
			break;
		if (node->peer)
			best = node->peer;
		if (node->bits == bits)
			break;
		at = node->child[address_bit(a, node->bits)];
	}
	return best;
}

struct xt_peer *xt_allowedips_find4(const struct xt_allowedips *table, const uint8_t *addr)
{
	return trie_find(table, table->root4, address_from4(addr), 32);
}

struct xt_peer *xt_allowedips_find6(const struct xt_allowedips *table, const uint8_t *addr)
{
	return trie_find(table, table->root6, address_from6(addr), 128);
}

struct xt_peer *xt_allowedips_find(const struct xt_allowedips *table, const struct xt_ip *ip)
{
	if (ip->family == 4)
		return xt_allowedips_find4(table, ip->b);
	return ip->family == 6 ? xt_allowedips_find6(table, ip->b) : NULL;
}

bool xt_allowedips_next(const struct xt_allowedips *table, const struct xt_allowedips_list *list,
			uint32_t *at, struct xt_cidr *cidr)
{
	const struct xt_allowedips_node *node;

	*at = *at ? table->nodes[*at].next : list->head;
	if (!*at)
		return false;
	node = &table->nodes[*at];
	*cidr = (struct xt_cidr){.ip = {.family = node->family}, .bits = node->bits};
	if (node->family == 4) {
		xt_be32_put(cidr->ip.b, (uint32_t)(node->prefix.hi >> 32));
	} else {
		xt_be64_put(cidr->ip.b, node->prefix.hi);
		xt_be64_put(cidr->ip.b + 8, node->prefix.lo);
	}
	return true;
}
