/* SPDX-License-Identifier: MIT */
/* The GNU C library gives each thread an arena. It looks whether the end of one can go back to the
 * system when a chunk of more than 64 KiB of that arena is freed, but not when small ones are; and
 * malloc_trim, which would hold up every other thread, does so for the main thread's arena alone. */
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
