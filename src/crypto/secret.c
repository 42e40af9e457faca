/* SPDX-License-Identifier: MIT */
/* A pool of fixed-size objects for key material. */
#include "crypto/secret.h"

#include <assert.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/init.h"

#define ALIGN 16u
/* A chunk costs four mappings (guard pages, and the page of the length), and a process may have
 * 65,530: with many objects chunks grow up to this size, by at most a sixteenth of the objects in
 * use. */
#define CHUNK_MAX (1u << 20)

/* A free object: wiped but for the link to the next. */
struct spare {
	struct spare *next;
};

struct chunk {
	struct chunk *next;
	uint8_t *objects;
};

struct xt_secret_pool {
	size_t size, per_chunk, used;
	struct spare *spare;
	struct chunk *chunks;
};

int xt_secret_pool_new(struct xt_secret_pool **out, size_t size, size_t per_chunk)
{
	struct xt_secret_pool *pool;
	int err;

	if (size == 0 || per_chunk == 0 || size > SIZE_MAX / 2 ||
	    per_chunk > SIZE_MAX / 2 / XT_ALIGN_UP(size, ALIGN))
		return XT_E_INVALID;
	err = xt_crypto_init();
	if (err != 0)
		return err;
	pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return XT_E_NOMEM;
	pool->size = XT_ALIGN_UP(XT_MAX(size, sizeof(struct spare)), ALIGN);
	pool->per_chunk = per_chunk;
	*out = pool;
	return 0;
}

void xt_secret_pool_free(struct xt_secret_pool *pool)
{
	struct chunk *chunk, *next;

	if (pool == NULL)
		return;
	for (chunk = pool->chunks; chunk != NULL; chunk = next) {
		next = chunk->next;
		sodium_free(chunk->objects); /* wipes, unlocks */
		free(chunk);
	}
	free(pool);
}

static void spare_add(struct xt_secret_pool *pool, void *object)
{
	struct spare *spare = object;

	spare->next = pool->spare;
	pool->spare = spare;
}

/* sodium_malloc places the memory at the end of a page, so a multiple of ALIGN starts aligned. */
static bool pool_grow(struct xt_secret_pool *pool)
{
	struct chunk *chunk = malloc(sizeof(*chunk));
	size_t n = XT_MAX(pool->per_chunk, XT_MIN(pool->used / 16, CHUNK_MAX / pool->size));

	if (chunk == NULL)
		return false;
	chunk->objects = sodium_malloc(pool->size * n);
	if (chunk->objects == NULL && n > pool->per_chunk) {
		n = pool->per_chunk;
		chunk->objects = sodium_malloc(pool->size * n);
	}
	if (chunk->objects == NULL) {
		free(chunk);
		return false;
	}
	memset(chunk->objects, 0, pool->size * n);
	for (size_t i = n; i-- > 0;)
		spare_add(pool, chunk->objects + i * pool->size);
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	return true;
}

void *xt_secret_get(struct xt_secret_pool *pool)
{
	struct spare *spare;

	if (pool->spare == NULL && !pool_grow(pool))
		return NULL;
	spare = pool->spare;
	pool->spare = spare->next;
	spare->next = NULL;
	pool->used++;
	return spare;
}

void xt_secret_put(struct xt_secret_pool *pool, void *object)
{
	if (object == NULL)
		return;
	assert(pool->used > 0);
	xt_wipe(object, pool->size);
	spare_add(pool, object);
	pool->used--;
}

size_t xt_secret_used(const struct xt_secret_pool *pool)
{
	return pool->used;
}
