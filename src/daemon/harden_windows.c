/* SPDX-License-Identifier: MIT */
/* Error reports of Windows hold the memory of a process that has crashed, and so its keys. */
#include "daemon/harden.h"

#include "platform/windows/system_windows.h"

void xt_process_harden(void)
{
	(void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
	/* A library that is loaded later comes from the system's directory alone. */
	(void)SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
}
