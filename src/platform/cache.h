/* What the processor keeps near. */
#ifndef XT_PLATFORM_CACHE_H
#define XT_PLATFORM_CACHE_H

#include <stddef.h>

/* Bytes of a core's second-level cache; 0: the system does not tell. */
size_t xt_cache_bytes(void);

#endif
