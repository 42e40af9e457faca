/* SPDX-License-Identifier: MIT */
/* Without statistics of the C library: the most pages that were resident, in kilobytes on Linux. */
#include "sim/memory.h"

#include <sys/resource.h>

size_t sim_memory_used(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
}
