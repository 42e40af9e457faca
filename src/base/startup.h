/* SPDX-License-Identifier: MIT */
/* How far the start of an instance is: counters in memory that its processes share with the one
 * that waits for them, which shows them on a terminal. They hold no more than numbers, so the
 * reader need not trust their writer. */
#ifndef XT_BASE_STARTUP_H
#define XT_BASE_STARTUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum xt_startup_phase {
	XT_STARTUP_OTHER, /* nothing that can be counted */
	XT_STARTUP_PEERS,
	XT_STARTUP_ROUTES,
};

/* shown  the reader has a line on the terminal, or is about to write it. It writes none after it
 *	  has seen that the phase is over. */
struct xt_startup {
	atomic_uint phase;
	atomic_size_t done, total;
	atomic_bool shown;
};

/* Count there from now on, also in processes that are forked later. NULL: nowhere. */
void xt_startup_use(struct xt_startup *startup);
struct xt_startup *xt_startup_shared(void);
/* host/startup_end.h has the end of a phase. */
void xt_startup_count(enum xt_startup_phase phase, size_t done, size_t total);

#endif
