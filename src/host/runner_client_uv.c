/* SPDX-License-Identifier: MIT */
/* The runner, seen by the monitor: tasks that wait for their answers. */
#include "host/runner_client_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include <xtunnel/error.h>

#include "base/message.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "host/channel_uv.h"

struct xt_runner_task {
	struct xt_runner_task *prev, *next;
	struct xt_runner *runner;
	uint32_t kind, serial;
	xt_runner_done *done;
	void *ctx;
};

/* A thread that waits for a key. state covers answer, under lock. */
struct key_wait {
	uv_async_t wake;
	uv_mutex_t lock;
	uv_cond_t changed;
	enum { KEY_IDLE, KEY_WANTED, KEY_REQUESTED, KEY_ANSWERED } state;
	struct xt_runner_key answer;
};

/* ended  the runner has exited: tasks are answered by the timer, so not from within a call */
struct xt_runner {
	struct xt_channel *channel;
	uv_timer_t timer;
	struct xt_runner_task *tasks;
	uint32_t serial;
	struct key_wait key;
	unsigned handles; /* that are still to be closed */
	bool ended;
};

static void task_finish(struct xt_runner_task *task, int error, const uint8_t *data, size_t len)
{
	xt_runner_done *done = task->done;
	void *ctx = task->ctx;

	DL_DELETE(task->runner->tasks, task);
	free(task);
	done(ctx, error, data, len);
}

/* A callback may begin a task again: that has the timer once more. */
static void on_timer(uv_timer_t *timer)
{
	struct xt_runner *runner = timer->data;
	struct xt_runner_task *task, *next, *failed = runner->tasks;

	runner->tasks = NULL;
	DL_FOREACH_SAFE(failed, task, next)
	{
		DL_DELETE(failed, task);
		DL_APPEND(runner->tasks, task);
		task_finish(task, -EPIPE, NULL, 0);
	}
}

static void on_ended(void *ctx, int error)
{
	struct xt_runner *runner = ctx;

	(void)error;
	runner->ended = true;
	xt_message("the process that runs hooks and programs has ended: none can be run any more; "
		   "start the instance again");
	uv_timer_start(&runner->timer, on_timer, 0, 0);
}

static void read_report(const struct xt_channel_message *message)
{
	int error;

	if (message->len != sizeof(error))
		return;
	memcpy(&error, message->data, sizeof(error));
	if (error < 0)
		xt_message("the process that runs hooks cannot read the file again: %s; hooks stay "
			   "those that it read before",
			   xt_strerror(error));
}

static void on_message(void *ctx, struct xt_channel_message *message)
{
	struct xt_runner *runner = ctx;
	struct xt_runner_task *task;

	if (message->kind == XT_RUNNER_READ) {
		read_report(message);
		return;
	}
	DL_FOREACH(runner->tasks, task)
	if (task->serial == message->serial && task->kind == message->kind) {
		task_finish(task, 0, message->data, message->len);
		return;
	}
}

static void on_wake(uv_async_t *async);

static int key_wait_init(struct key_wait *key, uv_loop_t *loop)
{
	if (uv_mutex_init(&key->lock) < 0)
		return XT_E_NOMEM;
	if (uv_cond_init(&key->changed) < 0) {
		uv_mutex_destroy(&key->lock);
		return XT_E_NOMEM;
	}
	return uv_async_init(loop, &key->wake, on_wake);
}

int xt_runner_open(struct xt_runner **out, uv_loop_t *loop, int fd)
{
	struct xt_runner *runner = calloc(1, sizeof(*runner));
	const struct xt_channel_options options = {.ctx = runner,
						   .message = on_message,
						   .ended = on_ended,
						   .max_len = XT_RUNNER_MESSAGE_MAX};
	int rc;

	if (!runner) {
		close(fd);
		return XT_E_NOMEM;
	}
	rc = xt_channel_open(&runner->channel, loop, fd, &options);
	if (rc == 0) {
		rc = key_wait_init(&runner->key, loop);
		if (rc < 0)
			xt_channel_close(runner->channel);
	}
	if (rc < 0) {
		free(runner);
		return rc;
	}
	uv_timer_init(loop, &runner->timer);
	runner->timer.data = runner;
	runner->key.wake.data = runner;
	*out = runner;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_runner *runner = handle->data;
	struct xt_runner_task *task, *next;

	if (--runner->handles > 0)
		return;
	DL_FOREACH_SAFE(runner->tasks, task, next)
	free(task);
	uv_cond_destroy(&runner->key.changed);
	uv_mutex_destroy(&runner->key.lock);
	free(runner);
}

void xt_runner_close(struct xt_runner *runner)
{
	if (!runner || uv_is_closing((uv_handle_t *)&runner->timer))
		return;
	xt_channel_flush(runner->channel, 100);
	xt_channel_close(runner->channel);
	runner->handles = 2;
	uv_close((uv_handle_t *)&runner->timer, on_closed);
	uv_close((uv_handle_t *)&runner->key.wake, on_closed);
}

static void message_send(struct xt_runner *runner, enum xt_runner_kind kind, const void *data,
			 size_t len)
{
	if (runner)
		(void)xt_channel_send(runner->channel, kind, 0, data, len, NULL, 0);
}

void xt_runner_name(struct xt_runner *runner, const char *name)
{
	char text[16] = "";

	strncpy(text, name, sizeof(text) - 1);
	message_send(runner, XT_RUNNER_NAME, text, sizeof(text));
}

void xt_runner_read(struct xt_runner *runner)
{
	message_send(runner, XT_RUNNER_READ, NULL, 0);
}

void xt_runner_detach(struct xt_runner *runner)
{
	message_send(runner, XT_RUNNER_DETACH, NULL, 0);
}

static int task_start(struct xt_runner_task **out, struct xt_runner *runner,
		      enum xt_runner_kind kind, const void *data, size_t len, xt_runner_done *done,
		      void *ctx)
{
	struct xt_runner_task *task = calloc(1, sizeof(*task));
	int rc;

	if (!task)
		return XT_E_NOMEM;
	*task = (struct xt_runner_task){
	    .runner = runner, .kind = kind, .serial = ++runner->serial, .done = done, .ctx = ctx};
	rc = xt_channel_send(runner->channel, kind, task->serial, data, len, NULL, 0);
	if (rc < 0) {
		free(task);
		return rc;
	}
	DL_APPEND(runner->tasks, task);
	if (runner->ended)
		uv_timer_start(&runner->timer, on_timer, 0, 0);
	*out = task;
	return 0;
}

int xt_runner_hook_text(struct xt_runner_task **out, struct xt_runner *runner, unsigned list,
			size_t index, xt_runner_done *done, void *ctx)
{
	const struct xt_runner_hook hook = {.list = list, .index = (uint32_t)index};

	return task_start(out, runner, XT_RUNNER_HOOK_TEXT, &hook, sizeof(hook), done, ctx);
}

int xt_runner_hook(struct xt_runner_task **out, struct xt_runner *runner, unsigned list,
		   size_t index, bool capture, xt_runner_done *done, void *ctx)
{
	const struct xt_runner_hook hook = {
	    .list = list, .index = (uint32_t)index, .capture = capture};

	return task_start(out, runner, XT_RUNNER_HOOK, &hook, sizeof(hook), done, ctx);
}

int xt_runner_command(struct xt_runner_task **out, struct xt_runner *runner,
		      const char *const *argv, const char *input, size_t len, xt_runner_done *done,
		      void *ctx)
{
	struct xt_secbuf message = XT_SECBUF_INIT(XT_RUNNER_MESSAGE_MAX);
	struct xt_runner_command head = {0};
	int rc;

	for (; argv[head.n_words]; head.n_words++)
		head.words_len += (uint32_t)strlen(argv[head.n_words]) + 1;
	xt_secbuf_append(&message, &head, sizeof(head));
	for (uint32_t i = 0; i < head.n_words; i++)
		xt_secbuf_append(&message, argv[i], strlen(argv[i]) + 1);
	rc = len > 0 ? xt_secbuf_append(&message, input, len) : message.error;
	if (rc == 0)
		rc = task_start(out, runner, XT_RUNNER_COMMAND, message.p, message.len, done, ctx);
	xt_secbuf_clear(&message);
	return rc;
}

void xt_runner_cancel(struct xt_runner_task *task)
{
	(void)xt_channel_send(task->runner->channel, XT_RUNNER_CANCEL, task->serial, NULL, 0, NULL,
			      0);
}

/* --- the key --- */

static void on_key(void *ctx, int error, const uint8_t *data, size_t len)
{
	struct key_wait *key = &((struct xt_runner *)ctx)->key;

	uv_mutex_lock(&key->lock);
	if (error == 0 && len == sizeof(key->answer))
		memcpy(&key->answer, data, sizeof(key->answer));
	else
		key->answer.error = error < 0 ? error : XT_E_INVALID;
	if (key->answer.error > 0)
		key->answer.error = XT_E_INVALID;
	key->answer.text[sizeof(key->answer.text) - 1] = '\0';
	key->state = KEY_ANSWERED;
	uv_cond_signal(&key->changed);
	uv_mutex_unlock(&key->lock);
}

static void on_wake(uv_async_t *async)
{
	struct xt_runner *runner = async->data;
	struct xt_runner_task *task;
	bool wanted;
	int rc;

	uv_mutex_lock(&runner->key.lock);
	wanted = runner->key.state == KEY_WANTED;
	if (wanted)
		runner->key.state = KEY_REQUESTED;
	uv_mutex_unlock(&runner->key.lock);
	if (!wanted)
		return;
	rc = task_start(&task, runner, XT_RUNNER_KEY, NULL, 0, on_key, runner);
	if (rc < 0)
		on_key(runner, rc, NULL, 0);
}

int xt_runner_key(struct xt_runner *runner, struct xt_private *out, char *text, size_t cap)
{
	struct key_wait *key = &runner->key;
	int rc;

	uv_mutex_lock(&key->lock);
	key->state = KEY_WANTED;
	(void)uv_async_send(&key->wake);
	while (key->state != KEY_ANSWERED)
		uv_cond_wait(&key->changed, &key->lock);
	rc = key->answer.error;
	if (rc == 0)
		*out = key->answer.key;
	else
		xt_wipe(out, sizeof(*out));
	xt_text_clean(key->answer.text);
	snprintf(text, cap, "%s", key->answer.text);
	xt_wipe(&key->answer, sizeof(key->answer));
	key->state = KEY_IDLE;
	uv_mutex_unlock(&key->lock);
	return rc;
}
