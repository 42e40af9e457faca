/* SPDX-License-Identifier: MIT */
/* Locks as facts of the status, and as lines of the log. */
#include "daemon/sandbox_status.h"

#include <string.h>

#include "base/log.h"

static const char *summary_word(const struct xt_sandbox_state *state)
{
	static const char *const words[] = {
	    [XT_SANDBOX_OFF] = "off",
	    [XT_SANDBOX_ON] = "on",
	    [XT_SANDBOX_PARTIAL] = "partial",
	    [XT_SANDBOX_UNCONFINED] = "unconfined",
	};

	return words[xt_sandbox_summary(state)];
}

void xt_sandbox_texts(struct xt_sandbox_texts *texts, const struct xt_sandbox_state *state)
{
	for (unsigned i = 0; i < XT_LOCKS; i++)
		texts->locks[i] = (struct xt_status_lock){
		    xt_lock_name((enum xt_lock)i), xt_lock_text(&state->locks[i], texts->text[i])};
	texts->locks[XT_LOCKS] = (struct xt_status_lock){NULL, NULL};
	texts->summary = summary_word(state);
}

void xt_sandbox_log(const struct xt_sandbox_state *state)
{
	char text[XT_LOCK_TEXT];

	xt_log_notice("sandbox: %s, user %u", summary_word(state), (unsigned)state->uid);
	for (unsigned i = 0; i < XT_LOCKS; i++)
		if (state->locks[i].state == XT_LOCK_FAILED)
			xt_log_warning("sandbox: %s: %s", xt_lock_name((enum xt_lock)i),
				       xt_lock_text(&state->locks[i], text));
}
