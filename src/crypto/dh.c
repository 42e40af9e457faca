/* SPDX-License-Identifier: MIT */
/* X25519 by libsodium. */
#include "crypto/dh.h"

#include <sodium.h>
#include <xtunnel/error.h>

#include "base/text.h"

void xt_dh_clamp(struct xt_private *scalar)
{
	scalar->b[0] &= 248;
	scalar->b[31] = (uint8_t)((scalar->b[31] & 127) | 64);
}

void xt_dh_public(struct xt_public *out, const struct xt_private *scalar)
{
	crypto_scalarmult_curve25519_base(out->b, scalar->b);
}

int xt_dh_shared(uint8_t out[XT_DH_LEN], const struct xt_private *scalar,
		 const struct xt_public *point)
{
	/* libsodium refuses the known points of small order. Checking the result too makes this
	 * independent of its version. */
	if (crypto_scalarmult_curve25519(out, scalar->b, point->b) == 0 &&
	    !sodium_is_zero(out, XT_DH_LEN))
		return 0;
	xt_wipe(out, XT_DH_LEN);
	return XT_E_AUTH;
}
