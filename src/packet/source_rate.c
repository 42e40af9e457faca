/* SPDX-License-Identifier: MIT */
/* A token bucket per source address: a set-associative table that evicts the least recently used
 * source of a full set. */
#include "packet/source_rate.h"

#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/token_bucket.h"

#define SETS 128
#define WAYS 8

struct slot {
	struct xt_ip source; /* family 0: free */
	struct xt_token_bucket bucket;
	uint64_t used_at; /* monotonic ns */
};

struct xt_source_rate {
	struct xt_token_rate rate;
	struct slot sets[SETS][WAYS];
};

int xt_source_rate_new(struct xt_source_rate **out, uint32_t per_second)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return XT_E_NOMEM;
	(*out)->rate = xt_token_rate(per_second, per_second);
	return 0;
}

void xt_source_rate_free(struct xt_source_rate *rate)
{
	free(rate);
}

static struct slot *slot_find(struct xt_source_rate *rate, const struct xt_ip *source)
{
	struct slot *set = rate->sets[xt_hash(source, sizeof(*source)) % SETS], *spare = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].source.family && xt_ip_equal(&set[i].source, source))
			return &set[i];
		if (spare->source.family &&
		    (!set[i].source.family || set[i].used_at < spare->used_at))
			spare = &set[i];
	}
	*spare = (struct slot){.source = *source};
	return spare;
}

bool xt_source_rate_allow(struct xt_source_rate *rate, uint64_t now, const struct xt_ip *source)
{
	struct slot *slot = slot_find(rate, source);

	slot->used_at = now;
	return xt_token_bucket_take(&slot->bucket, &rate->rate, now);
}
