/* SPDX-License-Identifier: MIT */
/* Hooks: one command after the other, each in a process group of its own. */
#include "host/hooks_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/message.h"
#include "host/hook_command.h"
#include "host/runner_client_uv.h"
#include "host/stderr.h"
#include "platform/fd.h"
#include "platform/memory_file.h"

#define KILL_AFTER_MS 2000
#define PRINT_WAIT_MS 200 /* for the reader of standard error, so that a hook's output follows */

struct xt_hooks_run {
	uv_loop_t *loop;
	uv_process_t process;
	uv_timer_t timer; /* 0 ms: start the next; after a cancel: SIGKILL */
	char **commands;
	unsigned *lines;
	size_t n, at;
	char *name;
	int output; /* file in memory that the hooks write to; -1: our standard error */
	bool running, cancelled, over;
	bool printed; /* the present command */
	bool quiet;
	struct xt_runner *runner;
	enum xt_hook_list list;
	struct xt_runner_task *task; /* of the runner, which is awaited */
	unsigned waited_ms;
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
	free(run->name);
	if (run->output >= 0)
		close(run->output);
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

/* Also of a hook that could not be started; run->at may be past the last one. */
static void run_note(struct xt_hooks_run *run, int error)
{
	run->result.error = error;
	run->result.at = run->at;
	run->result.line = run->at < run->n ? run->lines[run->at] : 0;
}

static void run_fail(struct xt_hooks_run *run, int error)
{
	run_note(run, error);
	run_finish(run);
}

/* The end of what the hook wrote goes into the result, and to our standard error. */
static void output_read(struct xt_hooks_run *run)
{
	char *to = run->result.output;
	const size_t room = sizeof(run->result.output) - 1;
	off_t end = run->output >= 0 ? lseek(run->output, 0, SEEK_END) : 0;
	ssize_t n = 0;

	if (end > 0)
		n = pread(run->output, to, room, end > (off_t)room ? end - (off_t)room : 0);
	to[n > 0 ? n : 0] = '\0';
	if (end <= 0)
		return;
	if (!run->quiet)
		xt_message_lines(XT_LOG_NOTICE, to, strlen(to));
	(void)(ftruncate(run->output, 0) == 0 && lseek(run->output, 0, SEEK_SET));
}

static void on_process_closed(uv_handle_t *handle)
{
	struct xt_hooks_run *run = handle->data;

	if (run->cancelled) {
		run_fail(run, -ECANCELED);
	} else if (run->result.error) {
		run_finish(run);
	} else {
		run->at++;
		run->printed = false;
		hook_next(&run->timer);
	}
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal)
{
	struct xt_hooks_run *run = process->data;

	run->running = false;
	output_read(run);
	if (status || signal) {
		run_note(run, XT_E_INVALID);
		run->result.status = status;
		run->result.signal = signal;
	}
	uv_close((uv_handle_t *)process, on_process_closed);
}

static int hook_spawn(struct xt_hooks_run *run, bool bash)
{
	const char *args[XT_HOOK_ARGS];
	int out = run->output >= 0 ? run->output : STDERR_FILENO;
	uv_stdio_container_t stdio[3] = {
	    {.flags = UV_IGNORE},
	    {.flags = UV_INHERIT_FD, .data.fd = out},
	    {.flags = UV_INHERIT_FD, .data.fd = out},
	};
	uv_process_options_t options = {
	    .args = (char **)(uintptr_t)args,
	    .exit_cb = on_process_exit,
	    .flags = UV_PROCESS_DETACHED, /* a process group: a cancel reaches its children too */
	    .stdio = stdio,
	    .stdio_count = 3,
	};

	xt_hook_args(args, bash, run->commands[run->at]);
	options.file = args[0];
	xt_fd_cloexec_from(STDERR_FILENO + 1);
	return uv_spawn(run->loop, &run->process, &options);
}

/* libuv requires that the handle of a failed start is closed before it is used again. */
static void on_bash_missing(uv_handle_t *handle)
{
	struct xt_hooks_run *run = handle->data;
	int err;

	if (run->cancelled) {
		run_fail(run, -ECANCELED);
		return;
	}
	err = hook_spawn(run, false);
	run->running = err == 0;
	if (err) {
		run_note(run, err);
		uv_close(handle, on_process_closed);
	}
}

static void command_print(struct xt_hooks_run *run, const char *command, size_t len)
{
	char *text;
	int n;

	run->printed = true;
	run->waited_ms = 0;
	if (run->quiet)
		return;
	n = asprintf(&text, "[#] %.*s\n", (int)len, command);
	if (n < 0)
		return;
	xt_message_lines(XT_LOG_NOTICE, text, (size_t)n);
	free(text);
}

/* --- by the runner: its hook's text is printed here before it is started there --- */

static void remote_fail(struct xt_hooks_run *run, int error)
{
	run->result.error = run->cancelled ? -ECANCELED : error;
	run->result.at = run->at;
	run_finish(run);
}

static void on_text(void *ctx, int error, const uint8_t *data, size_t len)
{
	struct xt_hooks_run *run = ctx;
	struct xt_runner_text head;

	run->task = NULL;
	if (error < 0 || run->cancelled) {
		remote_fail(run, error);
	} else if (len < sizeof(head)) {
		run_finish(run); /* there is no more */
	} else {
		memcpy(&head, data, sizeof(head));
		run->result.line = head.line;
		command_print(run, (const char *)data + sizeof(head), len - sizeof(head));
		hook_next(&run->timer);
	}
}

static void text_fetch(struct xt_hooks_run *run)
{
	int rc = xt_runner_hook_text(&run->task, run->runner, run->list, run->at, on_text, run);

	if (rc < 0)
		remote_fail(run, rc);
}

/* The runner knows the hook by its list of one: line, error and output are of it. */
static void on_remote_done(void *ctx, int error, const uint8_t *data, size_t len)
{
	struct xt_hooks_run *run = ctx;

	run->task = NULL;
	if (error == 0 && len != sizeof(run->result))
		error = XT_E_INVALID;
	if (error < 0) {
		remote_fail(run, error);
		return;
	}
	memcpy(&run->result, data, sizeof(run->result));
	run->result.at = run->at;
	if (run->result.error > 0)
		run->result.error = XT_E_INVALID;
	run->result.output[sizeof(run->result.output) - 1] = '\0';
	xt_message_lines(XT_LOG_NOTICE, run->result.output, strlen(run->result.output));
	if (run->result.error < 0) {
		run_finish(run);
	} else {
		run->at++;
		run->printed = false;
		hook_next(&run->timer);
	}
}

static void remote_start(struct xt_hooks_run *run)
{
	int rc = xt_runner_hook(&run->task, run->runner, run->list, run->at, run->output >= 0,
				on_remote_done, run);

	if (rc < 0)
		remote_fail(run, rc);
}

static void hook_next(uv_timer_t *timer)
{
	struct xt_hooks_run *run = timer->data;
	int err;

	if (run->cancelled) {
		run_fail(run, -ECANCELED);
		return;
	}
	if (run->runner && !run->printed) {
		text_fetch(run);
		return;
	}
	if (!run->runner && run->at >= run->n) {
		run_finish(run);
		return;
	}
	if (!run->printed)
		command_print(run, run->commands[run->at], strlen(run->commands[run->at]));
	if (!xt_stderr_idle() && run->waited_ms++ < PRINT_WAIT_MS) {
		uv_timer_start(timer, hook_next, 1, 0);
		return;
	}
	if (run->runner) {
		remote_start(run);
		return;
	}
	err = hook_spawn(run, true);
	run->process.data = run;
	run->running = err == 0;
	if (err == UV_ENOENT || err == UV_EACCES) {
		uv_close((uv_handle_t *)&run->process, on_bash_missing);
	} else if (err) {
		run_note(run, err);
		uv_close((uv_handle_t *)&run->process, on_process_closed);
	}
}

int xt_hooks_start(struct xt_hooks_run **out, uv_loop_t *loop,
		   const struct xt_hooks_options *options, xt_hooks_done *done, void *ctx)
{
	const struct xt_conf_hooks *hooks = options->hooks;
	struct xt_hooks_run *run = calloc(1, sizeof(*run));

	if (!run)
		return XT_E_NOMEM;
	run->loop = loop;
	run->done = done;
	run->ctx = ctx;
	run->at = options->from;
	run->output = options->capture ? xt_memory_file("hook") : -1;
	run->quiet = options->quiet;
	run->runner = options->runner;
	run->list = options->list;
	run->name = strdup(options->name);
	run->commands = calloc(hooks->n + 1, sizeof(*run->commands));
	run->lines = calloc(hooks->n + 1, sizeof(*run->lines));
	bool ok = run->name && run->commands && run->lines;
	for (size_t i = 0; ok && !run->runner && i < hooks->n; i++) {
		run->commands[i] = xt_hook_expand(hooks->v[i].command, run->name);
		run->lines[i] = hooks->v[i].line;
		run->n = i + 1;
		ok = run->commands[i] != NULL;
	}
	if (!ok) {
		run_free(run);
		return XT_E_NOMEM;
	}
	uv_timer_init(loop, &run->timer);
	run->timer.data = run;
	run->process.data = run;
	uv_timer_start(&run->timer, hook_next, 0, 0);
	*out = run;
	return 0;
}

static void on_kill(uv_timer_t *timer)
{
	struct xt_hooks_run *run = timer->data;

	if (run->running)
		kill(-run->process.pid, SIGKILL);
}

void xt_hooks_cancel(struct xt_hooks_run *run)
{
	if (run->over || run->cancelled)
		return;
	run->cancelled = true;
	if (run->task)
		xt_runner_cancel(run->task);
	if (!run->running)
		return; /* the next step sees it */
	kill(-run->process.pid, SIGTERM);
	uv_timer_start(&run->timer, on_kill, KILL_AFTER_MS, 0);
}
