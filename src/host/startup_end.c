/* SPDX-License-Identifier: MIT */
#include "host/startup_end.h"

#include <time.h>

#include "base/startup.h"

#define PAUSE_MS 5

void xt_startup_end(void)
{
	struct xt_startup *startup = xt_startup_shared();

	if (!startup)
		return;
	atomic_store(&startup->phase, XT_STARTUP_OTHER);
	for (int ms = 0; atomic_load(&startup->shown) && ms < XT_STARTUP_CLEAR_MS; ms += PAUSE_MS)
		(void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000}, NULL);
}
