/* SPDX-License-Identifier: MIT */
/* The GNU C library gives each thread an arena. Whether the end of one can go back to the system is
 * looked at when a chunk of more than 64 KiB of that arena is freed, and not when small ones are.
 * malloc_trim looks at the main thread's arena alone, and holds up every other thread. */
#include <malloc.h>
#include <stdlib.h>

#include "platform/malloc.h"

#define MARK	  (96u << 10)
#define THRESHOLD (128 << 10) /* the C library's, which it would raise with each large free */

void xt_memory_init(void)
{
	mallopt(M_TRIM_THRESHOLD, THRESHOLD);
	mallopt(M_MMAP_THRESHOLD, THRESHOLD);
}

void *xt_memory_mark(void)
{
	return malloc(MARK);
}

void xt_memory_pool(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
}

void xt_memory_trim(void)
{
	(void)malloc_trim(0);
}
