/* SPDX-License-Identifier: MIT */
/* The pool of batches: all are allocated by new; each kind has a stack of free ones. */
#include "tunnel/batch_pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "packet/room.h"
#include "platform/udp.h"

/* A read of the TUN brings up to SMALL small packets or SUPERS of 64 KiB. Slabs are sized for the
 * worst case; a page costs memory only once it is touched. */
#define SMALL  64
#define SUPERS 4

static const struct {
	uint32_t count, cap;
	size_t slab;
} kinds[XT_BATCH_KINDS] = {
    [XT_BATCH_RAW] = {1, SMALL, SMALL * 2048 + SUPERS *XT_SLOT_MAX},
    [XT_BATCH_OUT] = {1, XT_BATCH_SEGMENTS, XT_BATCH_SEGMENTS * 1536 + XT_SLOT_MAX},
    [XT_BATCH_IN] = {2, XT_UDP_BATCH, XT_UDP_SLAB},
    [XT_BATCH_MERGED] = {1, XT_UDP_BATCH, (SUPERS + 1) * XT_SLOT_MAX},
    [XT_BATCH_REPLY] = {2, XT_UDP_BATCH, SMALL * 2048 + (SUPERS + 1) * XT_SLOT_MAX},
    [XT_BATCH_HOST] = {2, SMALL, SMALL * 2048 + XT_SLOT_MAX},
};

struct xt_batch_pool {
	struct {
		struct xt_batch *batch;
		enum xt_batch_kind kind;
	} slots[XT_BATCH_IN_FLIGHT];
	uint32_t n;
	struct xt_batch *free[XT_BATCH_KINDS][XT_BATCH_IN_FLIGHT]; /* stacks */
	uint32_t n_free[XT_BATCH_KINDS];
};

int xt_batch_pool_new(struct xt_batch_pool **out)
{
	struct xt_batch_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return XT_E_NOMEM;
	for (uint32_t kind = 0; kind < XT_BATCH_KINDS; kind++) {
		for (uint32_t i = 0; i < kinds[kind].count; i++) {
			struct xt_batch *batch;

			if (xt_batch_new(&batch, kinds[kind].cap, kinds[kind].slab)) {
				xt_batch_pool_free(pool);
				return XT_E_NOMEM;
			}
			pool->slots[pool->n].batch = batch;
			pool->slots[pool->n++].kind = kind;
			pool->free[kind][pool->n_free[kind]++] = batch;
		}
	}
	*out = pool;
	return 0;
}

void xt_batch_pool_free(struct xt_batch_pool *pool)
{
	if (!pool)
		return;
	for (uint32_t i = 0; i < pool->n; i++)
		xt_batch_free(pool->slots[i].batch);
	free(pool);
}

struct xt_batch *xt_batch_pool_get(struct xt_batch_pool *pool, enum xt_batch_kind kind)
{
	assert(pool->n_free[kind]);
	return pool->free[kind][--pool->n_free[kind]];
}

void xt_batch_pool_put(struct xt_batch_pool *pool, struct xt_batch *batch)
{
	uint32_t i = 0;

	if (!batch)
		return;
	while (pool->slots[i].batch != batch)
		i++;
#ifndef NDEBUG
	XT_UNPOISON(batch->slab, batch->slab_used);
	memset(batch->slab, 0xdb,
	       batch->slab_used); /* a datagram that still lies here is damaged */
#endif
	xt_batch_reset(batch);
	pool->free[pool->slots[i].kind][pool->n_free[pool->slots[i].kind]++] = batch;
}
