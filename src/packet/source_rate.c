/* A token bucket per source address: a table of small sets; in a full set the longest unseen gives
 * way. */
#include "packet/source_rate.h"

#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/hash.h"

#define SETS   128
#define WAYS   8
#define SECOND UINT64_C(1000000000)

/* tokens are counted in billionths, so that a nanosecond adds per_second of them. */
struct bucket {
	struct xt_ip source; /* family 0: free */
	uint64_t tokens;
	uint64_t seen;
};

struct xt_source_rate {
	uint32_t per_second;
	struct bucket sets[SETS][WAYS];
};

int xt_source_rate_new(struct xt_source_rate **out, uint32_t per_second)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return XT_E_NOMEM;
	(*out)->per_second = per_second;
	return 0;
}

void xt_source_rate_free(struct xt_source_rate *rate)
{
	free(rate);
}

static struct bucket *find(struct xt_source_rate *rate, uint64_t now, const struct xt_ip *source)
{
	struct bucket *set = rate->sets[xt_hash(source, sizeof(*source)) % SETS], *spare = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].source.family && xt_ip_equal(&set[i].source, source))
			return &set[i];
		if (spare->source.family && (!set[i].source.family || set[i].seen < spare->seen))
			spare = &set[i];
	}
	*spare = (struct bucket){
	    .source = *source, .tokens = (uint64_t)rate->per_second * SECOND, .seen = now};
	return spare;
}

bool xt_source_rate_allow(struct xt_source_rate *rate, uint64_t now, const struct xt_ip *source)
{
	struct bucket *bucket = find(rate, now, source);
	uint64_t full = (uint64_t)rate->per_second * SECOND;
	uint64_t passed = now > bucket->seen ? XT_MIN(now - bucket->seen, SECOND) : 0;

	bucket->tokens = XT_MIN(full, bucket->tokens + passed * rate->per_second);
	bucket->seen = XT_MAX(bucket->seen, now);
	if (bucket->tokens < SECOND)
		return false;
	bucket->tokens -= SECOND;
	return true;
}
