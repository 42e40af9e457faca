/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing. Indices are random and drawn here, so they are their own
 * hash; removal shifts later entries back, so there are no tombstones. */
#include "core/index.h"

#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/size.h"

#define DRAWS 64

void xt_index_init(struct xt_index *table)
{
	*table = (struct xt_index){0};
}

void xt_index_clear(struct xt_index *table)
{
	free(table->slots);
	xt_index_init(table);
}

/* The slot of index, or the free one where it would go. cap > n. */
static struct xt_index_slot *slot_find(const struct xt_index *table, uint32_t index)
{
	size_t i = index & (table->cap - 1);

	while (table->slots[i].index && table->slots[i].index != index)
		i = (i + 1) & (table->cap - 1);
	return &table->slots[i];
}

int xt_index_reserve(struct xt_index *table, size_t n)
{
	struct xt_index old = *table;
	size_t cap = old.cap ? old.cap : 16, all;

	if (!xt_size_add(&all, old.n, n) || all > UINT32_MAX / 2)
		return XT_E_NOMEM;
	while (cap / 2 < all)
		if (!xt_size_mul(&cap, cap, 2))
			return XT_E_NOMEM;
	if (cap == old.cap)
		return 0;
	table->slots = calloc(cap, sizeof(*table->slots));
	if (!table->slots) {
		*table = old;
		return XT_E_NOMEM;
	}
	table->cap = cap;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].index)
			*slot_find(table, old.slots[i].index) = old.slots[i];
	free(old.slots);
	return 0;
}

int xt_index_insert(struct xt_index *table, enum xt_index_kind kind, void *owner,
		    xt_index_random *random, void *ctx, uint32_t *out)
{
	int err = xt_index_reserve(table, 1);

	if (err)
		return err;
	for (int draw = 0; draw < DRAWS; draw++) {
		struct xt_index_slot *slot;
		uint32_t index;

		random(ctx, &index, sizeof(index));
		if (!index)
			continue;
		slot = slot_find(table, index);
		if (slot->index)
			continue;
		*slot = (struct xt_index_slot){.owner = owner, .index = index, .kind = kind};
		table->n++;
		*out = index;
		return 0;
	}
	return XT_E_FULL;
}

int xt_index_put(struct xt_index *table, enum xt_index_kind kind, void *owner, uint32_t index)
{
	int err = index ? xt_index_reserve(table, 1) : XT_E_INVALID;
	struct xt_index_slot *slot;

	if (err)
		return err;
	slot = slot_find(table, index);
	if (slot->index)
		return XT_E_EXISTS;
	*slot = (struct xt_index_slot){.owner = owner, .index = index, .kind = kind};
	table->n++;
	return 0;
}

void xt_index_set(struct xt_index *table, uint32_t index, enum xt_index_kind kind, void *owner)
{
	struct xt_index_slot *slot;

	if (!index || !table->cap)
		return;
	slot = slot_find(table, index);
	if (!slot->index)
		return;
	slot->kind = kind;
	slot->owner = owner;
}

void xt_index_remove(struct xt_index *table, uint32_t index)
{
	size_t mask = table->cap - 1, hole, i;

	if (!index || !table->cap)
		return;
	hole = (size_t)(slot_find(table, index) - table->slots);
	if (!table->slots[hole].index)
		return;
	table->n--;
	/* Move back every entry that a lookup would no longer reach past the hole. */
	for (i = (hole + 1) & mask; table->slots[i].index; i = (i + 1) & mask) {
		size_t home = table->slots[i].index & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole] = (struct xt_index_slot){0};
}

enum xt_index_kind xt_index_find(const struct xt_index *table, uint32_t index, void **owner)
{
	const struct xt_index_slot *slot;

	*owner = NULL;
	if (!index || !table->cap)
		return XT_INDEX_NONE;
	slot = slot_find(table, index);
	*owner = slot->owner;
	return (enum xt_index_kind)slot->kind;
}
