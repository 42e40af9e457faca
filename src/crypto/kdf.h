/* SPDX-License-Identifier: MIT */
/* HMAC-BLAKE2s and the key derivation KDF1..3 of WireGuard paper 5.4 (HKDF of RFC 5869 with the
 * chaining key as salt and empty info). */
#ifndef XT_CRYPTO_KDF_H
#define XT_CRYPTO_KDF_H

#include "crypto/blake2s.h"

/* RFC 2104 with BLAKE2s, block size 64. Any key_len. out may be the key or one of the pieces. */
void xt_hmac(uint8_t out[XT_HASH_LEN], const void *key, size_t key_len,
	     const struct xt_piece *pieces, size_t n);

/* key    the chaining key
 * outs   distinct; each may be the key or the input itself */
void xt_kdf1(uint8_t t1[XT_HASH_LEN], const uint8_t key[XT_HASH_LEN], const void *input,
	     size_t len);
void xt_kdf2(uint8_t t1[XT_HASH_LEN], uint8_t t2[XT_HASH_LEN], const uint8_t key[XT_HASH_LEN],
	     const void *input, size_t len);
void xt_kdf3(uint8_t t1[XT_HASH_LEN], uint8_t t2[XT_HASH_LEN], uint8_t t3[XT_HASH_LEN],
	     const uint8_t key[XT_HASH_LEN], const void *input, size_t len);

#endif
