/* SPDX-License-Identifier: MIT */
/* Pages of macOS and the BSDs, which reserve nothing for pages that are not touched. */
#include <sys/mman.h>

#include "base/pages.h"

void *xt_pages_new(size_t len)
{
	void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

void xt_pages_free(void *pages, size_t len)
{
	(void)munmap(pages, len);
}
