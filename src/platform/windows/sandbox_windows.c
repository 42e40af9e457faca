/* SPDX-License-Identifier: MIT */
/* No lock is taken on Windows: the instance is one process (docs/decisions/0021-windows.md), and
 * reports that it is unconfined. */
#include "platform/sandbox.h"

#include <string.h>

void xt_sandbox_lock(const struct xt_sandbox_options *options, struct xt_sandbox_state *state)
{
	(void)options;
	memset(state, 0, sizeof(*state));
	state->uid = UINT32_MAX;
}

int xt_sandbox_signal(void)
{
	return 0;
}

/* There are no rings of io_uring here. */
void xt_sandbox_rings_limit(void)
{
}

bool xt_sandbox_available(void)
{
	return false;
}
