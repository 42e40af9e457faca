/* Which of the AEAD backends is the fastest here. */
#ifndef XT_CRYPTO_AEAD_RACE_H
#define XT_CRYPTO_AEAD_RACE_H

#include "crypto/aead_ops.h"

/* Run them in turns on packets of two sizes and write the times and the reason to the report.
 * open    [0] the one to beat; NULL: does not take part
 * host    its clock; without one [0] wins
 * winner  0 or the number of one that is faster by a twentieth
 * returns 0, XT_E_NOMEM */
int xt_aead_race(struct xt_aead *const open[XT_AEAD_BACKENDS], const struct xt_aead_host *host,
		 struct xt_aead_report *report, size_t *winner);

#endif
