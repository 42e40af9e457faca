/* SPDX-License-Identifier: MIT */
/* Memory that malloc does not give: whole pages, and blocks of a large alignment. */
#ifndef XT_BASE_PAGES_H
#define XT_BASE_PAGES_H

#include <stddef.h>

/* len bytes of zeros from the system, len > 0 and a multiple of 4096. A page takes memory once it
 * is touched, and singly. Where the system has a way to say so, no core dump has them. NULL: there
 * is no memory. */
void *xt_pages_new(size_t len);
void xt_pages_free(void *pages, size_t len);

/* len bytes of zeros at a multiple of align, a power of two. NULL: there is no memory. */
void *xt_aligned_new(size_t align, size_t len);
void xt_aligned_free(void *block); /* NULL is fine */

#endif
