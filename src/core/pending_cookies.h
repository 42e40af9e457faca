/* SPDX-License-Identifier: MIT */
/* Pending cookie replies: one hash slot per source endpoint, newest message wins, so one source
 * never holds more than one slot. Two endpoints with the same slot replace each other. */
#ifndef XT_CORE_PENDING_COOKIES_H
#define XT_CORE_PENDING_COOKIES_H

#include <stdlib.h>
#include <string.h>

#include <xtunnel/types.h>

#include "base/hash.h"
#include "core/queue.h"

struct xt_pending_cookies {
	struct xt_queued *slots;		 /* len 0: free */
	uint16_t order[XT_PENDING_COOKIE_SLOTS]; /* a ring of slots, in the order of their use */
	uint32_t head, n;
};

static inline bool xt_pending_cookies_init(struct xt_pending_cookies *a)
{
	a->head = a->n = 0;
	a->slots = calloc(XT_PENDING_COOKIE_SLOTS, sizeof(*a->slots));
	return a->slots != NULL;
}

static inline void xt_pending_cookies_clear(struct xt_pending_cookies *a)
{
	free(a->slots);
	a->slots = NULL;
}

static inline uint16_t xt_pending_cookies_slot(const struct xt_endpoint *ep)
{
	uint8_t key[19] = {ep->ip.family};

	memcpy(key + 1, ep->ip.b, sizeof(ep->ip.b));
	memcpy(key + 17, &ep->port, sizeof(ep->port));
	return (uint16_t)(xt_hash(key, sizeof(key)) % XT_PENDING_COOKIE_SLOTS);
}

/* len <= XT_QUEUED_LEN, not 0. */
static inline void xt_pending_cookies_put(struct xt_pending_cookies *a, const struct xt_path *from,
					  const uint8_t *msg, uint32_t len)
{
	uint16_t slot = xt_pending_cookies_slot(&from->remote);
	struct xt_queued *e = &a->slots[slot];

	if (!e->len)
		a->order[(a->head + a->n++) % XT_PENDING_COOKIE_SLOTS] = slot;
	e->from = *from;
	e->len = (uint16_t)len;
	memcpy(e->msg, msg, len);
}

/* The oldest message, valid until the next put; NULL: none. Its slot is free again. */
static inline const struct xt_queued *xt_pending_cookies_take(struct xt_pending_cookies *a,
							      uint16_t *len)
{
	struct xt_queued *e;

	if (!a->n)
		return NULL;
	e = &a->slots[a->order[a->head]];
	a->head = (a->head + 1) % XT_PENDING_COOKIE_SLOTS;
	a->n--;
	*len = e->len;
	e->len = 0;
	return e;
}

#endif
