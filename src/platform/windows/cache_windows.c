/* SPDX-License-Identifier: MIT */
/* Cache sizes by the system's list of processors. */
#include "platform/cache.h"

#include <stdlib.h>

#include "platform/windows/system_windows.h"

size_t xt_cache_bytes(void)
{
	SYSTEM_LOGICAL_PROCESSOR_INFORMATION *v;
	DWORD len = 0;
	size_t bytes = 0;

	(void)GetLogicalProcessorInformation(NULL, &len);
	v = len > 0 ? malloc(len) : NULL;
	if (!v || !GetLogicalProcessorInformation(v, &len))
		len = 0;
	for (size_t i = 0; i < len / sizeof(*v); i++)
		if (v[i].Relationship == RelationCache && v[i].Cache.Level == 2)
			bytes = v[i].Cache.Size;
	free(v);
	return bytes;
}
