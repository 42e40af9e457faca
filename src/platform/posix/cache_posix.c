/* SPDX-License-Identifier: MIT */
/* Cache sizes by sysconf, which glibc has and other C libraries lack. */
#include "platform/cache.h"

#include <unistd.h>

size_t xt_cache_bytes(void)
{
	long bytes = 0;

#ifdef _SC_LEVEL2_CACHE_SIZE
	bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
	return bytes > 0 ? (size_t)bytes : 0;
}
