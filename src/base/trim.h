/* SPDX-License-Identifier: MIT */
/* Memory of many small pieces that a worker thread allocates, and how the system gets it back. */
#ifndef XT_BASE_TRIM_H
#define XT_BASE_TRIM_H

/* Once, early: without it nothing comes back. */
void xt_memory_init(void);
/* On the thread that allocates the pieces: a mark to be freed after them, by free() on any thread,
 * which gives their memory back. NULL without memory, or where it is not needed. */
void *xt_memory_mark(void);

#endif
