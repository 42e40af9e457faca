/* A pool of fixed-size objects for key material. Its memory lies between guard pages, is locked
 * where the host allows it and is left out of core dumps (sodium_malloc). Not thread-safe. Leak
 * checkers do not look into it: do not let an object here hold the only pointer to another. */
#ifndef XT_CRYPTO_SECRET_H
#define XT_CRYPTO_SECRET_H

#include <stddef.h>

struct xt_secret_pool;

/* size       of one object, at least 1; objects are aligned to 16
 * per_chunk  objects that one growth adds at least, 1 or more; the first chunk comes with the first
 *            get
 * XT_E_NOMEM, XT_E_CRYPTO, XT_E_INVALID. */
int xt_secret_pool_new(struct xt_secret_pool **out, size_t size, size_t per_chunk);
/* Wipes and gives back everything, objects in use too. NULL is fine. */
void xt_secret_pool_free(struct xt_secret_pool *pool);

/* A zeroed object, or NULL without memory. O(1) but for growth. */
void *xt_secret_get(struct xt_secret_pool *pool);
/* Wipes. object came from this pool and is not used again; NULL is fine. O(1). */
void xt_secret_put(struct xt_secret_pool *pool, void *object);

size_t xt_secret_used(const struct xt_secret_pool *pool); /* objects that are out */

#endif
