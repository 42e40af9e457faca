/* SPDX-License-Identifier: MIT */
/* A binary min-heap whose nodes record their position. */
#include "base/heap.h"

#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/size.h"

void xt_heap_init(struct xt_heap *heap)
{
	*heap = (struct xt_heap){0};
}

void xt_heap_clear(struct xt_heap *heap)
{
	for (size_t i = 0; i < heap->n; i++)
		heap->v[i]->pos = 0;
	free(heap->v);
	xt_heap_init(heap);
}

int xt_heap_reserve(struct xt_heap *heap, size_t n)
{
	struct xt_heap_node **v;
	size_t cap = heap->cap ? heap->cap : 16;

	if (n <= heap->cap)
		return 0;
	while (cap < n)
		if (!xt_size_mul(&cap, cap, 2))
			return XT_E_NOMEM;
	v = xt_items_resize(heap->v, cap, sizeof(struct xt_heap_node *));
	if (!v)
		return XT_E_NOMEM;
	heap->v = v;
	heap->cap = cap;
	return 0;
}

static void node_place(struct xt_heap *heap, size_t i, struct xt_heap_node *node)
{
	heap->v[i] = node;
	node->pos = i + 1;
}

/* Place node at the free position i, sifting up, else down. */
static void node_sift(struct xt_heap *heap, size_t i, struct xt_heap_node *node)
{
	while (i > 0 && node->key < heap->v[(i - 1) / 2]->key) {
		node_place(heap, i, heap->v[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= heap->n)
			break;
		if (child + 1 < heap->n && heap->v[child + 1]->key < heap->v[child]->key)
			child++;
		if (heap->v[child]->key >= node->key)
			break;
		node_place(heap, i, heap->v[child]);
		i = child;
	}
	node_place(heap, i, node);
}

int xt_heap_insert(struct xt_heap *heap, struct xt_heap_node *node, uint64_t key)
{
	int err = xt_heap_reserve(heap, heap->n + 1);

	if (err)
		return err;
	node->key = key;
	heap->v[heap->n++] = node;
	node_sift(heap, heap->n - 1, node);
	return 0;
}

void xt_heap_remove(struct xt_heap *heap, struct xt_heap_node *node)
{
	size_t i = node->pos;
	struct xt_heap_node *last;

	if (!i--)
		return;
	node->pos = 0;
	last = heap->v[--heap->n];
	if (last != node)
		node_sift(heap, i, last);
}

void xt_heap_update(struct xt_heap *heap, struct xt_heap_node *node, uint64_t key)
{
	node->key = key;
	node_sift(heap, node->pos - 1, node);
}
