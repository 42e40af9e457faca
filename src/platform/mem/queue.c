/* SPDX-License-Identifier: MIT */
/* The queue of the TUN and UDP in memory. Each item is a block of exactly its length, so that a
 * sanitizer finds a read beyond it. */
#include "platform/mem/queue.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

int xt_mem_queue_init(struct xt_mem_queue *queue, uint32_t cap)
{
	memset(queue, 0, sizeof(*queue));
	if (cap == 0)
		return XT_E_INVALID;
	queue->items = calloc(cap, sizeof(*queue->items));
	if (!queue->items)
		return XT_E_NOMEM;
	queue->cap = cap;
	return 0;
}

void xt_mem_queue_clear(struct xt_mem_queue *queue)
{
	while (queue->n > 0)
		xt_mem_queue_pop(queue);
	free(queue->items);
	memset(queue, 0, sizeof(*queue));
}

int xt_mem_queue_put(struct xt_mem_queue *queue, const void *bytes, size_t len,
		     const struct xt_path *path, uint8_t ecn)
{
	struct xt_mem_item *item;
	uint8_t *copy;

	if (queue->n == queue->cap)
		return XT_E_FULL;
	copy = malloc(len > 0 ? len : 1);
	if (!copy)
		return XT_E_NOMEM;
	if (len > 0)
		memcpy(copy, bytes, len);
	item = &queue->items[(queue->first + queue->n) % queue->cap];
	memset(item, 0, sizeof(*item));
	item->bytes = copy;
	item->len = (uint32_t)len;
	item->ecn = ecn;
	if (path)
		item->path = *path;
	queue->n++;
	return 0;
}

const struct xt_mem_item *xt_mem_queue_head(const struct xt_mem_queue *queue)
{
	return queue->n > 0 ? &queue->items[queue->first] : NULL;
}

void xt_mem_queue_pop(struct xt_mem_queue *queue)
{
	free(queue->items[queue->first].bytes);
	queue->items[queue->first].bytes = NULL;
	queue->first = (queue->first + 1) % queue->cap;
	queue->n--;
}
