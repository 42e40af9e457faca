/* SPDX-License-Identifier: MIT */
/* Explanations that are the same on each system. */
#include <xtunnel/error.h>

#include "base/message.h"
#include "daemon/explain.h"

void xt_explain_step(const char *name, const char *step, int error)
{
	xt_message("%s: %s: %s", name, step, xt_strerror(error));
}

void xt_explain_directory(const char *sentence, const char *remedy)
{
	xt_message("%s", sentence);
	if (*remedy)
		xt_hint("make it safe: %s", remedy);
}
