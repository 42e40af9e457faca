/* SPDX-License-Identifier: MIT */
/* The stand-in for a C library that gives memory back by itself, or not at all. */
#include <stddef.h>

#include "platform/malloc.h"

void xt_memory_init(void)
{
}

void *xt_memory_mark(void)
{
	return NULL;
}

void xt_memory_pool(void)
{
}

void xt_memory_trim(void)
{
}
