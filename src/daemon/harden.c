/* SPDX-License-Identifier: MIT */
/* Core dumps and tracers. */
#include "daemon/harden.h"

#include <sys/resource.h>

#include "platform/process.h"

void xt_process_harden(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0; /* hooks may raise it again for themselves */
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
	xt_process_hide();
}
