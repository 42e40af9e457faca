/* SPDX-License-Identifier: MIT */
/* Staged packets in chains of fixed blocks, wiped when they are freed. */
#include "core/staged.h"

#include <stdlib.h>
#include <string.h>

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
	if (!pool->blocks) {
		free(pool);
		return NULL;
	}
	return pool;
}

void xt_staged_pool_free(struct xt_staged_pool *pool)
{
	if (!pool)
		return;
	free(pool->blocks); /* blocks in use were wiped by xt_staged_clear of each queue */
	free(pool);
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
	while (q->n && (q->n >= max || pool->n_free < need)) {
		xt_staged_pop(pool, q, NULL);
		(*pushed_out)++;
	}
	if (pool->n_free < need)
		return false;

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

uint32_t xt_staged_clear(struct xt_staged_pool *pool, struct xt_staged *q)
{
	uint32_t n = q->n;

	while (q->n)
		xt_staged_pop(pool, q, NULL);
	return n;
}
