/* SPDX-License-Identifier: MIT */
/* A run of hooks: what no system does in another way. */
#include "host/hooks_run_uv.h"

#include <stdio.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/message.h"
#include "host/hook_command.h"

static void run_free(struct xt_hooks_run *run)
{
	if (run->clear)
		run->clear(run);
	for (size_t i = 0; i < run->n && run->commands; i++)
		free(run->commands[i]);
	free(run->commands);
	free(run->lines);
	free(run);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct xt_hooks_run *run = handle->data;
	struct xt_hooks_result result = run->result;
	xt_hooks_done *done = run->done;
	void *ctx = run->ctx;

	run_free(run);
	done(ctx, &result);
}

void xt_hooks_run_finish(struct xt_hooks_run *run)
{
	if (run->over)
		return;
	run->over = true;
	uv_close((uv_handle_t *)&run->timer, on_timer_closed);
}

void xt_hooks_run_note(struct xt_hooks_run *run, int error)
{
	run->result.error = error;
	run->result.at = run->at;
	run->result.line = run->at < run->n ? run->lines[run->at] : 0;
}

void xt_hooks_run_fail(struct xt_hooks_run *run, int error)
{
	xt_hooks_run_note(run, error);
	xt_hooks_run_finish(run);
}

void xt_hooks_run_print(const char *command, size_t len)
{
	char *text;
	int n = asprintf(&text, "[#] %.*s\n", (int)len, command);

	if (n < 0)
		return;
	xt_message_lines(XT_LOG_NOTICE, text, (size_t)n);
	free(text);
}

static bool commands_expand(struct xt_hooks_run *run, const struct xt_hooks_options *options)
{
	const struct xt_conf_hooks *hooks = options->hooks;

	for (size_t i = 0; i < hooks->n; i++) {
		run->commands[i] = xt_hook_expand(hooks->v[i].command, options->name);
		run->lines[i] = hooks->v[i].line;
		run->n = i + 1;
		if (!run->commands[i])
			return false;
	}
	return true;
}

int xt_hooks_run_start(struct xt_hooks_run *run, uv_loop_t *loop,
		       const struct xt_hooks_options *options, bool with_commands, uv_timer_cb next,
		       xt_hooks_done *done, void *ctx)
{
	run->loop = loop;
	run->done = done;
	run->ctx = ctx;
	run->at = options->from;
	run->commands = calloc(options->hooks->n + 1, sizeof(*run->commands));
	run->lines = calloc(options->hooks->n + 1, sizeof(*run->lines));
	if (!run->commands || !run->lines || (with_commands && !commands_expand(run, options))) {
		run_free(run);
		return XT_E_NOMEM;
	}
	uv_timer_init(loop, &run->timer);
	run->timer.data = run->process.data = run;
	uv_timer_start(&run->timer, next, 0, 0);
	return 0;
}
