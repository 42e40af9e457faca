/* Who is to be told a cookie: at most one message of each endpoint, the newest, so that whoever
 * sends many has one place as everybody else. Fixed places, by hash; two endpoints that share one
 * push each other out. */
#ifndef XT_CORE_PENDING_COOKIES_H
#define XT_CORE_PENDING_COOKIES_H

#include <stdlib.h>
#include <string.h>

#include <xtunnel/types.h>

#include "base/hash.h"
#include "core/queue.h"

struct xt_pending_cookies {
	struct xt_queued *places; /* len 0: free */
	uint16_t turn
	    [XT_PENDING_COOKIE_SLOTS]; /* a ring of places, in the order in which they were taken */
	uint32_t head, n;
};

static inline bool xt_pending_cookies_init(struct xt_pending_cookies *a)
{
	a->head = a->n = 0;
	a->places = calloc(XT_PENDING_COOKIE_SLOTS, sizeof(*a->places));
	return a->places != NULL;
}

static inline void xt_pending_cookies_clear(struct xt_pending_cookies *a)
{
	free(a->places);
	a->places = NULL;
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
	uint16_t place = xt_pending_cookies_slot(&from->remote);
	struct xt_queued *e = &a->places[place];

	if (!e->len)
		a->turn[(a->head + a->n++) % XT_PENDING_COOKIE_SLOTS] = place;
	e->from = *from;
	e->len = (uint16_t)len;
	memcpy(e->msg, msg, len);
}

/* The one that came first, valid until the next put; NULL: none. Its place is free. */
static inline const struct xt_queued *xt_pending_cookies_take(struct xt_pending_cookies *a,
							      uint16_t *len)
{
	struct xt_queued *e;

	if (!a->n)
		return NULL;
	e = &a->places[a->turn[a->head]];
	a->head = (a->head + 1) % XT_PENDING_COOKIE_SLOTS;
	a->n--;
	*len = e->len;
	e->len = 0;
	return e;
}

#endif
