/* SPDX-License-Identifier: MIT */
/* Token buckets. */
#include "base/token_bucket.h"

#include "base/bytes.h"

#define SECOND UINT64_C(1000000000)

struct xt_token_rate xt_token_rate(uint32_t per_second, uint32_t burst)
{
	uint64_t interval = SECOND / per_second;

	return (struct xt_token_rate){.interval = interval, .burst = burst * interval};
}

bool xt_token_bucket_take(struct xt_token_bucket *bucket, const struct xt_token_rate *rate,
			  uint64_t now)
{
	if (!xt_token_bucket_has(bucket, rate, now))
		return false;
	bucket->full_at = XT_MAX(bucket->full_at, now) + rate->interval;
	return true;
}
