/* SPDX-License-Identifier: MIT */
/* Hooks by `cmd /c`, one after the other, where an administrator allows them: a file that another
 * user has sent must not run programs by being imported. */
#include "host/hooks_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/message.h"
#include "host/hook_command.h"
#include "platform/windows/places_windows.h"

#define SETTING "DangerousScriptExecution"

struct xt_hooks_run {
	uv_loop_t *loop;
	uv_process_t process;
	uv_timer_t timer; /* 0 ms: start the next */
	char **commands;
	unsigned *lines;
	size_t n, at;
	bool running, cancelled, over;
	xt_hooks_done *done;
	void *ctx;
	struct xt_hooks_result result;
};

static void hook_next(uv_timer_t *timer);

static void run_free(struct xt_hooks_run *run)
{
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

static void run_finish(struct xt_hooks_run *run)
{
	if (run->over)
		return;
	run->over = true;
	uv_close((uv_handle_t *)&run->timer, on_timer_closed);
}

static void run_note(struct xt_hooks_run *run, int error)
{
	run->result.error = error;
	run->result.at = run->at;
	run->result.line = run->at < run->n ? run->lines[run->at] : 0;
}

static void on_process_closed(uv_handle_t *handle)
{
	struct xt_hooks_run *run = handle->data;

	if (run->cancelled)
		run_note(run, -ECANCELED);
	if (run->result.error) {
		run_finish(run);
		return;
	}
	run->at++;
	hook_next(&run->timer);
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal)
{
	struct xt_hooks_run *run = process->data;

	run->running = false;
	if (status || signal) {
		run_note(run, XT_E_INVALID);
		run->result.status = status;
	}
	uv_close((uv_handle_t *)process, on_process_closed);
}

static int hook_spawn(struct xt_hooks_run *run)
{
	char *args[] = {"cmd.exe", "/d", "/c", run->commands[run->at], NULL};
	uv_stdio_container_t stdio[3] = {
	    {.flags = UV_IGNORE},
	    {.flags = UV_INHERIT_FD, .data.fd = 2},
	    {.flags = UV_INHERIT_FD, .data.fd = 2},
	};
	uv_process_options_t options = {
	    .file = args[0],
	    .args = args,
	    .exit_cb = on_process_exit,
	    /* cmd has quoting rules of its own: the command is passed as it is in the file */
	    .flags = UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS | UV_PROCESS_WINDOWS_HIDE,
	    .stdio = stdio,
	    .stdio_count = 3,
	};

	return uv_spawn(run->loop, &run->process, &options);
}

static void command_print(const char *command)
{
	char *text;
	int n = asprintf(&text, "[#] %s\n", command);

	if (n < 0)
		return;
	xt_message_lines(XT_LOG_NOTICE, text, (size_t)n);
	free(text);
}

static void hook_next(uv_timer_t *timer)
{
	struct xt_hooks_run *run = timer->data;
	int err;

	if (run->cancelled || run->at >= run->n) {
		if (run->cancelled)
			run_note(run, -ECANCELED);
		run_finish(run);
		return;
	}
	command_print(run->commands[run->at]);
	err = hook_spawn(run);
	run->process.data = run;
	run->running = err == 0;
	if (err) {
		run_note(run, err);
		uv_close((uv_handle_t *)&run->process, on_process_closed);
	}
}

/* Skipped, and said so once a list. */
static void refuse_print(const struct xt_hooks_options *options)
{
	static const char *const words[] = {"PreUp", "PostUp", "PreDown", "PostDown"};

	if (options->hooks->n > options->from)
		xt_message("%s: %s is skipped: hooks are off on this host, see xtunnel(8)",
			   options->name, words[options->list]);
}

int xt_hooks_start(struct xt_hooks_run **out, uv_loop_t *loop,
		   const struct xt_hooks_options *options, xt_hooks_done *done, void *ctx)
{
	const struct xt_conf_hooks *hooks = options->hooks;
	struct xt_hooks_run *run = calloc(1, sizeof(*run));
	bool allowed = xt_win_setting(SETTING) != 0;

	if (!run)
		return XT_E_NOMEM;
	run->loop = loop;
	run->done = done;
	run->ctx = ctx;
	run->at = options->from;
	run->commands = calloc(hooks->n + 1, sizeof(*run->commands));
	run->lines = calloc(hooks->n + 1, sizeof(*run->lines));
	bool ok = run->commands && run->lines;
	for (size_t i = 0; ok && allowed && i < hooks->n; i++) {
		run->commands[i] = xt_hook_expand(hooks->v[i].command, options->name);
		run->lines[i] = hooks->v[i].line;
		run->n = i + 1;
		ok = run->commands[i] != NULL;
	}
	if (!ok) {
		run_free(run);
		return XT_E_NOMEM;
	}
	if (!allowed)
		refuse_print(options);
	uv_timer_init(loop, &run->timer);
	run->timer.data = run->process.data = run;
	uv_timer_start(&run->timer, hook_next, 0, 0);
	*out = run;
	return 0;
}

void xt_hooks_cancel(struct xt_hooks_run *run)
{
	if (run->over || run->cancelled)
		return;
	run->cancelled = true;
	if (run->running)
		(void)uv_process_kill(&run->process, SIGTERM);
}
