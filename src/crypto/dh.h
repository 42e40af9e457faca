/* SPDX-License-Identifier: MIT */
/* X25519 (RFC 7748). */
#ifndef XT_CRYPTO_DH_H
#define XT_CRYPTO_DH_H

#include <xtunnel/types.h>

#define XT_DH_LEN 32

/* Turn 32 random bytes into a scalar (RFC 7748 section 5). */
void xt_dh_clamp(struct xt_private *scalar);

void xt_dh_public(struct xt_public *out, const struct xt_private *scalar);

/* 0; or XT_E_AUTH and out wiped, when the result is all zero: the point has small order and the
 * other side contributed nothing (RFC 7748 section 6.1). Constant time in the scalar. */
int xt_dh_shared(uint8_t out[XT_DH_LEN], const struct xt_private *scalar,
		 const struct xt_public *point);

#endif
