/* SPDX-License-Identifier: MIT */
/* What is allocated, by the blocks of this process's heaps: pages that are committed say less,
 * since a heap keeps them. */
#include "sim/memory.h"

#include <windows.h>

#define HEAPS 32

static size_t heap_used(HANDLE heap)
{
	PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
	size_t used = 0;

	if (!HeapLock(heap))
		return 0;
	while (HeapWalk(heap, &entry))
		if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY)
			used += entry.cbData;
	HeapUnlock(heap);
	return used;
}

size_t sim_memory_used(void)
{
	HANDLE heaps[HEAPS];
	DWORD n = GetProcessHeaps(HEAPS, heaps);
	size_t used = 0;

	for (DWORD i = 0; i < n && i < HEAPS; i++)
		used += heap_used(heaps[i]);
	return used;
}
