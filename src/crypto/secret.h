/* SPDX-License-Identifier: MIT */
/* A pool of fixed-size objects for key material. Its memory lies between guard pages, is locked
 * where the host permits and is excluded from core dumps (sodium_malloc). Not thread-safe. Leak
 * checkers do not scan it: an object in it must not hold the only pointer to other memory. */
#ifndef XT_CRYPTO_SECRET_H
#define XT_CRYPTO_SECRET_H

#include <stddef.h>

struct xt_secret_pool;

/* size       of one object, at least 1; objects are aligned to 16
 * per_chunk  least number of objects that a growth adds, 1 or more; the first get allocates the
 *            first chunk
 * XT_E_NOMEM, XT_E_CRYPTO, XT_E_INVALID. */
int xt_secret_pool_new(struct xt_secret_pool **out, size_t size, size_t per_chunk);
/* Wipes and frees everything, including objects in use. NULL is allowed. */
void xt_secret_pool_free(struct xt_secret_pool *pool);

/* A zeroed object, or NULL without memory. O(1) except for growth. */
void *xt_secret_get(struct xt_secret_pool *pool);
/* Wipe object and return it to its pool; NULL is allowed. O(1). */
void xt_secret_put(struct xt_secret_pool *pool, void *object);

size_t xt_secret_used(const struct xt_secret_pool *pool); /* objects in use */

/* Vector registers keep what a cipher had in them, and whatever saves them (a signal, the dynamic
 * linker at the first call of a function) would put that on a stack. */
void xt_registers_wipe(void);

#endif
