/* SPDX-License-Identifier: MIT */
/* BLAKE2s by libb2. No other file uses libb2. */
#include "crypto/blake2s.h"

#include <assert.h>
#include <blake2.h>

#include "base/text.h"

static void state_absorb(blake2s_state *state, const struct xt_piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].len > 0)
			blake2s_update(state, pieces[i].p, pieces[i].len);
	}
}

void xt_blake2s(uint8_t out[XT_HASH_LEN], const struct xt_piece *pieces, size_t n)
{
	blake2s_state state;

	blake2s_init(&state, XT_HASH_LEN);
	state_absorb(&state, pieces, n);
	blake2s_final(&state, out, XT_HASH_LEN);
	xt_wipe(&state, sizeof(state));
}

void xt_blake2s_mac(uint8_t *out, size_t out_len, const void *key, size_t key_len,
		    const struct xt_piece *pieces, size_t n)
{
	blake2s_state state;

	assert(out_len >= 1 && out_len <= BLAKE2S_OUTBYTES);
	assert(key_len <= BLAKE2S_KEYBYTES);
	if (key_len > 0)
		blake2s_init_key(&state, out_len, key, key_len);
	else
		blake2s_init(&state, out_len);
	state_absorb(&state, pieces, n);
	blake2s_final(&state, out, out_len);
	xt_wipe(&state, sizeof(state));
}
