/* SPDX-License-Identifier: MIT */
/* A token bucket, kept as one time: the moment when the bucket is full again (the generic cell rate
 * algorithm). Each token taken moves that moment one interval later; it may lie at most the burst
 * ahead of now. A zeroed bucket is full. */
#ifndef XT_BASE_TOKEN_BUCKET_H
#define XT_BASE_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* Shared by all buckets of one limit. Nanoseconds. */
struct xt_token_rate {
	uint64_t interval; /* of one token */
	uint64_t burst;	   /* of all tokens that a full bucket holds */
};

struct xt_token_bucket {
	uint64_t full_at; /* monotonic ns */
};

/* per_second > 0; burst > 0 tokens. */
struct xt_token_rate xt_token_rate(uint32_t per_second, uint32_t burst);

/* Would xt_token_bucket_take succeed? */
static inline bool xt_token_bucket_has(const struct xt_token_bucket *bucket,
				       const struct xt_token_rate *rate, uint64_t now)
{
	uint64_t ahead = bucket->full_at > now ? bucket->full_at - now : 0;

	return ahead + rate->interval <= rate->burst;
}

/* Take one token. false: the bucket holds none, and stays as it is.
 * now  monotonic ns, never going back for one bucket */
bool xt_token_bucket_take(struct xt_token_bucket *bucket, const struct xt_token_rate *rate,
			  uint64_t now);

static inline bool xt_token_bucket_full(const struct xt_token_bucket *bucket, uint64_t now)
{
	return bucket->full_at <= now;
}

#endif
