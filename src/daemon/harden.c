/* SPDX-License-Identifier: MIT */
/* Core dumps and tracers. A pipe in core_pattern ignores the limit, so the process is made
 * undumpable as well. */
#include "daemon/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void xt_process_harden(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0; /* hooks may raise it again for themselves */
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
