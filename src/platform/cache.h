/* SPDX-License-Identifier: MIT */
/* The processor's caches. */
#ifndef XT_PLATFORM_CACHE_H
#define XT_PLATFORM_CACHE_H

#include <stddef.h>

/* Bytes of a core's second-level cache; 0: unknown. */
size_t xt_cache_bytes(void);

#endif
