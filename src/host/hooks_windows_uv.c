/* SPDX-License-Identifier: MIT */
/* Hooks by `cmd /c`, one after the other, where an administrator allows them: a file that another
 * user has sent must not run programs by being imported. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/message.h"
#include "host/hooks_run_uv.h"
#include "platform/windows/places_windows.h"

#define SETTING "DangerousScriptExecution"

static void hook_next(uv_timer_t *timer);

static void on_process_closed(uv_handle_t *handle)
{
	struct xt_hooks_run *run = handle->data;

	if (run->cancelled)
		xt_hooks_run_note(run, -ECANCELED);
	if (run->result.error) {
		xt_hooks_run_finish(run);
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
		xt_hooks_run_note(run, XT_E_INVALID);
		run->result.status = status;
	}
	uv_close((uv_handle_t *)process, on_process_closed);
}

static int hook_spawn(struct xt_hooks_run *run)
{
	char *args[] = {"cmd.exe", "/d", "/c", run->commands[run->at], NULL};
	char file[3 * 260 + 16];
	uv_stdio_container_t stdio[3] = {
	    {.flags = UV_IGNORE},
	    {.flags = UV_INHERIT_FD, .data.fd = 2},
	    {.flags = UV_INHERIT_FD, .data.fd = 2},
	};
	uv_process_options_t options = {
	    .file = file, /* a name alone is looked for in the current directory first */
	    .args = args,
	    .exit_cb = on_process_exit,
	    /* cmd has quoting rules of its own: the command is passed as it is in the file */
	    .flags = UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS | UV_PROCESS_WINDOWS_HIDE,
	    .stdio = stdio,
	    .stdio_count = 3,
	};

	if (!xt_win_system_dir(file, sizeof(file), "/cmd.exe"))
		*file = '\0'; /* which uv_spawn does not find */
	return uv_spawn(run->loop, &run->process, &options);
}

static void hook_next(uv_timer_t *timer)
{
	struct xt_hooks_run *run = timer->data;
	int err;

	if (run->cancelled || run->at >= run->n) {
		if (run->cancelled)
			xt_hooks_run_note(run, -ECANCELED);
		xt_hooks_run_finish(run);
		return;
	}
	xt_hooks_run_print(run->commands[run->at], strlen(run->commands[run->at]));
	err = hook_spawn(run);
	run->process.data = run;
	run->running = err == 0;
	if (err) {
		xt_hooks_run_note(run, err);
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
	struct xt_hooks_run *run = calloc(1, sizeof(*run));
	bool allowed = xt_win_setting(SETTING) != 0;
	int rc = XT_E_NOMEM;

	if (run)
		rc = xt_hooks_run_start(run, loop, options, allowed, hook_next, done, ctx);
	if (rc < 0)
		return rc;
	if (!allowed)
		refuse_print(options);
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
