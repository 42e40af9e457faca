/* Which of the AEAD backends is the fastest one here. */
#ifndef XT_CRYPTO_AEAD_BENCHMARK_H
#define XT_CRYPTO_AEAD_BENCHMARK_H

#include "crypto/aead_ops.h"

/* Run them in turns on packets of two sizes; not more than 10 ms.
 * runners     XT_AEAD_BACKENDS, NULL: does not run
 * host        its clock is there
 * candidates  as many; times of those that ran are written where they are the best so far
 * returns     0, XT_E_NOMEM */
int xt_aead_benchmark(struct xt_aead *const *runners, const struct xt_aead_host *host,
		      struct xt_aead_candidate *candidates);

/* Is a faster than b by a twentieth at least, both having raced? */
bool xt_aead_faster(const struct xt_aead_candidate *a, const struct xt_aead_candidate *b);

/* Fill the report's reason: what the winner won against, and why others did not take part. */
void xt_aead_explain(struct xt_aead_report *report, size_t winner);

#endif
