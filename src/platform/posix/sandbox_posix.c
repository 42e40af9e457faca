/* SPDX-License-Identifier: MIT */
/* The names of locks, and what became of them in words. */
#include <stdio.h>
#include <string.h>

#include "platform/sandbox.h"

const char *xt_lock_name(enum xt_lock lock)
{
	static const char *const names[XT_LOCKS] = {
	    [XT_LOCK_ROOT] = "root",
	    [XT_LOCK_USER] = "user",
	    [XT_LOCK_CAPABILITIES] = "capabilities",
	    [XT_LOCK_PARENT] = "parent",
	    [XT_LOCK_DUMPABLE] = "dumpable",
	    [XT_LOCK_NEW_PRIVILEGES] = "new_privileges",
	    [XT_LOCK_LANDLOCK] = "landlock",
	    [XT_LOCK_LIMITS] = "limits",
	    [XT_LOCK_SECCOMP] = "seccomp",
	};

	return names[lock];
}

const char *xt_lock_text(const struct xt_lock_result *result, char text[XT_LOCK_TEXT])
{
	switch (result->state) {
	case XT_LOCK_UNUSED:
		return "unused";
	case XT_LOCK_TAKEN:
		return "taken";
	case XT_LOCK_FAILED:
		break;
	}
	if (result->error)
		snprintf(text, XT_LOCK_TEXT, "not available here: %s: %s", result->step,
			 strerror(-result->error));
	else
		snprintf(text, XT_LOCK_TEXT, "not available here: %s", result->step);
	return text;
}

enum xt_sandbox_summary xt_sandbox_summary(const struct xt_sandbox_state *state)
{
	bool taken = false, failed = false;

	if (!xt_sandbox_available())
		return XT_SANDBOX_UNCONFINED;
	for (unsigned i = 0; i < XT_LOCKS; i++) {
		taken |= state->locks[i].state == XT_LOCK_TAKEN;
		failed |= state->locks[i].state == XT_LOCK_FAILED;
	}
	return failed ? XT_SANDBOX_PARTIAL : taken ? XT_SANDBOX_ON : XT_SANDBOX_OFF;
}
