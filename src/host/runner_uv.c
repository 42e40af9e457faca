/* SPDX-License-Identifier: MIT */
/* The runner: tasks on a loop that begins with the first message, so that an idle runner is a
 * process that waits in poll(2) and little else. */
#include "host/runner_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <utlist.h>

#include "base/text.h"
#include "host/channel_uv.h"
#include "host/command_uv.h"
#include "host/hook_command.h"
#include "host/hooks_uv.h"
#include "host/process.h"
#include "host/runner.h"
#include "platform/malloc.h"

/* What the runner keeps of the file. */
struct hooks_file {
	char name[16]; /* of the interface */
	char *path;
	struct xt_conf_hooks lists[XT_HOOK_LISTS];
};

/* A hook (run) or a program (command). */
struct task {
	struct task *prev, *next;
	struct server *server;
	uint32_t serial;
	size_t at; /* index of the hook */
	struct xt_hooks_run *run;
	struct xt_command *command;
};

/* used  a hook or program was run: the interface keeps its name */
struct server {
	uv_loop_t loop;
	struct xt_channel *channel;
	struct hooks_file file;
	struct task *tasks;
	unsigned n_tasks;
	xt_runner_key_fn *key_run;
	bool used, ended;
	int status;
};

/* --- the file --- */

static void hooks_clear(struct xt_conf_hooks *hooks)
{
	struct xt_conf conf = {.pre_up = *hooks};

	xt_conf_clear(&conf);
	memset(hooks, 0, sizeof(*hooks));
}

/* Keys go first. */
static void hooks_take(struct hooks_file *file, struct xt_conf *conf)
{
	struct xt_conf_hooks *const lists[XT_HOOK_LISTS] = {
	    [XT_HOOKS_PRE_UP] = &conf->pre_up,
	    [XT_HOOKS_POST_UP] = &conf->post_up,
	    [XT_HOOKS_PRE_DOWN] = &conf->pre_down,
	    [XT_HOOKS_POST_DOWN] = &conf->post_down,
	};

	for (size_t i = 0; i < XT_HOOK_LISTS; i++) {
		hooks_clear(&file->lists[i]);
		file->lists[i] = *lists[i];
		memset(lists[i], 0, sizeof(*lists[i]));
	}
	xt_conf_clear(conf);
	free(xt_memory_mark());
}

/* The monitor has read the file before and printed what is wrong with it; it may have changed. conf
 * is to be cleared, also after an error. */
static int conf_read(struct xt_conf *conf, const char *path)
{
	struct xt_conf_diagnostics diagnostics = {0};
	int rc = path ? xt_conf_reload(conf, path, &diagnostics) : -ENOENT;

	if (rc == 0)
		rc = xt_conf_check(conf, &diagnostics);
	if (rc == 0)
		rc = xt_conf_trust(conf, &diagnostics);
	xt_conf_diagnostics_clear(&diagnostics);
	return rc;
}

static int file_read(struct hooks_file *file)
{
	struct xt_conf conf = {0};
	int rc = conf_read(&conf, file->path);

	if (rc == 0)
		hooks_take(file, &conf);
	else
		xt_conf_clear(&conf);
	return rc;
}

/* --- tasks --- */

static void answer(struct server *server, enum xt_runner_kind kind, uint32_t serial,
		   const void *data, size_t len)
{
	if (!server->ended)
		(void)xt_channel_send(server->channel, kind, serial, data, len, NULL, 0);
}

static struct task *task_find(struct server *server, uint32_t serial)
{
	struct task *task;

	DL_FOREACH(server->tasks, task)
	if (task->serial == serial)
		return task;
	return NULL;
}

/* NULL: no memory, or too many. */
static struct task *task_new(struct server *server, uint32_t serial)
{
	struct task *task = server->n_tasks < XT_RUNNER_TASKS_MAX ? calloc(1, sizeof(*task)) : NULL;

	if (!task)
		return NULL;
	task->server = server;
	task->serial = serial;
	DL_APPEND(server->tasks, task);
	server->n_tasks++;
	server->used = true;
	return task;
}

static void task_free(struct task *task)
{
	DL_DELETE(task->server->tasks, task);
	task->server->n_tasks--;
	free(task);
}

static void task_cancel(struct task *task)
{
	if (task->run)
		xt_hooks_cancel(task->run);
	if (task->command)
		xt_command_kill(task->command);
}

/* --- hooks --- */

static const struct xt_conf_hook *hook_find(const struct server *server,
					    const struct xt_runner_hook *hook)
{
	const struct xt_conf_hooks *list = &server->file.lists[hook->list];

	return hook->index < list->n ? &list->v[hook->index] : NULL;
}

static bool hook_read(struct xt_runner_hook *hook, const struct xt_channel_message *message)
{
	if (message->len != sizeof(*hook))
		return false;
	memcpy(hook, message->data, sizeof(*hook));
	return hook->list < XT_HOOK_LISTS && hook->capture <= 1;
}

static bool on_hook_text(struct server *server, const struct xt_channel_message *message)
{
	struct xt_runner_hook request;
	const struct xt_conf_hook *hook;
	struct xt_runner_text head;
	char *text, *data;
	size_t len;

	if (!hook_read(&request, message))
		return false;
	hook = hook_find(server, &request);
	text = hook ? xt_hook_expand(hook->command, server->file.name) : NULL;
	len = text ? strnlen(text, XT_RUNNER_TEXT_MAX) : 0;
	data = text ? malloc(sizeof(head) + len) : NULL;
	if (data) {
		head.line = hook->line;
		memcpy(data, &head, sizeof(head));
		memcpy(data + sizeof(head), text, len);
	}
	answer(server, message->kind, message->serial, data, data ? sizeof(head) + len : 0);
	free(data);
	free(text);
	return true;
}

static void hook_answer(struct server *server, uint32_t serial, size_t at,
			const struct xt_hooks_result *result)
{
	struct xt_hooks_result sent = *result;

	sent.at = at;
	answer(server, XT_RUNNER_HOOK, serial, &sent, sizeof(sent));
}

static void on_hook_done(void *ctx, const struct xt_hooks_result *result)
{
	struct task *task = ctx;

	hook_answer(task->server, task->serial, task->at, result);
	task_free(task);
}

/* 0, or an error to be answered. */
static int hook_start(struct server *server, uint32_t serial, const struct xt_runner_hook *request)
{
	const struct xt_conf_hook *hook = hook_find(server, request);
	struct xt_conf_hooks one = {(struct xt_conf_hook *)(uintptr_t)hook, 1};
	const struct xt_hooks_options options = {
	    .hooks = &one, .name = server->file.name, .capture = request->capture, .quiet = true};
	struct task *task = hook ? task_new(server, serial) : NULL;
	int rc;

	if (!hook)
		return -ERANGE;
	if (!task)
		return -EBUSY;
	task->at = request->index;
	rc = xt_hooks_start(&task->run, &server->loop, &options, on_hook_done, task);
	if (rc < 0)
		task_free(task);
	return rc;
}

static bool on_hook(struct server *server, const struct xt_channel_message *message)
{
	struct xt_hooks_result failed = {0};
	struct xt_runner_hook request;

	if (!hook_read(&request, message) || task_find(server, message->serial))
		return false;
	failed.error = hook_start(server, message->serial, &request);
	if (failed.error < 0)
		hook_answer(server, message->serial, request.index, &failed);
	return true;
}

/* --- programs --- */

static void on_command_done(void *ctx, const struct xt_command_result *result)
{
	struct task *task = ctx;

	answer(task->server, XT_RUNNER_COMMAND, task->serial, result, sizeof(*result));
	task_free(task);
}

/* words: those that data begins with, n of them in len bytes. */
static bool words_split(const char **words, size_t n, const char *data, size_t len)
{
	const char *end = data + len;

	for (size_t i = 0; i < n; i++) {
		const char *nul = data < end ? memchr(data, '\0', (size_t)(end - data)) : NULL;

		if (!nul)
			return false;
		words[i] = data;
		data = nul + 1;
	}
	words[n] = NULL;
	return data == end;
}

static int command_start(struct server *server, uint32_t serial, const char *const *words, size_t n,
			 const char *input, size_t len)
{
	struct task *task;
	int rc;

	if (!xt_runner_command_ok(server->file.name, words, n, input, len))
		return -EPERM;
	task = task_new(server, serial);
	if (!task)
		return -EBUSY;
	rc = xt_command_start(&task->command, &server->loop, NULL, words, input, len,
			      on_command_done, task);
	if (rc < 0)
		task_free(task);
	return rc;
}

static bool on_command(struct server *server, const struct xt_channel_message *message)
{
	const char *words[XT_RUNNER_WORDS_MAX + 1], *data = (const char *)message->data;
	struct xt_command_result failed = {0};
	struct xt_runner_command head;

	if (message->len < sizeof(head) || task_find(server, message->serial))
		return false;
	memcpy(&head, data, sizeof(head));
	data += sizeof(head);
	if (head.n_words == 0 || head.n_words > XT_RUNNER_WORDS_MAX ||
	    head.words_len > message->len - sizeof(head) ||
	    !words_split(words, head.n_words, data, head.words_len))
		return false;
	failed.error =
	    command_start(server, message->serial, words, head.n_words, data + head.words_len,
			  message->len - sizeof(head) - head.words_len);
	if (failed.error < 0)
		answer(server, message->kind, message->serial, &failed, sizeof(failed));
	return true;
}

/* --- the key --- */

struct key_job {
	uv_work_t work;
	struct server *server;
	uint32_t serial;
	struct xt_runner_key answer;
};

static void key_work(uv_work_t *work)
{
	struct key_job *job = work->data;
	struct xt_runner_key *result = &job->answer;
	struct server *server = job->server;
	struct xt_conf conf = {0};
	int rc = conf_read(&conf, server->file.path);

	if (rc == 0)
		rc = server->key_run ? server->key_run(&conf, result->text, sizeof(result->text))
				     : XT_E_INVALID;
	if (rc == 0)
		result->key = conf.private_key;
	result->error = rc;
	xt_conf_clear(&conf);
}

static void on_key_worked(uv_work_t *work, int status)
{
	struct key_job *job = work->data;

	(void)status;
	answer(job->server, XT_RUNNER_KEY, job->serial, &job->answer, sizeof(job->answer));
	xt_wipe(job, sizeof(*job));
	free(job);
}

/* On a thread: the command may ask a person or a device for something. */
static bool on_key(struct server *server, const struct xt_channel_message *message)
{
	struct key_job *job;

	if (message->len != 0)
		return false;
	job = calloc(1, sizeof(*job));
	if (!job)
		return false;
	job->server = server;
	job->serial = message->serial;
	job->work.data = job;
	if (uv_queue_work(&server->loop, &job->work, key_work, on_key_worked) < 0) {
		job->answer.error = XT_E_NOMEM;
		on_key_worked(&job->work, 0);
	}
	return true;
}

/* --- the other messages --- */

static bool on_name(struct server *server, const struct xt_channel_message *message)
{
	const char *name = (const char *)message->data;

	if (message->len != sizeof(server->file.name) || server->used ||
	    name[sizeof(server->file.name) - 1] != '\0' || !xt_conf_name_valid(name))
		return false;
	memcpy(server->file.name, name, sizeof(server->file.name));
	return true;
}

/* A task that has just ended is no error. */
static bool on_cancel(struct server *server, const struct xt_channel_message *message)
{
	struct task *task = task_find(server, message->serial);

	if (task)
		task_cancel(task);
	return message->len == 0;
}

static bool on_read(struct server *server, const struct xt_channel_message *message)
{
	int rc;

	if (message->len != 0)
		return false;
	rc = file_read(&server->file);
	answer(server, message->kind, message->serial, &rc, sizeof(rc));
	return true;
}

static bool on_detach(struct server *server, const struct xt_channel_message *message)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)server;
	if (fd >= 0) {
		(void)dup2(fd, STDOUT_FILENO);
		(void)dup2(fd, STDERR_FILENO);
		close(fd);
	}
	return message->len == 0;
}

/* false: no message of the list. */
typedef bool message_handler(struct server *server, const struct xt_channel_message *message);

static message_handler *const handlers[XT_RUNNER_KINDS] = {
    [XT_RUNNER_NAME] = on_name,	    [XT_RUNNER_HOOK_TEXT] = on_hook_text,
    [XT_RUNNER_HOOK] = on_hook,	    [XT_RUNNER_COMMAND] = on_command,
    [XT_RUNNER_CANCEL] = on_cancel, [XT_RUNNER_READ] = on_read,
    [XT_RUNNER_DETACH] = on_detach, [XT_RUNNER_KEY] = on_key,
};

/* What runs is ended; then the loop has nothing left. */
static void on_ended(void *ctx, int error)
{
	struct server *server = ctx;
	struct task *task, *next;

	if (server->ended)
		return;
	server->ended = true;
	server->status = error < 0;
	xt_channel_close(server->channel);
	DL_FOREACH_SAFE(server->tasks, task, next)
	task_cancel(task);
}

static void on_message(void *ctx, struct xt_channel_message *message)
{
	struct server *server = ctx;
	message_handler *handler = message->kind < XT_RUNNER_KINDS ? handlers[message->kind] : NULL;

	if (message->n_fds > 0 || !handler || !handler(server, message))
		on_ended(server, XT_E_INVALID);
}

/* --- the process --- */

int xt_runner_serve(int fd, struct xt_conf *conf)
{
	return xt_runner_serve_keys(fd, conf, NULL);
}

int xt_runner_serve_keys(int fd, struct xt_conf *conf, xt_runner_key_fn *run)
{
	struct server server = {.file = {.path = conf->path}, .key_run = run};
	const struct xt_channel_options options = {.ctx = &server,
						   .message = on_message,
						   .ended = on_ended,
						   .max_len = XT_RUNNER_MESSAGE_MAX};

	conf->path = NULL;
	memcpy(server.file.name, conf->name, sizeof(server.file.name));
	hooks_take(&server.file, conf);
	fd = xt_process_begin(fd);
	if (fd < 0)
		return 1;
	xt_process_await(fd);
	if (uv_loop_init(&server.loop) < 0)
		return 1;
	if (xt_channel_open(&server.channel, &server.loop, fd, &options) == 0)
		(void)uv_run(&server.loop, UV_RUN_DEFAULT);
	else
		server.status = 1;
	(void)uv_loop_close(&server.loop);
	for (size_t i = 0; i < XT_HOOK_LISTS; i++)
		hooks_clear(&server.file.lists[i]);
	free(server.file.path);
	return server.status;
}
