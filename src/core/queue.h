/* SPDX-License-Identifier: MIT */
/* The queue of handshake messages: a ring of fixed size, so that a flood allocates nothing. */
#ifndef XT_CORE_QUEUE_H
#define XT_CORE_QUEUE_H

#include <stdlib.h>
#include <string.h>

#include <xtunnel/types.h>

#include "core/limits.h"

#define XT_QUEUED_LEN 148 /* the longest handshake message */

struct xt_queued {
	struct xt_path from;
	uint16_t len;
	uint8_t msg[XT_QUEUED_LEN];
};

struct xt_queue {
	struct xt_queued *ring;
	uint32_t head, n;
};

static inline bool xt_queue_init(struct xt_queue *q)
{
	q->head = q->n = 0;
	q->ring = calloc(XT_QUEUE_MAX, sizeof(*q->ring));
	return q->ring != NULL;
}

static inline void xt_queue_clear(struct xt_queue *q)
{
	free(q->ring);
	q->ring = NULL;
}

/* false: full. len <= XT_QUEUED_LEN. */
static inline bool xt_queue_push(struct xt_queue *q, const struct xt_path *from, const uint8_t *msg,
				 uint32_t len)
{
	if (q->n == XT_QUEUE_MAX)
		return false;
	struct xt_queued *e = &q->ring[(q->head + q->n++) % XT_QUEUE_MAX];
	e->from = *from;
	e->len = (uint16_t)len;
	memcpy(e->msg, msg, len);
	return true;
}

/* The oldest, valid until the next push; NULL: empty. */
static inline struct xt_queued *xt_queue_pop(struct xt_queue *q)
{
	if (!q->n)
		return NULL;
	struct xt_queued *e = &q->ring[q->head];
	/* A short queue stays in the same few pages. */
	q->head = --q->n ? (q->head + 1) % XT_QUEUE_MAX : 0;
	return e;
}

#endif
