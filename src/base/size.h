/* SPDX-License-Identifier: MIT */
/* Sizes computed from numbers that come from outside: true and *out when the result is a size that
 * an object can have, which is at most PTRDIFF_MAX; else false, and *out is not to be used. On a
 * 32-bit processor 2 GiB are soon reached. */
#ifndef XT_BASE_SIZE_H
#define XT_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool xt_size_add(size_t *out, size_t a, size_t b)
{
	return !__builtin_add_overflow(a, b, out) && *out <= PTRDIFF_MAX;
}
static inline bool xt_size_mul(size_t *out, size_t a, size_t b)
{
	return !__builtin_mul_overflow(a, b, out) && *out <= PTRDIFF_MAX;
}
/* n items of size bytes each, and head bytes before them */
static inline bool xt_size_items(size_t *out, size_t head, size_t n, size_t size)
{
	return xt_size_mul(out, n, size) && xt_size_add(out, *out, head);
}

/* realloc to n items of size bytes each; NULL also where they are more than an object can have. */
void *xt_items_resize(void *items, size_t n, size_t size);

#endif
