/* SPDX-License-Identifier: MIT */
/* What is allocated, by the sanitizer or by glibc. */
#include "sim/memory.h"

#include <malloc.h>

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

size_t sim_memory_used(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	return mallinfo2().uordblks;
}
