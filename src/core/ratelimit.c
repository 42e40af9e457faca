/* SPDX-License-Identifier: MIT */
/* Token buckets by source.
 *
 * Sources are in a hash table with chains and in one list, least recently used first. A source
 * whose bucket is full again holds no more information than a new one, so it can be evicted. */
#include "core/ratelimit.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/token_bucket.h"
#include "core/limits.h"

#define NONE	UINT32_MAX
#define COLLECT 2 /* stale sources evicted per packet: more than one packet can add */

struct source {
	uint64_t net; /* the /64, or the address */
	struct xt_token_bucket bucket;
	uint32_t chain;	       /* next of the same hash; next free one */
	uint32_t older, newer; /* the list by last use */
	uint8_t family;
};

struct xt_ratelimit {
	struct source *sources;
	uint32_t *heads; /* of chains */
	struct xt_token_rate rate;
	uint32_t cap, mask;
	uint32_t used; /* of sources, from the front; the rest was never touched */
	uint32_t n, free;
	uint32_t oldest, newest;
};

int xt_ratelimit_new(struct xt_ratelimit **out, uint32_t rate, uint32_t burst, uint32_t sources)
{
	struct xt_ratelimit *limit;
	uint32_t heads = 16;

	if (!rate || rate > XT_SECOND || !burst || burst > 1000000 || !sources ||
	    sources > UINT32_MAX / 4)
		return XT_E_INVALID;
	while (heads < sources)
		heads *= 2;
	limit = calloc(1, sizeof(*limit));
	if (!limit)
		return XT_E_NOMEM;
	limit->sources = calloc(sources, sizeof(*limit->sources));
	/* 0 stands for none, so that heads need no filling, and pages not used stay away. */
	limit->heads = calloc(heads, sizeof(*limit->heads));
	if (!limit->sources || !limit->heads) {
		xt_ratelimit_free(limit);
		return XT_E_NOMEM;
	}
	limit->cap = sources;
	limit->mask = heads - 1;
	limit->rate = xt_token_rate(rate, burst);
	limit->free = limit->oldest = limit->newest = NONE;
	*out = limit;
	return 0;
}

void xt_ratelimit_free(struct xt_ratelimit *limit)
{
	if (!limit)
		return;
	free(limit->sources);
	free(limit->heads);
	free(limit);
}

uint32_t xt_ratelimit_sources(const struct xt_ratelimit *limit)
{
	return limit->n;
}

static uint32_t *chain_head(struct xt_ratelimit *limit, uint64_t net, uint8_t family)
{
	uint64_t key[2] = {net, family};

	return &limit->heads[xt_hash(key, sizeof(key)) & limit->mask];
}

static void list_append(struct xt_ratelimit *limit, uint32_t at)
{
	struct source *s = &limit->sources[at];

	s->newer = NONE;
	s->older = limit->newest;
	if (limit->newest != NONE)
		limit->sources[limit->newest].newer = at;
	else
		limit->oldest = at;
	limit->newest = at;
}

static void list_unlink(struct xt_ratelimit *limit, uint32_t at)
{
	const struct source *s = &limit->sources[at];

	if (s->older != NONE)
		limit->sources[s->older].newer = s->newer;
	else
		limit->oldest = s->newer;
	if (s->newer != NONE)
		limit->sources[s->newer].older = s->older;
	else
		limit->newest = s->older;
}

static void source_evict(struct xt_ratelimit *limit, uint32_t at)
{
	struct source *s = &limit->sources[at];
	uint32_t *link = chain_head(limit, s->net, s->family);

	while (*link != at + 1)
		link = &limit->sources[*link - 1].chain;
	*link = s->chain;
	list_unlink(limit, at);
	s->chain = limit->free;
	limit->free = at;
	limit->n--;
}

/* Evict sources whose buckets have been full for a second. */
static void sources_collect(struct xt_ratelimit *limit, uint64_t now)
{
	for (int i = 0; i < COLLECT && limit->oldest != NONE; i++) {
		if (limit->sources[limit->oldest].bucket.full_at + XT_SECOND > now)
			return;
		source_evict(limit, limit->oldest);
	}
}

static struct source *source_find(struct xt_ratelimit *limit, uint32_t head, uint64_t net,
				  uint8_t family)
{
	while (head) {
		struct source *s = &limit->sources[head - 1];

		if (s->net == net && s->family == family)
			return s;
		head = s->chain;
	}
	return NULL;
}

static struct source *source_add(struct xt_ratelimit *limit, uint64_t net, uint8_t family,
				 uint64_t now)
{
	uint32_t at, *head;

	if (limit->n == limit->cap) {
		if (!xt_token_bucket_full(&limit->sources[limit->oldest].bucket, now))
			return NULL;
		source_evict(limit, limit->oldest);
	}
	at = limit->free;
	if (at != NONE)
		limit->free = limit->sources[at].chain;
	else
		at = limit->used++;
	head = chain_head(limit, net, family);
	limit->sources[at] = (struct source){.net = net, .chain = *head, .family = family};
	*head = at + 1;
	list_append(limit, at);
	limit->n++;
	return &limit->sources[at];
}

bool xt_ratelimit_allow(struct xt_ratelimit *limit, const struct xt_ip *ip, uint64_t now)
{
	uint64_t net = ip->family == 4 ? xt_be32_get(ip->b) : xt_be64_get(ip->b);
	struct source *s;

	sources_collect(limit, now);
	s = source_find(limit, *chain_head(limit, net, ip->family), net, ip->family);
	if (!s) {
		s = source_add(limit, net, ip->family, now);
	} else {
		uint32_t at = (uint32_t)(s - limit->sources);

		list_unlink(limit, at);
		list_append(limit, at);
	}
	return s && xt_token_bucket_take(&s->bucket, &limit->rate, now);
}
