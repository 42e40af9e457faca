/* SPDX-License-Identifier: MIT */
/* How a hook ended, as a sentence. */
#include "host/hooks.h"

#include <stdio.h>

#include <xtunnel/error.h>

void xt_hooks_text(const struct xt_hooks_result *result, const char *what, char *buf, size_t len)
{
	if (!result->error)
		snprintf(buf, len, "%s done", what);
	else if (result->error != XT_E_INVALID)
		snprintf(buf, len, "%s on line %u: %s", what, result->line,
			 xt_strerror(result->error));
	else if (result->signal)
		snprintf(buf, len, "%s on line %u was ended by signal %d", what, result->line,
			 result->signal);
	else
		snprintf(buf, len, "%s on line %u ended with status %lld", what, result->line,
			 (long long)result->status);
}
