/* SPDX-License-Identifier: MIT */
/* BLAKE2s (RFC 7693): hash and keyed MAC over the concatenation of several pieces. */
#ifndef XT_CRYPTO_BLAKE2S_H
#define XT_CRYPTO_BLAKE2S_H

#include <stddef.h>
#include <stdint.h>

#define XT_HASH_LEN 32
#define XT_MAC_LEN  16

struct xt_piece {
	const void *p; /* may be NULL when len is 0 */
	size_t len;
};

/* Hash() of WireGuard paper 5.4. out may be one of the pieces. */
void xt_blake2s(uint8_t out[XT_HASH_LEN], const struct xt_piece *pieces, size_t n);

/* Mac() of the paper: BLAKE2s with its own key input, which is not HMAC.
 * out_len  1..32, 16 for the paper's Mac(); other lengths are other functions, not truncations
 * key_len  0..32; 0: the plain hash of that length */
void xt_blake2s_mac(uint8_t *out, size_t out_len, const void *key, size_t key_len,
		    const struct xt_piece *pieces, size_t n);

#endif
