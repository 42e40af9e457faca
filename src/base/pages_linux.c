/* SPDX-License-Identifier: MIT */
/* Pages of Linux. Huge pages would make an idle instance large. */
#include <sys/mman.h>

#include "base/pages.h"

void *xt_pages_new(size_t len)
{
	void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	(void)madvise(pages, len, MADV_DONTDUMP);
	(void)madvise(pages, len, MADV_NOHUGEPAGE);
	return pages;
}

void xt_pages_free(void *pages, size_t len)
{
	(void)munmap(pages, len);
}
