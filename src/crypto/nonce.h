/* SPDX-License-Identifier: MIT */
/* The nonce of ChaCha20-Poly1305 as WireGuard counts it: 32 zero bits, 64-bit little endian
 * counter. */
#ifndef XT_CRYPTO_NONCE_H
#define XT_CRYPTO_NONCE_H

#include "base/bytes.h"

#define XT_NONCE_LEN 12

static inline void xt_nonce_of(uint8_t nonce[XT_NONCE_LEN], uint64_t counter)
{
	const xt_le64 wire = xt_le64_of(counter);

	memset(nonce, 0, 4);
	memcpy(nonce + 4, wire.b, sizeof(wire.b));
}

#endif
