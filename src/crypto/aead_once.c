/* SPDX-License-Identifier: MIT */
/* One message at a time, with additional data, by libsodium. */
#include "crypto/aead_once.h"

#include <sodium.h>

#include "crypto/nonce.h"

_Static_assert(XT_TAG_LEN == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(XT_NONCE_LEN == crypto_aead_chacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(XT_XNONCE_LEN == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");

/* libsodium does not document dst after a forged message; this interface zeroes it. */
static bool result_check(int rc, uint8_t *dst, size_t len)
{
	if (rc == 0)
		return true;
	if (len > 0)
		sodium_memzero(dst, len);
	return false;
}

void xt_aead_once_seal(uint8_t *dst, const void *src, size_t len, const void *aad, size_t aad_len,
		       const uint8_t key[32], uint64_t counter)
{
	uint8_t nonce[XT_NONCE_LEN];

	xt_nonce_of(nonce, counter);
	crypto_aead_chacha20poly1305_ietf_encrypt(dst, NULL, src, len, aad, aad_len, NULL, nonce,
						  key);
}

bool xt_aead_once_open(uint8_t *dst, const void *src, size_t len, const void *aad, size_t aad_len,
		       const uint8_t key[32], uint64_t counter)
{
	uint8_t nonce[XT_NONCE_LEN];
	int rc;

	xt_nonce_of(nonce, counter);
	rc = crypto_aead_chacha20poly1305_ietf_decrypt_detached(
	    dst, NULL, src, len, (const uint8_t *)src + len, aad, aad_len, nonce, key);
	return result_check(rc, dst, len);
}

void xt_xaead_seal(uint8_t *dst, const void *src, size_t len, const void *aad, size_t aad_len,
		   const uint8_t key[32], const uint8_t nonce[XT_XNONCE_LEN])
{
	crypto_aead_xchacha20poly1305_ietf_encrypt(dst, NULL, src, len, aad, aad_len, NULL, nonce,
						   key);
}

bool xt_xaead_open(uint8_t *dst, const void *src, size_t len, const void *aad, size_t aad_len,
		   const uint8_t key[32], const uint8_t nonce[XT_XNONCE_LEN])
{
	int rc = crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
	    dst, NULL, src, len, (const uint8_t *)src + len, aad, aad_len, nonce, key);

	return result_check(rc, dst, len);
}
