/* Which of two AEAD backends is the faster one here. */
#ifndef XT_CRYPTO_AEAD_RACE_H
#define XT_CRYPTO_AEAD_RACE_H

#include "crypto/aead_ops.h"

/* Run two in turns on packets of two sizes and write their times; not more than 10 ms.
 * host     its clock is there
 * returns  0, XT_E_NOMEM */
int xt_aead_race(struct xt_aead *a, struct xt_aead *b, const struct xt_aead_host *host,
		 struct xt_aead_candidate *of_a, struct xt_aead_candidate *of_b);

/* Is a faster than b by a twentieth at least, both having raced? */
bool xt_aead_faster(const struct xt_aead_candidate *a, const struct xt_aead_candidate *b);

/* Fill the report's reason: what the winner won against, and why others did not take part. */
void xt_aead_explain(struct xt_aead_report *report, size_t winner);

#endif
