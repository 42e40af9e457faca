/* SPDX-License-Identifier: MIT */
/* A bounded first-in first-out queue of byte strings with their path. */
#ifndef XT_PLATFORM_MEM_QUEUE_H
#define XT_PLATFORM_MEM_QUEUE_H

#include <xtunnel/types.h>

struct xt_mem_item {
	uint8_t *bytes;
	uint32_t len;
	uint8_t ecn;
	struct xt_path path;
};

struct xt_mem_queue {
	struct xt_mem_item *items;
	uint32_t cap, first, n;
};

int xt_mem_queue_init(struct xt_mem_queue *queue, uint32_t cap); /* XT_E_NOMEM, XT_E_INVALID */
void xt_mem_queue_clear(struct xt_mem_queue *queue);
/* Copies bytes; path may be NULL. XT_E_FULL, XT_E_NOMEM. */
int xt_mem_queue_put(struct xt_mem_queue *queue, const void *bytes, size_t len,
		     const struct xt_path *path, uint8_t ecn);
const struct xt_mem_item *xt_mem_queue_head(const struct xt_mem_queue *queue); /* NULL: empty */
void xt_mem_queue_pop(struct xt_mem_queue *queue); /* frees the head's bytes */

#endif
