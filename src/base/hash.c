/* SPDX-License-Identifier: MIT */
/* SipHash under a key that is drawn on first use. */
#include "base/hash.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

enum { NO_KEY, DRAWING, READY };

static uint8_t key[crypto_shorthash_KEYBYTES];
static atomic_int state;

/* Two threads may call first at once. The library has no locks: the second spins for one draw. */
static void key_draw(void)
{
	int expected = NO_KEY;

	if (atomic_compare_exchange_strong(&state, &expected, DRAWING)) {
		crypto_shorthash_keygen(key);
		atomic_store(&state, READY);
	}
	while (atomic_load(&state) != READY)
		;
}

uint64_t xt_hash(const void *data, size_t len)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t h;

	if (atomic_load_explicit(&state, memory_order_acquire) != READY)
		key_draw();
	crypto_shorthash(out, data, len, key);
	memcpy(&h, out, sizeof(h));
	return h;
}
