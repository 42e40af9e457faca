/* Memory that packets lie in: pages that come when they are touched, are not in core dumps, and can
 * become huge ones. */
#ifndef XT_BASE_SLAB_H
#define XT_BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define XT_SLAB_HUGE ((size_t)2 << 20)

/* len bytes of zeroes that cost nothing until they are touched, page by page: an idle endpoint is
 * small. Begins on a boundary of XT_SLAB_HUGE when it is at least that long. NULL: no memory. */
uint8_t *xt_slab_new(size_t len);
/* What was on its way is nobody's business: the first used bytes are wiped. NULL is fine. */
void xt_slab_free(uint8_t *slab, size_t len, size_t used);

/* From now on it is worth its memory: make the first XT_SLAB_HUGE bytes one huge page, at once
 * where the kernel can (Linux 6.1), else when it likes. Contents stay. A slab that is shorter, or a
 * system without, stays as it is. */
void xt_slab_warm(uint8_t *slab, size_t len);

#endif
