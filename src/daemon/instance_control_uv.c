/* SPDX-License-Identifier: MIT */
/* The control socket: its opening, and the requests that come in. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/xtunnel.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/explain.h"
#include "host/log_relay.h"
#include "host/log_sink.h"

static int answer_down(struct xt_instance *instance, struct xt_control_request *request,
		       const json_t *msg)
{
	if (instance->disposition != XT_TUN_TRANSIENT &&
	    json_is_true(json_object_get(msg, "remove")))
		instance->disposition = XT_TUN_REMOVED;
	xt_control_reply(request, json_pack("{s:i}", "pid", (int)xt_instance_pid(instance)),
			 instance->down != NULL);
	if (!instance->down)
		instance->down = request;
	instance->post(instance, XT_INSTANCE_END);
	return 0;
}

/* An array of the lines of text. JSON holds UTF-8 only, and the first line may have been cut within
 * a character. */
static json_t *lines_json(const char *text)
{
	json_t *lines = json_array(), *line;
	char buf[240];

	while (*text) {
		size_t len = strcspn(text, "\n");

		snprintf(buf, sizeof(buf), "%.*s", (int)XT_MIN(len, sizeof(buf) - 1), text);
		text += len + (text[len] == '\n');
		line = json_string(buf);
		for (char *c = buf; !line && *c; c++)
			*c = (char)(*c & 0x80 ? '?' : *c);
		json_array_append_new(lines, line ? line : json_string(buf));
	}
	return lines;
}

void xt_instance_tell_down(struct xt_instance *instance, const char *failed, const char *output)
{
	if (instance->down)
		xt_control_reply(
		    instance->down,
		    json_pack("{s:s,s:o}", "failed", failed, "output", lines_json(output)), false);
}

static void on_saved(void *ctx, int error)
{
	struct xt_instance_answer *answer = ctx;
	struct xt_control_request *request = answer->request;
	const char *path = answer->instance->conf->path;

	xt_instance_answer_free(answer);
	if (request && error < 0)
		xt_control_error(request, error, NULL);
	else if (request)
		xt_control_reply(request, json_pack("{s:s}", "path", path), true);
}

static int answer_save(struct xt_instance *instance, struct xt_control_request *request,
		       const json_t *msg)
{
	struct xt_instance_answer *answer = xt_instance_answer_new(instance, request);

	(void)msg;
	if (!answer)
		return XT_E_NOMEM;
	xt_instance_save(instance, false, on_saved, answer);
	return 0;
}

/* {"level": WORD}: the level from now on; without it the present one. */
static int answer_log(struct xt_instance *instance, struct xt_control_request *request,
		      const json_t *msg)
{
	const json_t *word = json_object_get(msg, "level");
	enum xt_log_level before = xt_log_level(), level = before;

	(void)instance;
	if (word &&
	    !xt_log_level_parse(&level, json_is_string(word) ? json_string_value(word) : ""))
		return XT_E_INVALID;
	xt_log_set_level(level);
	xt_log_relay_level();
	xt_control_reply(request,
			 json_pack("{s:s,s:s,s:s}", "level", xt_log_level_text(level), "before",
				   xt_log_level_text(before), "place", xt_log_sink_place()),
			 true);
	return 0;
}

static int answer_show(struct xt_instance *instance, struct xt_control_request *request,
		       const json_t *msg)
{
	return xt_instance_answer_status(instance, request,
					 json_is_true(json_object_get(msg, "brief")));
}

static int answer_why(struct xt_instance *instance, struct xt_control_request *request,
		      const json_t *msg)
{
	return xt_instance_answer_why(instance, request,
				      json_string_value(json_object_get(msg, "peer")));
}

static int answer_events(struct xt_instance *instance, struct xt_control_request *request,
			 const json_t *msg)
{
	(void)msg;
	return xt_instance_follow(instance, request);
}

static int answer_reload(struct xt_instance *instance, struct xt_control_request *request,
			 const json_t *msg)
{
	return xt_instance_queue_reload(instance, request,
					json_is_true(json_object_get(msg, "dry_run")));
}

static int answer_ping(struct xt_instance *instance, struct xt_control_request *request,
		       const json_t *msg)
{
	return xt_pinger_start(instance->pinger, request, msg);
}

/* always: also while the instance starts or ends */
static const struct {
	const char *verb;
	int (*answer)(struct xt_instance *instance, struct xt_control_request *request,
		      const json_t *msg);
	bool always;
} verbs[] = {
    {"show", answer_show, false},     {"why", answer_why, false},
    {"events", answer_events, false}, {"wait", xt_instance_wait, false},
    {"ping", answer_ping, false},     {"capture", xt_instance_capture_start, false},
    {"log", answer_log, false},	      {"save", answer_save, false},
    {"reload", answer_reload, false}, {"upgrade", xt_instance_upgrade, false},
    {"down", answer_down, true},
};

static int on_request(void *ctx, struct xt_control_request *request, const json_t *msg)
{
	struct xt_instance *instance = ctx;
	const char *verb = json_string_value(json_object_get(msg, "do"));
	bool answers = xt_instance_answers(instance);

	if (!verb)
		return XT_E_INVALID;
	for (size_t i = 0; i < XT_LEN(verbs); i++) {
		if (strcmp(verb, verbs[i].verb) == 0)
			return answers || verbs[i].always ? verbs[i].answer(instance, request, msg)
							  : XT_E_AGAIN;
	}
	return answers ? XT_E_UNSUPPORTED : XT_E_AGAIN;
}

static void on_cancelled(void *ctx, struct xt_control_request *request)
{
	struct xt_instance *instance = ctx;
	struct xt_instance_answer *answer = xt_control_get(request);

	if (xt_instance_capture_cancelled(instance, request))
		return;
	if (request == instance->down)
		instance->down = NULL;
	else if (xt_instance_unfollow(instance, request))
		return;
	else if (answer)
		answer->request = NULL;
	else if (!xt_instance_wait_cancel(instance, request) && instance->pinger)
		xt_pinger_cancel(instance->pinger, request);
}

static void on_ended(void *ctx, struct xt_control_request *request)
{
	xt_instance_capture_ended(ctx, request);
}

/* For a drop-in the UAPI socket is what counts: it goes on without a control socket, unless another
 * instance has it. */
static void open_failed(struct xt_instance *instance, int error)
{
	instance->post(instance, instance->options.dropin && error != -EADDRINUSE
				     ? XT_INSTANCE_DONE
				     : XT_INSTANCE_FAILED);
}

static void listen_failed(struct xt_instance *instance, int error)
{
	if (error == -EADDRINUSE)
		xt_explain_running(instance->conf->name);
	else
		xt_explain_socket(instance->control_path, error);
	open_failed(instance, error);
}

static void on_listen_again(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	int rc = reply->error;

	if (rc == 0 && !instance->control)
		close(reply->fd);
	else if (rc == 0)
		rc = xt_control_listen_again(instance->control, reply->fd);
	if (rc < 0)
		xt_log_debug("%s: %s", instance->control_path, xt_strerror(rc));
	else
		xt_log_notice("%s: the control socket is there again", instance->conf->name);
}

static void on_directory_again(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error < 0)
		xt_log_debug("%s: %s", instance->run_directory,
			     reply->text ? reply->text : xt_strerror(reply->error));
	else
		xt_instance_listen(instance, XT_SOCKET_CONTROL, 0, false, on_listen_again);
}

/* The run directory may have gone, at any attempt. */
static void directory_request(struct xt_instance *instance, xt_request_done *done)
{
	xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_RUN_DIRECTORY}, done,
		   instance);
}

/* Without its socket no verb would reach the instance any more. */
void xt_instance_control_lost(struct xt_instance *instance, unsigned attempt)
{
	if (!instance->control)
		return;
	if (attempt <= 2)
		xt_log_warning("%s: %s was removed by another process; making it again%s",
			       instance->conf->name, instance->control_path,
			       attempt == 1 ? "" : " every few seconds");
	directory_request(instance, on_directory_again);
}

static void on_remove(void *ctx)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_SOCKET_REMOVE,
				     .listen = {.which = XT_SOCKET_CONTROL}};

	xt_request(instance->requests, &request, NULL, NULL);
}

static void on_listen(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	struct xt_control_options options = {.listen_fd = reply->fd,
					     .owner = instance->owner,
					     .handle = on_request,
					     .cancelled = on_cancelled,
					     .ended = on_ended,
					     .remove = on_remove,
					     .ctx = instance};
	int rc = reply->error;

	if (rc == 0)
		rc = xt_control_open(&instance->control, &instance->uv, &options);
	if (rc < 0)
		listen_failed(instance, rc);
	else
		instance->post(instance, XT_INSTANCE_DONE);
}

static void on_directory(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	int listen_fd;

	if (reply->error == 0) {
		listen_fd = instance->listen_fd[XT_SOCKET_CONTROL];
		instance->listen_fd[XT_SOCKET_CONTROL] = -1;
		xt_instance_listen(instance, XT_SOCKET_CONTROL, listen_fd, false, on_listen);
		return;
	}
	if (reply->text)
		xt_explain_directory(reply->text, reply->remedy);
	else
		xt_explain_socket(instance->run_directory, reply->error);
	open_failed(instance, reply->error);
}

void xt_instance_open_control(struct xt_instance *instance)
{
	(void)xt_rundir_socket(instance->control_path, instance->run_directory,
			       instance->conf->name);
	directory_request(instance, on_directory);
}
