/* SPDX-License-Identifier: MIT */
/* The state of the locks for `show`, JSON and the log. */
#ifndef XT_DAEMON_SANDBOX_STATUS_H
#define XT_DAEMON_SANDBOX_STATUS_H

#include "ipc/status.h"
#include "platform/sandbox.h"

struct xt_sandbox_texts {
	const char *summary;
	char text[XT_LOCKS][XT_LOCK_TEXT];
	struct xt_status_lock locks[XT_LOCKS + 1];
};

/* The words of a state for struct xt_status. An instance without locks: a zeroed state. */
void xt_sandbox_texts(struct xt_sandbox_texts *texts, const struct xt_sandbox_state *state);

/* One line for all that were taken, a warning for each that is missing. */
void xt_sandbox_log(const struct xt_sandbox_state *state);

#endif
