/* SPDX-License-Identifier: MIT */
/* Memory of many small pieces that a worker thread allocates, and how the system gets it back. */
#ifndef XT_PLATFORM_MALLOC_H
#define XT_PLATFORM_MALLOC_H

/* Once, early: without it nothing comes back. */
void xt_memory_init(void);
/* On the thread that allocates the pieces: a mark to be freed after them, by free() on any thread,
 * which gives their memory back. NULL without memory, or where it is not needed. */
void *xt_memory_mark(void);

/* For a program that is idle most of its time. One pool of memory for all threads, from now on: */
void xt_memory_pool(void);
/* Give back what is free; holds up every thread that allocates. */
void xt_memory_trim(void);

#endif
