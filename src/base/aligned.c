/* SPDX-License-Identifier: MIT */
/* Blocks of a large alignment, inside of blocks of malloc: aligned_alloc is not everywhere, and
 * what it gives is not freed by free on every system. */
#include <stdint.h>
#include <stdlib.h>

#include "base/pages.h"

/* What malloc has returned stands right before the block. */
void *xt_aligned_new(size_t align, size_t len)
{
	const size_t more = align + sizeof(void *);
	char *memory, *block;

	if (len > SIZE_MAX - more)
		return NULL;
	memory = calloc(1, len + more);
	if (!memory)
		return NULL;
	block = memory + sizeof(void *);
	block += -(uintptr_t)block & (align - 1);
	((void **)(void *)block)[-1] = memory;
	return block;
}

void xt_aligned_free(void *block)
{
	if (block)
		free(((void **)block)[-1]);
}
