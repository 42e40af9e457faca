/* SPDX-License-Identifier: MIT */
#include "base/startup.h"

static struct xt_startup *shared;

void xt_startup_use(struct xt_startup *startup)
{
	shared = startup;
}

struct xt_startup *xt_startup_shared(void)
{
	return shared;
}

void xt_startup_count(enum xt_startup_phase phase, size_t done, size_t total)
{
	if (!shared)
		return;
	atomic_store(&shared->done, done);
	atomic_store(&shared->total, total);
	atomic_store(&shared->phase, phase);
}
