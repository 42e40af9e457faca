/* SPDX-License-Identifier: MIT */
/* Where an instance is one process there is no resolver process: it is NULL everywhere. */
#include "host/resolver_client_uv.h"

#include <xtunnel/error.h>

int xt_resolver_process_ask(struct xt_resolver_process *process,
			    const struct xt_resolver_question *question,
			    void (*answered)(void *ctx, const struct xt_resolver_answer *answer),
			    void *ctx)
{
	(void)process;
	(void)question;
	(void)answered;
	(void)ctx;
	return XT_E_UNSUPPORTED;
}

void xt_resolver_process_forget(struct xt_resolver_process *process, const void *ctx)
{
	(void)process;
	(void)ctx;
}
