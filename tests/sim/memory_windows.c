/* SPDX-License-Identifier: MIT */
/* What this process has committed for itself. */
#include "sim/memory.h"

#include <windows.h>
/* It needs the types of the former. */
#include <psapi.h>

size_t sim_memory_used(void)
{
	PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof(counters)};

	return K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters))
		   ? counters.PagefileUsage
		   : 0;
}
