/* Slabs of packets. */
#include "base/slab.h"

#include <sys/mman.h>

#include "base/bytes.h"
#include "base/text.h"

#if defined(__linux__) && !defined(MADV_COLLAPSE)
#define MADV_COLLAPSE 25
#endif

/* The part of a longer mapping that begins on a boundary; what is before and behind goes back. */
static uint8_t *aligned(size_t len)
{
	size_t more = len + XT_SLAB_HUGE, before;
	uint8_t *p = mmap(NULL, more, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return MAP_FAILED;
	before = (size_t)(-(uintptr_t)p % XT_SLAB_HUGE);
	if (before)
		munmap(p, before);
	munmap(p + before + len, XT_SLAB_HUGE - before);
	return p + before;
}

static size_t mapped(size_t len)
{
	return XT_ALIGN_UP(len, (size_t)4096);
}

uint8_t *xt_slab_new(size_t len)
{
	uint8_t *p;

	if (len > SIZE_MAX / 2)
		return NULL;
	len = mapped(len);
	if (len >= XT_SLAB_HUGE)
		p = aligned(len);
	else
		p = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
#ifdef MADV_DONTDUMP
	(void)madvise(p, len, MADV_DONTDUMP);
#endif
#ifdef MADV_NOHUGEPAGE
	(void)madvise(p, len, MADV_NOHUGEPAGE);
#endif
	return p;
}

void xt_slab_free(uint8_t *slab, size_t len, size_t used)
{
	if (!slab)
		return;
	xt_wipe(slab, used);
	munmap(slab, mapped(len));
}

void xt_slab_warm(uint8_t *slab, size_t len)
{
	if (len < XT_SLAB_HUGE)
		return;
#ifdef MADV_COLLAPSE
	if (madvise(slab, XT_SLAB_HUGE, MADV_HUGEPAGE) == 0)
		(void)madvise(slab, XT_SLAB_HUGE, MADV_COLLAPSE);
#endif
}
