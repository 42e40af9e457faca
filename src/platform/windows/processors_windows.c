/* SPDX-License-Identifier: MIT */
/* Processors of the process's group: a thread stays in one. */
#include "platform/processors.h"

#include "platform/windows/system_windows.h"

unsigned xt_processors(void)
{
	SYSTEM_INFO info;

	GetSystemInfo(&info);
	return info.dwNumberOfProcessors > 0 ? info.dwNumberOfProcessors : 1;
}
