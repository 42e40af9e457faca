/* SPDX-License-Identifier: MIT */
#include "base/startup.h"

#include <time.h>

#define PAUSE_MS 5

static struct xt_startup *shared;

static void pause_once(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000}, NULL);
}

void xt_startup_share(struct xt_startup *startup)
{
	shared = startup;
}

void xt_startup_count(enum xt_startup_phase phase, size_t done, size_t total)
{
	if (!shared)
		return;
	atomic_store(&shared->done, done);
	atomic_store(&shared->total, total);
	atomic_store(&shared->phase, phase);
}

void xt_startup_end(void)
{
	if (!shared)
		return;
	atomic_store(&shared->phase, XT_STARTUP_OTHER);
	for (int ms = 0; atomic_load(&shared->shown) && ms < XT_STARTUP_CLEAR_MS; ms += PAUSE_MS)
		pause_once();
}
