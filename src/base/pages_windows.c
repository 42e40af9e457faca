/* SPDX-License-Identifier: MIT */
/* Pages of Windows: committed, which counts against the page file, and given memory when they are
 * touched. */
#include <windows.h>

#include "base/pages.h"

void *xt_pages_new(size_t len)
{
	return VirtualAlloc(NULL, len, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void xt_pages_free(void *pages, size_t len)
{
	(void)len;
	(void)VirtualFree(pages, 0, MEM_RELEASE);
}
