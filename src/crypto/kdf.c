/* SPDX-License-Identifier: MIT */
/* HMAC-BLAKE2s and KDF1..3. */
#include "crypto/kdf.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

#define BLOCK	   64
#define PIECES_MAX 4

void xt_hmac(uint8_t out[XT_HASH_LEN], const void *key, size_t key_len,
	     const struct xt_piece *pieces, size_t n)
{
	struct xt_piece row[1 + PIECES_MAX];
	uint8_t pad[BLOCK] = {0}, inner[XT_HASH_LEN];

	assert(n <= PIECES_MAX);
	if (key_len > BLOCK)
		xt_blake2s(pad, &(struct xt_piece){key, key_len}, 1);
	else if (key_len > 0)
		memcpy(pad, key, key_len);

	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	row[0] = (struct xt_piece){pad, BLOCK};
	for (size_t i = 0; i < n; i++)
		row[1 + i] = pieces[i];
	xt_blake2s(inner, row, 1 + n);

	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	row[1] = (struct xt_piece){inner, sizeof(inner)};
	xt_blake2s(out, row, 2);

	xt_wipe(pad, sizeof(pad));
	xt_wipe(inner, sizeof(inner));
}

/* t[i] = HMAC(t0, t[i-1] || i). Each output is written only after its predecessor was read, and the
 * first one after key and input were. */
static void key_expand(uint8_t *const *t, size_t n, const uint8_t key[XT_HASH_LEN],
		       const void *input, size_t len)
{
	uint8_t t0[XT_HASH_LEN];

	xt_hmac(t0, key, XT_HASH_LEN, &(struct xt_piece){input, len}, 1);
	for (size_t i = 0; i < n; i++) {
		const uint8_t number = (uint8_t)(i + 1);
		const struct xt_piece row[] = {
		    {i > 0 ? t[i - 1] : NULL, i > 0 ? XT_HASH_LEN : 0},
		    {&number, 1},
		};
		xt_hmac(t[i], t0, sizeof(t0), row, XT_LEN(row));
	}
	xt_wipe(t0, sizeof(t0));
}

void xt_kdf1(uint8_t t1[XT_HASH_LEN], const uint8_t key[XT_HASH_LEN], const void *input, size_t len)
{
	key_expand((uint8_t *const[]){t1}, 1, key, input, len);
}

void xt_kdf2(uint8_t t1[XT_HASH_LEN], uint8_t t2[XT_HASH_LEN], const uint8_t key[XT_HASH_LEN],
	     const void *input, size_t len)
{
	key_expand((uint8_t *const[]){t1, t2}, 2, key, input, len);
}

void xt_kdf3(uint8_t t1[XT_HASH_LEN], uint8_t t2[XT_HASH_LEN], uint8_t t3[XT_HASH_LEN],
	     const uint8_t key[XT_HASH_LEN], const void *input, size_t len)
{
	key_expand((uint8_t *const[]){t1, t2, t3}, 3, key, input, len);
}
