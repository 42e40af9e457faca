/* SPDX-License-Identifier: MIT */
/* The control socket: its opening, and the requests that come in. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <utlist.h>

#include <xtunnel/xtunnel.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "daemon/explain.h"
#include "host/stderr.h"
#include "ipc/status.h"
#include "packet/echo_responder.h"
#include "packet/merge.h"

#define PEERS_SMALL 256u /* a state that is made at once */

static const char *echo_word(enum xt_echo_mode mode)
{
	static const char *const words[] = {"off", "host", "peer", "both"};

	return words[mode & 3];
}

/* The offloads in use now: TCP and UDP super-packets of the TUN, segmentation and coalescing of the
 * sockets. */
static const char *offload_words(const struct xt_tun *tun, const struct xt_udp *udp, char buf[32])
{
	snprintf(buf, 32, "%s%s%s%s", tun->tx_offloads & XT_MERGE_TCP ? " tso" : "",
		 tun->tx_offloads & XT_MERGE_UDP ? " uso" : "", udp->gso ? " gso" : "",
		 udp->gro ? " gro" : "");
	return *buf ? buf + 1 : "off";
}

/* An answer that is made later.
 * request  NULL: its client has gone, or (a state for the log) there is none */
struct xt_instance_answer {
	struct xt_instance_answer *prev, *next;
	struct xt_instance *instance;
	struct xt_control_request *request;
	enum { ANSWER_OTHER, ANSWER_WAITING, ANSWER_MAKING } state; /* of a status */
	bool log;
	/* of the state */
	struct xt_status status;
	char words[32];
	struct xt_report *report;
	char *text; /* JSON, or NULL */
	size_t len;
	uv_work_t work;
};

static struct xt_instance_answer *answer_new(struct xt_instance *instance,
					     struct xt_control_request *request)
{
	struct xt_instance_answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return NULL;
	answer->instance = instance;
	answer->request = request;
	DL_APPEND(instance->answers, answer);
	if (request)
		xt_control_set(request, answer);
	return answer;
}

static void answer_free(struct xt_instance_answer *answer)
{
	DL_DELETE(answer->instance->answers, answer);
	xt_report_free(answer->report);
	free(answer->text);
	free(answer);
}

void xt_instance_drop_answers(struct xt_instance *instance)
{
	struct xt_instance_answer *answer;

	DL_FOREACH(instance->answers, answer)
	answer->request = NULL;
}

static void status_fill(struct xt_instance_answer *answer)
{
	struct xt_instance *instance = answer->instance;
	const struct xt_tun *tun = xt_tunnel_tun(instance->tunnel);
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_echo_counters echo = {0};

	if (instance->echo)
		xt_echo_count(instance->echo, &echo);
	answer->status = (struct xt_status){
	    .name = instance->conf->name,
	    .ifindex = tun->ifindex,
	    .mtu = tun->mtu,
	    .pid = (uint64_t)getpid(),
	    .version = XT_VERSION,
	    .uptime_s = (uv_hrtime() - instance->since_ns) / 1000000000u,
	    .aead = xt_tunnel_aead(instance->tunnel),
	    .aead_reason = xt_tunnel_cipher(instance->tunnel)->reason,
	    .offload = offload_words(tun, udp, answer->words),
	    .threads = xt_tunnel_threads(instance->tunnel),
	    .fallbacks = tun->fallbacks + udp->fallbacks,
	    .udp_port = udp->port,
	    .udp_refused = udp->refused,
	    .udp_overruns = udp->ops->overruns ? udp->ops->overruns(udp) : 0,
	    .echo = echo_word(instance->conf->echo),
	    .echo_host = echo.answered[XT_ECHO_SIDE_HOST],
	    .echo_peer = echo.answered[XT_ECHO_SIDE_PEER],
	    .path = instance->conf->path,
	};
}

/* Line by line. A status longer than the queue waits for the reader, unless it has stopped. */
static void lines_put(const char *text, size_t len)
{
	const char *newline;
	size_t put = 0;
	bool stopped = false;

	for (; len && (newline = memchr(text, '\n', len)); text = newline + 1) {
		size_t n = (size_t)(newline + 1 - text);

		len -= n;
		put += n;
		xt_output_put(text, n);
		if (put > XT_STDERR_BUFFER / 2) {
			if (!stopped)
				xt_stderr_flush(1000);
			stopped = !xt_stderr_idle();
			put = 0;
		}
	}
}

static void status_log(const json_t *json)
{
	struct xt_status_style style = {.colour = false, .now_s = (uint64_t)time(NULL)};
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		return;
	xt_status_print(file, json, &style);
	fclose(file);
	lines_put(text, len);
	free(text);
}

/* What status_fill borrowed stays: the strings are the configuration's and the cipher's. */
static void status_make(uv_work_t *work)
{
	struct xt_instance_answer *answer = work->data;
	json_t *json = xt_status_json(&answer->status, answer->report);

	if (json && answer->log)
		status_log(json);
	else if (json)
		answer->text = json_dumps(json, JSON_COMPACT);
	if (answer->text)
		answer->len = strlen(answer->text);
	json_decref(json);
	xt_report_free(answer->report);
	answer->report = NULL;
}

static void answers_advance(struct xt_instance *instance);

static void status_reply(struct xt_instance_answer *answer)
{
	struct xt_instance *instance = answer->instance;
	struct xt_control_request *request = answer->request;
	char *text = answer->text;
	size_t len = answer->len;

	answer->text = NULL;
	answer_free(answer);
	if (request) {
		xt_control_set(request, NULL);
		xt_control_reply_text(request, text, len);
	} else {
		free(text);
	}
	answers_advance(instance);
}

static void on_status_made(uv_work_t *work, int status)
{
	(void)status;
	status_reply(work->data);
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct xt_instance_answer *answer = ctx;
	bool later;

	if (error) {
		status_reply(answer);
		return;
	}
	answer->report = report;
	answer->work.data = answer;
	status_fill(answer);
	later =
	    (answer->log || report->n_peers > PEERS_SMALL) &&
	    uv_queue_work(&answer->instance->uv, &answer->work, status_make, on_status_made) == 0;
	if (later)
		return;
	status_make(&answer->work);
	status_reply(answer);
}

/* One status at a time: of 100,000 peers it takes 150 MB for a moment. */
static void answers_advance(struct xt_instance *instance)
{
	struct xt_instance_answer *answer, *first = NULL;

	DL_FOREACH(instance->answers, answer)
	{
		if (answer->state == ANSWER_MAKING && !answer->log)
			return;
		if (answer->state == ANSWER_WAITING && !first)
			first = answer;
	}
	if (!first)
		return;
	first->state = ANSWER_MAKING;
	xt_instance_report(instance, on_report, first);
}

static int status_add(struct xt_instance *instance, struct xt_control_request *request, bool log)
{
	struct xt_instance_answer *answer = answer_new(instance, request);

	if (!answer)
		return XT_E_NOMEM;
	answer->state = ANSWER_WAITING;
	answer->log = log;
	answers_advance(instance);
	return 0;
}

/* A status that is being written to the log stands for those asked for meanwhile. */
void xt_instance_log_status(struct xt_instance *instance)
{
	struct xt_instance_answer *answer;

	if (!xt_instance_answers(instance))
		return;
	DL_FOREACH(instance->answers, answer)
	{
		if (answer->log)
			return;
	}
	(void)status_add(instance, NULL, true);
}

static void answer_down(struct xt_instance *instance, struct xt_control_request *request,
			const json_t *msg)
{
	if (instance->disposition != XT_TUN_TRANSIENT &&
	    json_is_true(json_object_get(msg, "remove")))
		instance->disposition = XT_TUN_REMOVED;
	xt_control_reply(request, json_pack("{s:i}", "pid", (int)getpid()), true);
	instance->post(instance, XT_INSTANCE_END);
}

static void on_saved(void *ctx, int error)
{
	struct xt_instance_answer *answer = ctx;
	struct xt_control_request *request = answer->request;
	const char *path = answer->instance->conf->path;

	answer_free(answer);
	if (request && error < 0)
		xt_control_error(request, error, NULL);
	else if (request)
		xt_control_reply(request, json_pack("{s:s}", "path", path), true);
}

static int answer_save(struct xt_instance *instance, struct xt_control_request *request)
{
	struct xt_instance_answer *answer = answer_new(instance, request);

	if (!answer)
		return XT_E_NOMEM;
	xt_instance_save(instance, false, on_saved, answer);
	return 0;
}

static int on_request(void *ctx, struct xt_control_request *request, const json_t *msg)
{
	struct xt_instance *instance = ctx;
	const char *verb = json_string_value(json_object_get(msg, "do"));

	if (!verb)
		return XT_E_INVALID;
	if (strcmp(verb, "down") == 0) {
		answer_down(instance, request, msg);
		return 0;
	}
	if (!xt_instance_answers(instance))
		return XT_E_AGAIN;
	if (strcmp(verb, "show") == 0)
		return status_add(instance, request, false);
	if (strcmp(verb, "save") == 0)
		return answer_save(instance, request);
	if (strcmp(verb, "ping") == 0)
		return xt_pinger_start(instance->pinger, request, msg);
	return XT_E_UNSUPPORTED;
}

static void on_cancelled(void *ctx, struct xt_control_request *request)
{
	struct xt_instance *instance = ctx;
	struct xt_instance_answer *answer = xt_control_get(request);

	if (answer)
		answer->request = NULL;
	else if (instance->pinger)
		xt_pinger_cancel(instance->pinger, request);
}

/* For a drop-in the UAPI socket is what counts: it goes on without a control socket, unless another
 * instance has it. */
static void open_failed(struct xt_instance *instance, const char *path, int error)
{
	if (error == -EADDRINUSE)
		xt_explain_running(instance->conf->name);
	else
		xt_explain_socket(path, error);
	instance->post(instance, instance->options.dropin && error != -EADDRINUSE
				     ? XT_INSTANCE_DONE
				     : XT_INSTANCE_FAILED);
}

static void on_listen(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	struct xt_control_options options = {.path = instance->control_path,
					     .listen_fd = reply->fd,
					     .handle = on_request,
					     .cancelled = on_cancelled,
					     .ctx = instance};
	int rc = reply->error;

	if (rc == 0)
		rc = xt_control_open(&instance->control, &instance->uv, &options);
	if (rc < 0)
		open_failed(instance, instance->control_path, rc);
	else
		instance->post(instance, XT_INSTANCE_DONE);
}

void xt_instance_open_control(struct xt_instance *instance)
{
	struct xt_request request = {.kind = XT_REQUEST_LISTEN, .path = instance->control_path};
	char dir[XT_RUNDIR_MAX];
	int rc = xt_rundir_path(dir, true);

	if (rc < 0)
		open_failed(instance, dir, rc);
	else if (!xt_rundir_socket(instance->control_path, dir, instance->conf->name))
		open_failed(instance, dir, -ENAMETOOLONG);
	else
		xt_request(instance->requests, &request, on_listen, instance);
}
