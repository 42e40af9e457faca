/* SPDX-License-Identifier: MIT */
/* The filter of a build without libseccomp: there is none. */
#include "platform/linux/sandbox_linux.h"

void xt_lock_seccomp(enum xt_sandbox_role role, struct xt_lock_result *result)
{
	(void)role;
	*result = (struct xt_lock_result){XT_LOCK_FAILED, 0, "not in this build: no libseccomp"};
}

void xt_sandbox_rings_limit(void)
{
}
