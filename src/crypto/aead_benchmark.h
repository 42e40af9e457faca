/* SPDX-License-Identifier: MIT */
/* Finds the fastest AEAD backend on this machine. */
#ifndef XT_CRYPTO_AEAD_BENCHMARK_H
#define XT_CRYPTO_AEAD_BENCHMARK_H

#include "crypto/aead_ops.h"

/* Time the backends on packets of two sizes, interleaved; at most 10 ms.
 * backends    XT_AEAD_BACKENDS entries; NULL: not measured
 * host        with a clock
 * candidates  as many; a time is written where it is the best so far
 * returns     0, XT_E_NOMEM */
int xt_aead_benchmark(struct xt_aead *const *backends, const struct xt_aead_host *host,
		      struct xt_aead_candidate *candidates);

/* Is a faster than b by at least a twentieth, both measured? */
bool xt_aead_faster(const struct xt_aead_candidate *a, const struct xt_aead_candidate *b);

/* Fill the report's reason: the times of winner and the others, and why others were not
 * measured. */
void xt_aead_explain(struct xt_aead_report *report, size_t winner);

#endif
