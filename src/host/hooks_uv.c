/* SPDX-License-Identifier: MIT */
/* Hooks: one command after the other, each in a process group of its own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/message.h"
#include "host/hook_command.h"
#include "host/hooks_run_uv.h"
#include "host/runner_client_uv.h"
#include "host/stderr.h"
#include "platform/fd.h"
#include "platform/memory_file.h"

#define KILL_AFTER_MS 2000
#define PRINT_WAIT_MS 200 /* for the reader of standard error, so that a hook's output follows */

/* base     first member: what the callers hold
 * output   file in memory that the hooks write to; -1: our standard error
 * printed  the present command
 * task     of the runner, which is awaited */
struct hooks_run {
	struct xt_hooks_run base;
	int output;
	bool printed, quiet;
	struct xt_runner *runner;
	enum xt_hook_list list;
	struct xt_runner_task *task;
	unsigned waited_ms;
};

static void hook_next(uv_timer_t *timer);

static void run_clear(struct xt_hooks_run *base)
{
	struct hooks_run *run = XT_CONTAINER(base, struct hooks_run, base);

	if (run->output >= 0)
		close(run->output);
}

/* The end of what the hook wrote goes into the result, and to our standard error. */
static void output_read(struct hooks_run *run)
{
	char *to = run->base.result.output;
	const size_t room = sizeof(run->base.result.output) - 1;
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
	struct hooks_run *run = handle->data;

	if (run->base.cancelled) {
		xt_hooks_run_fail(&run->base, -ECANCELED);
	} else if (run->base.result.error) {
		xt_hooks_run_finish(&run->base);
	} else {
		run->base.at++;
		run->printed = false;
		hook_next(&run->base.timer);
	}
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal)
{
	struct hooks_run *run = process->data;

	run->base.running = false;
	output_read(run);
	if (status || signal) {
		xt_hooks_run_note(&run->base, XT_E_INVALID);
		run->base.result.status = status;
		run->base.result.signal = signal;
	}
	uv_close((uv_handle_t *)process, on_process_closed);
}

static int hook_spawn(struct hooks_run *run, bool bash)
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

	xt_hook_args(args, bash, run->base.commands[run->base.at]);
	options.file = args[0];
	xt_fd_cloexec_from(STDERR_FILENO + 1);
	return uv_spawn(run->base.loop, &run->base.process, &options);
}

/* libuv requires that the handle of a failed start is closed before it is used again. */
static void on_bash_missing(uv_handle_t *handle)
{
	struct hooks_run *run = handle->data;
	int err;

	if (run->base.cancelled) {
		xt_hooks_run_fail(&run->base, -ECANCELED);
		return;
	}
	err = hook_spawn(run, false);
	run->base.running = err == 0;
	if (err) {
		xt_hooks_run_note(&run->base, err);
		uv_close(handle, on_process_closed);
	}
}

static void command_print(struct hooks_run *run, const char *command, size_t len)
{
	run->printed = true;
	run->waited_ms = 0;
	if (!run->quiet)
		xt_hooks_run_print(command, len);
}

/* --- by the runner: its hook's text is printed here before it is started there --- */

static void remote_fail(struct hooks_run *run, int error)
{
	run->base.result.error = run->base.cancelled ? -ECANCELED : error;
	run->base.result.at = run->base.at;
	xt_hooks_run_finish(&run->base);
}

static void on_text(void *ctx, int error, const uint8_t *data, size_t len)
{
	struct hooks_run *run = ctx;
	struct xt_runner_text head;

	run->task = NULL;
	if (error < 0 || run->base.cancelled) {
		remote_fail(run, error);
	} else if (len < sizeof(head)) {
		xt_hooks_run_finish(&run->base); /* there is no more */
	} else {
		memcpy(&head, data, sizeof(head));
		run->base.result.line = head.line;
		command_print(run, (const char *)data + sizeof(head), len - sizeof(head));
		hook_next(&run->base.timer);
	}
}

static void text_fetch(struct hooks_run *run)
{
	int rc =
	    xt_runner_hook_text(&run->task, run->runner, run->list, run->base.at, on_text, run);

	if (rc < 0)
		remote_fail(run, rc);
}

/* The runner knows the hook by its list of one: line, error and output are of it. */
static void on_remote_done(void *ctx, int error, const uint8_t *data, size_t len)
{
	struct hooks_run *run = ctx;

	run->task = NULL;
	if (error == 0 && len != sizeof(run->base.result))
		error = XT_E_INVALID;
	if (error < 0) {
		remote_fail(run, error);
		return;
	}
	memcpy(&run->base.result, data, sizeof(run->base.result));
	run->base.result.at = run->base.at;
	if (run->base.result.error > 0)
		run->base.result.error = XT_E_INVALID;
	run->base.result.output[sizeof(run->base.result.output) - 1] = '\0';
	xt_message_lines(XT_LOG_NOTICE, run->base.result.output, strlen(run->base.result.output));
	if (run->base.result.error < 0) {
		xt_hooks_run_finish(&run->base);
	} else {
		run->base.at++;
		run->printed = false;
		hook_next(&run->base.timer);
	}
}

static void remote_start(struct hooks_run *run)
{
	int rc = xt_runner_hook(&run->task, run->runner, run->list, run->base.at, run->output >= 0,
				on_remote_done, run);

	if (rc < 0)
		remote_fail(run, rc);
}

static void hook_next(uv_timer_t *timer)
{
	struct hooks_run *run = timer->data;
	int err;

	if (run->base.cancelled) {
		xt_hooks_run_fail(&run->base, -ECANCELED);
		return;
	}
	if (run->runner && !run->printed) {
		text_fetch(run);
		return;
	}
	if (!run->runner && run->base.at >= run->base.n) {
		xt_hooks_run_finish(&run->base);
		return;
	}
	if (!run->printed)
		command_print(run, run->base.commands[run->base.at],
			      strlen(run->base.commands[run->base.at]));
	if (!xt_stderr_idle() && run->waited_ms++ < PRINT_WAIT_MS) {
		uv_timer_start(timer, hook_next, 1, 0);
		return;
	}
	if (run->runner) {
		remote_start(run);
		return;
	}
	err = hook_spawn(run, true);
	run->base.process.data = run;
	run->base.running = err == 0;
	if (err == UV_ENOENT || err == UV_EACCES) {
		uv_close((uv_handle_t *)&run->base.process, on_bash_missing);
	} else if (err) {
		xt_hooks_run_note(&run->base, err);
		uv_close((uv_handle_t *)&run->base.process, on_process_closed);
	}
}

int xt_hooks_start(struct xt_hooks_run **out, uv_loop_t *loop,
		   const struct xt_hooks_options *options, xt_hooks_done *done, void *ctx)
{
	struct hooks_run *run = calloc(1, sizeof(*run));
	int rc;

	if (!run)
		return XT_E_NOMEM;
	run->base.clear = run_clear;
	run->output = options->capture ? xt_memory_file("hook") : -1;
	run->quiet = options->quiet;
	run->runner = options->runner;
	run->list = options->list;
	rc = xt_hooks_run_start(&run->base, loop, options, !run->runner, hook_next, done, ctx);
	if (rc == 0)
		*out = &run->base;
	return rc;
}

static void on_kill(uv_timer_t *timer)
{
	struct hooks_run *run = timer->data;

	if (run->base.running)
		kill(-run->base.process.pid, SIGKILL);
}

void xt_hooks_cancel(struct xt_hooks_run *base)
{
	struct hooks_run *run = XT_CONTAINER(base, struct hooks_run, base);

	if (base->over || base->cancelled)
		return;
	base->cancelled = true;
	if (run->task)
		xt_runner_cancel(run->task);
	if (!base->running)
		return; /* the next step sees it */
	kill(-base->process.pid, SIGTERM);
	uv_timer_start(&base->timer, on_kill, KILL_AFTER_MS, 0);
}
