/* SPDX-License-Identifier: MIT */
/* Where an instance is one process there is no runner: it is NULL everywhere, and this process runs
 * hooks itself. */
#include "host/runner_client_uv.h"

#include <errno.h>

#include <xtunnel/error.h>

void xt_runner_name(struct xt_runner *runner, const char *name)
{
	(void)runner;
	(void)name;
}

void xt_runner_read(struct xt_runner *runner)
{
	(void)runner;
}

void xt_runner_detach(struct xt_runner *runner)
{
	(void)runner;
}

int xt_runner_command(struct xt_runner_task **out, struct xt_runner *runner,
		      const char *const *argv, const char *input, size_t len, xt_runner_done *done,
		      void *ctx)
{
	(void)out;
	(void)runner;
	(void)argv;
	(void)input;
	(void)len;
	(void)done;
	(void)ctx;
	return XT_E_UNSUPPORTED;
}

void xt_runner_cancel(struct xt_runner_task *task)
{
	(void)task;
}
