/* SPDX-License-Identifier: MIT */
/* Staged packets in chains of fixed blocks, wiped when they are freed. */
#include "core/staged.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/bytes.h"
#include "base/text.h"

#define BLOCK_BYTES 2032

struct block {
	struct block *next;
	uint8_t bytes[BLOCK_BYTES];
};

/* Lies at the start of its first block's bytes. */
struct xt_staged_packet {
	struct xt_staged_packet *next;
	uint32_t len;
};

struct xt_staged_pool {
	struct block *blocks;
	struct block *free;
	size_t n, fresh; /* blocks from fresh on were never used */
	size_t n_free;
	struct xt_staged **by_blocks; /* by_blocks[k]: queues of k blocks, by their last change */
	size_t most;		      /* no queue holds more blocks */
};

static struct block *packet_block(struct xt_staged_packet *packet)
{
	return XT_CONTAINER(packet, struct block, bytes);
}

struct xt_staged_pool *xt_staged_pool_new(size_t bytes)
{
	struct xt_staged_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->n = bytes / sizeof(struct block);
	pool->n_free = pool->n;
	pool->blocks = malloc(pool->n * sizeof(struct block));
	pool->by_blocks = calloc(pool->n + 1, sizeof(struct xt_staged *));
	if (!pool->blocks || !pool->by_blocks) {
		xt_staged_pool_free(pool);
		return NULL;
	}
	return pool;
}

void xt_staged_pool_free(struct xt_staged_pool *pool)
{
	if (!pool)
		return;
	free(pool->blocks); /* blocks in use were wiped by xt_staged_clear of each queue */
	free(pool->by_blocks);
	free(pool);
}

/* q holds that many blocks now. Amortised constant time: most grows by what one packet needs. */
static void queue_set_blocks(struct xt_staged_pool *pool, struct xt_staged *q, size_t blocks)
{
	if (q->blocks)
		DL_DELETE(pool->by_blocks[q->blocks], q);
	q->blocks = (uint32_t)blocks;
	if (blocks)
		DL_APPEND(pool->by_blocks[blocks], q);
	pool->most = XT_MAX(pool->most, blocks);
	while (pool->most && !pool->by_blocks[pool->most])
		pool->most--;
}

/* The queue that makes room for a packet of q. The pool is not empty. */
static struct xt_staged *queue_greediest(const struct xt_staged_pool *pool, struct xt_staged *q)
{
	return q->blocks == pool->most ? q : pool->by_blocks[pool->most];
}

static struct block *block_take(struct xt_staged_pool *pool)
{
	struct block *b = pool->free;

	if (b)
		pool->free = b->next;
	else
		b = &pool->blocks[pool->fresh++];
	b->next = NULL;
	pool->n_free--;
	return b;
}

static size_t len_blocks(uint32_t len)
{
	return (sizeof(struct xt_staged_packet) + len + BLOCK_BYTES - 1) / BLOCK_BYTES;
}

static void blocks_fill(struct xt_staged_pool *pool, struct block *b, const uint8_t *data,
			size_t len)
{
	size_t at = sizeof(struct xt_staged_packet);

	for (;;) {
		size_t part = XT_MIN(len, BLOCK_BYTES - at);
		memcpy(b->bytes + at, data, part);
		data += part;
		len -= part;
		if (!len)
			return;
		b->next = block_take(pool);
		b = b->next;
		at = 0;
	}
}

bool xt_staged_push(struct xt_staged_pool *pool, struct xt_staged *q, const uint8_t *data,
		    uint32_t len, uint32_t max, uint32_t *pushed_out)
{
	size_t need = len_blocks(len);

	*pushed_out = 0;
	if (need > pool->n || !max)
		return false;
	for (; q->n >= max; (*pushed_out)++)
		xt_staged_pop(pool, q, NULL);
	for (; pool->n_free < need; (*pushed_out)++)
		xt_staged_pop(pool, queue_greediest(pool, q), NULL);

	struct block *first = block_take(pool);
	struct xt_staged_packet *packet = (struct xt_staged_packet *)(void *)first->bytes;
	packet->next = NULL;
	packet->len = len;
	blocks_fill(pool, first, data, len);
	if (q->tail)
		q->tail->next = packet;
	else
		q->head = packet;
	q->tail = packet;
	q->n++;
	queue_set_blocks(pool, q, q->blocks + need);
	return true;
}

uint32_t xt_staged_len(const struct xt_staged *q)
{
	return q->head ? q->head->len : 0;
}

void xt_staged_pop(struct xt_staged_pool *pool, struct xt_staged *q, uint8_t *data)
{
	struct xt_staged_packet *packet = q->head;
	struct block *b = packet_block(packet);
	size_t at = sizeof(*packet), len = packet->len;

	q->head = packet->next;
	if (!q->head)
		q->tail = NULL;
	q->n--;
	queue_set_blocks(pool, q, q->blocks - len_blocks(packet->len));
	while (b) {
		struct block *next = b->next;
		size_t part = XT_MIN(len, BLOCK_BYTES - at);

		if (data) {
			memcpy(data, b->bytes + at, part);
			data += part;
		}
		xt_wipe(b->bytes, at + part);
		len -= part;
		at = 0;
		b->next = pool->free;
		pool->free = b;
		pool->n_free++;
		b = next;
	}
}

const struct xt_staged_packet *xt_staged_next(const struct xt_staged *q,
					      const struct xt_staged_packet *packet)
{
	return packet ? packet->next : q->head;
}

uint32_t xt_staged_packet_len(const struct xt_staged_packet *packet)
{
	return packet->len;
}

size_t xt_staged_piece(const struct xt_staged_packet *packet, size_t at, const uint8_t **bytes)
{
	const struct block *b =
	    (const void *)((const char *)packet - offsetof(struct block, bytes));
	size_t in = sizeof(*packet) + at, left = packet->len - at;

	for (; left && in >= BLOCK_BYTES; in -= BLOCK_BYTES)
		b = b->next;
	*bytes = b->bytes + in;
	return XT_MIN(left, BLOCK_BYTES - in);
}

uint32_t xt_staged_clear(struct xt_staged_pool *pool, struct xt_staged *q)
{
	uint32_t n = q->n;

	while (q->n)
		xt_staged_pop(pool, q, NULL);
	return n;
}
