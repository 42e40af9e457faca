/* SPDX-License-Identifier: MIT */
/* A system without locks of this kind: the process stays unconfined, and says so. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "platform/sandbox.h"

void xt_sandbox_lock(const struct xt_sandbox_options *options, struct xt_sandbox_state *state)
{
	(void)options;
	memset(state, 0, sizeof(*state));
	state->uid = (uint32_t)geteuid();
}

int xt_sandbox_signal(void)
{
	return SIGUSR2; /* none is sent; a thread may block all others */
}

/* There are no rings of io_uring here. */
void xt_sandbox_rings_limit(void)
{
}

bool xt_sandbox_available(void)
{
	return false;
}
