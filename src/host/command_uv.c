/* SPDX-License-Identifier: MIT */
/* One program on a loop: a pipe for its standard input, one for its standard error, a time
 * limit. */
#include "host/command_uv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "host/runner_client_uv.h"
#include "platform/fd.h"

struct xt_command {
	uv_process_t process;
	uv_pipe_t in, err;
	uv_timer_t limit;
	uv_write_t write;
	char *input;
	size_t len;
	unsigned open; /* handles that the loop still holds */
	bool running, timed_out;
	size_t message_len;
	char buf[512];
	xt_command_done *done;
	void *ctx;
	struct xt_command_result result;
	struct xt_runner_task *task; /* the runner runs it: no handle is in use */
};

static void command_end(struct xt_command *command)
{
	struct xt_command_result result = command->result;
	xt_command_done *done = command->done;
	void *ctx = command->ctx;

	result.message[strcspn(result.message, "\r\n")] = '\0';
	xt_text_clean(result.message);
	free(command->input);
	free(command);
	done(ctx, &result);
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_command *command = handle->data;

	if (--command->open == 0)
		command_end(command);
}

static void handle_close(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

/* The end of its standard error is not awaited, because a child of the program may hold that open.
 * What the program wrote before it ended was read before, or is read here. */
static void command_finish(struct xt_command *command)
{
	uv_os_fd_t fd;

	if (command->result.message[0] == '\0' && uv_fileno((uv_handle_t *)&command->err, &fd) == 0)
		command->result.message[xt_fd_rest((intptr_t)fd, command->result.message,
						   sizeof(command->result.message) - 1)] = '\0';
	handle_close(&command->process);
	handle_close(&command->in);
	handle_close(&command->err);
	handle_close(&command->limit);
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal)
{
	struct xt_command *command = process->data;

	command->running = false;
	command->result.status = status;
	command->result.signal = signal;
	if (command->timed_out)
		command->result.error = -ETIMEDOUT;
	else if (status != 0 || signal != 0)
		command->result.error = XT_E_INVALID;
	command_finish(command);
}

static void on_limit(uv_timer_t *timer)
{
	struct xt_command *command = timer->data;

	if (command->result.error != 0 && !command->running) {
		command_finish(command);
		return;
	}
	command->timed_out = true;
	xt_command_kill(command);
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
	struct xt_command *command = handle->data;

	(void)hint;
	*buf = uv_buf_init(command->buf, sizeof(command->buf));
}

static void on_error_text(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct xt_command *command = stream->data;
	size_t room = sizeof(command->result.message) - 1 - command->message_len;

	if (n < 0) {
		uv_read_stop(stream);
		return;
	}
	size_t n_kept = XT_MIN(room, (size_t)n);
	memcpy(command->result.message + command->message_len, buf->base, n_kept);
	command->message_len += n_kept;
}

static void on_written(uv_write_t *write, int status)
{
	struct xt_command *command = write->data;

	(void)status; /* a program that does not read its input reports that by its exit status */
	handle_close(&command->in);
}

static int command_spawn(struct xt_command *command, uv_loop_t *loop, const char *const *argv)
{
	uv_stdio_container_t stdio[3] = {
	    {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
	     .data.stream = (uv_stream_t *)&command->in},
	    {.flags = UV_IGNORE},
	    {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
	     .data.stream = (uv_stream_t *)&command->err},
	};
	uv_process_options_t options = {
	    .file = argv[0],
	    .args = (char **)(uintptr_t)argv,
	    .exit_cb = on_process_exit,
	    .stdio = stdio,
	    .stdio_count = 3,
	};
	int rc;

	xt_fd_cloexec_from(3);
	rc = uv_spawn(loop, &command->process, &options);
	return rc == UV_ENOENT ? -ENOENT : rc; /* libuv's number is its own on Windows */
}

static void handles_init(struct xt_command *command, uv_loop_t *loop)
{
	uv_pipe_init(loop, &command->in, 0);
	uv_pipe_init(loop, &command->err, 0);
	uv_timer_init(loop, &command->limit);
	command->in.data = command->err.data = command->limit.data = command;
	command->process.data = command->write.data = command;
	command->open = 4;
}

static void input_write(struct xt_command *command)
{
	uv_buf_t buf = uv_buf_init(command->input, (unsigned)command->len);

	if (command->len == 0 ||
	    uv_write(&command->write, (uv_stream_t *)&command->in, &buf, 1, on_written) < 0)
		handle_close(&command->in);
	uv_read_start((uv_stream_t *)&command->err, on_alloc, on_error_text);
}

static void command_free(struct xt_command *command)
{
	if (command)
		free(command->input);
	free(command);
}

static struct xt_command *command_new(const char *input, size_t len, xt_command_done *done,
				      void *ctx)
{
	struct xt_command *command = calloc(1, sizeof(*command));

	if (command)
		command->input = malloc(len + 1);
	if (!command || !command->input) {
		command_free(command);
		return NULL;
	}
	if (len > 0)
		memcpy(command->input, input, len);
	command->len = len;
	command->done = done;
	command->ctx = ctx;
	return command;
}

static void on_remote_done(void *ctx, int error, const uint8_t *data, size_t len)
{
	struct xt_command *command = ctx;
	struct xt_command_result *result = &command->result;

	if (error == 0 && len == sizeof(*result))
		memcpy(result, data, sizeof(*result));
	else
		result->error = error < 0 ? error : XT_E_INVALID;
	if (result->error > 0)
		result->error = XT_E_INVALID;
	result->message[sizeof(result->message) - 1] = '\0';
	command_end(command);
}

int xt_command_start(struct xt_command **out, uv_loop_t *loop, struct xt_runner *runner,
		     const char *const *argv, const char *input, size_t len, xt_command_done *done,
		     void *ctx)
{
	struct xt_command *command = command_new(input, runner ? 0 : len, done, ctx);
	int rc;

	if (!command)
		return XT_E_NOMEM;
	*out = command;
	if (runner) {
		rc = xt_runner_command(&command->task, runner, argv, input, len, on_remote_done,
				       command);
		if (rc < 0)
			command_free(command);
		return rc;
	}
	handles_init(command, loop);
	rc = command_spawn(command, loop, argv);
	command->running = rc == 0;
	command->result.error = rc;
	if (rc == 0)
		input_write(command);
	uv_timer_start(&command->limit, on_limit, rc == 0 ? XT_COMMAND_LIMIT_MS : 0, 0);
	return 0;
}

void xt_command_kill(struct xt_command *command)
{
	if (command->task)
		xt_runner_cancel(command->task);
	else if (command->running)
		(void)uv_process_kill(&command->process, SIGKILL);
}

void xt_command_text(const struct xt_command_result *result, char *buf, size_t len)
{
	const char *colon = result->message[0] ? ": " : "";

	if (result->error == XT_E_INVALID && result->signal != 0)
		snprintf(buf, len, "ended by signal %d%s%s", result->signal, colon,
			 result->message);
	else if (result->error == XT_E_INVALID)
		snprintf(buf, len, "ended with status %lld%s%s", (long long)result->status, colon,
			 result->message);
	else if (result->error == -ENOENT)
		snprintf(buf, len, "is not installed");
	else if (result->error == -ETIMEDOUT)
		snprintf(buf, len, "took longer than %u s", XT_COMMAND_LIMIT_MS / 1000u);
	else
		snprintf(buf, len, "%s", xt_strerror(result->error));
}
