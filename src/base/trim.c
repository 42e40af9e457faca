/* SPDX-License-Identifier: MIT */
/* The GNU C library gives each thread an arena. Whether the end of one can go back to the system is
 * looked at when a chunk of more than 64 KiB of that arena is freed, and not when small ones are.
 * malloc_trim looks at the main thread's arena alone, and holds up every other thread. */
#include "base/trim.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define MARK	  (96u << 10)
#define THRESHOLD (128 << 10) /* the C library's, which it would raise with each large free */

void xt_memory_init(void)
{
#ifdef __GLIBC__
	mallopt(M_TRIM_THRESHOLD, THRESHOLD);
	mallopt(M_MMAP_THRESHOLD, THRESHOLD);
#endif
}

void *xt_memory_mark(void)
{
#ifdef __GLIBC__
	return malloc(MARK);
#else
	return NULL;
#endif
}
