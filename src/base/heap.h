/* SPDX-License-Identifier: MIT */
/* A min-heap of deadlines. Nodes are embedded in their owners and record their position, so a node
 * is updated or removed in logarithmic time. */
#ifndef XT_BASE_HEAP_H
#define XT_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xt_heap_node {
	uint64_t key;
	size_t pos; /* from 1; 0: in no heap, so a zeroed node is valid */
};

struct xt_heap {
	struct xt_heap_node **v;
	size_t n, cap;
};

void xt_heap_init(struct xt_heap *heap);
void xt_heap_clear(struct xt_heap *heap); /* frees; the nodes in it are marked as in no heap */

/* Make room for n nodes in all, so that inserts up to n cannot fail. XT_E_NOMEM. */
int xt_heap_reserve(struct xt_heap *heap, size_t n);
/* node is in no heap. XT_E_NOMEM. */
int xt_heap_insert(struct xt_heap *heap, struct xt_heap_node *node, uint64_t key);
void xt_heap_remove(struct xt_heap *heap,
		    struct xt_heap_node *node); /* no-op for a node in no heap */
void xt_heap_update(struct xt_heap *heap, struct xt_heap_node *node, uint64_t key); /* is in heap */

/* The node with the least key (any of equals), or NULL. It stays in the heap. */
static inline struct xt_heap_node *xt_heap_min(const struct xt_heap *heap)
{
	return heap->n ? heap->v[0] : NULL;
}
static inline bool xt_heap_has(const struct xt_heap_node *node)
{
	return node->pos != 0;
}

#endif
