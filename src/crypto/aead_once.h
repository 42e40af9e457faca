/* SPDX-License-Identifier: MIT */
/* One message at a time, with additional data: for handshakes and cookies. */
#ifndef XT_CRYPTO_AEAD_ONCE_H
#define XT_CRYPTO_AEAD_ONCE_H

#include <xtunnel/aead.h>

#define XT_XNONCE_LEN 24

/* Aead() of WireGuard paper 5.4: ChaCha20-Poly1305, nonce = 32 zero bits and the counter.
 * seal  dst: len + XT_TAG_LEN bytes
 * open  src: len bytes and the tag behind; dst: len bytes, zeroed when the tag is wrong (false)
 * dst may equal src; aad may be NULL when aad_len is 0. */
void xt_aead_once_seal(uint8_t *dst, const void *src, size_t len, const void *aad, size_t aad_len,
		       const uint8_t key[32], uint64_t counter);
bool xt_aead_once_open(uint8_t *dst, const void *src, size_t len, const void *aad, size_t aad_len,
		       const uint8_t key[32], uint64_t counter);

/* Xaead() of the paper: XChaCha20-Poly1305, nonce 24 random bytes. Otherwise the same. */
void xt_xaead_seal(uint8_t *dst, const void *src, size_t len, const void *aad, size_t aad_len,
		   const uint8_t key[32], const uint8_t nonce[XT_XNONCE_LEN]);
bool xt_xaead_open(uint8_t *dst, const void *src, size_t len, const void *aad, size_t aad_len,
		   const uint8_t key[32], const uint8_t nonce[XT_XNONCE_LEN]);

#endif
