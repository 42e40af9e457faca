/* SPDX-License-Identifier: MIT */
/* The locks of OpenBSD: unveil takes the file system away (the lock "landlock"), pledge all system
 * calls but those of a role (the lock "seccomp"). A monitor configures links and opens TUN nodes
 * all its life, which no promise of pledge(2) covers: it stays unconfined. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "platform/sandbox.h"

/* TUNNEL    its sockets were opened by the monitor and are passed on; routes are listed by sysctl
 * RESOLVER  asks name servers; the exporter, which has this role too, asks instances */
static const char *const promises[] = {
    [XT_SANDBOX_TUNNEL] = "stdio inet unix route sendfd recvfd",
    [XT_SANDBOX_MONITOR] = NULL,
    [XT_SANDBOX_RESOLVER] = "stdio rpath inet unix dns sendfd recvfd",
};

static struct xt_lock_result result_of(int rc, const char *step)
{
	if (rc == 0)
		return (struct xt_lock_result){.state = XT_LOCK_TAKEN};
	return (struct xt_lock_result){.state = XT_LOCK_FAILED, .error = -errno, .step = step};
}

void xt_sandbox_lock(const struct xt_sandbox_options *options, struct xt_sandbox_state *state)
{
	memset(state, 0, sizeof(*state));
	if (options->role == XT_SANDBOX_TUNNEL)
		state->locks[XT_LOCK_LANDLOCK] =
		    result_of(unveil("/", "") < 0 || unveil(NULL, NULL) < 0 ? -1 : 0, "unveil");
	if (promises[options->role])
		state->locks[XT_LOCK_SECCOMP] =
		    result_of(pledge(promises[options->role], NULL), "pledge");
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
	return true;
}
