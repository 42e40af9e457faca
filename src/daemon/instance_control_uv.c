/* SPDX-License-Identifier: MIT */
/* The control socket: its opening, and the requests that come in. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/xtunnel.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "daemon/explain.h"
#include "ipc/status.h"
#include "packet/echo_responder.h"
#include "packet/merge.h"

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

/* The caller's reference, or NULL. */
static json_t *status_json(struct xt_instance *instance)
{
	const struct xt_tun *tun = xt_tunnel_tun(instance->tunnel);
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_echo_counters echo = {0};
	struct xt_report *report;
	char words[32];
	json_t *json;

	if (xt_tunnel_report(instance->tunnel, &report) < 0)
		return NULL;
	if (instance->echo)
		xt_echo_count(instance->echo, &echo);
	struct xt_status status = {
	    .name = instance->conf->name,
	    .ifindex = tun->ifindex,
	    .mtu = tun->mtu,
	    .pid = (uint64_t)getpid(),
	    .version = XT_VERSION,
	    .uptime_s = (uv_hrtime() - instance->since_ns) / 1000000000u,
	    .aead = xt_tunnel_aead(instance->tunnel),
	    .aead_reason = xt_tunnel_cipher(instance->tunnel)->reason,
	    .offload = offload_words(tun, udp, words),
	    .threads = xt_tunnel_threads(instance->tunnel),
	    .fallbacks = tun->fallbacks + udp->fallbacks,
	    .udp_port = udp->port,
	    .udp_refused = udp->refused,
	    .udp_overruns = udp->ops->overruns ? udp->ops->overruns(udp) : 0,
	    .echo = echo_word(instance->conf->echo),
	    .echo_host = echo.answered[XT_ECHO_SIDE_HOST],
	    .echo_peer = echo.answered[XT_ECHO_SIDE_PEER],
	    .path = instance->conf->path,
	    .endpoint_name = xt_instance_name_state,
	    .endpoint_entry = xt_instance_entry_state,
	    .ctx = instance,
	};
	json = xt_status_json(&status, report);
	xt_report_free(report);
	return json;
}

/* Line by line: of a state that is longer than the queue the beginning is written. */
static void lines_put(const char *text, size_t len)
{
	const char *newline;

	for (; len && (newline = memchr(text, '\n', len)); text = newline + 1) {
		len -= (size_t)(newline + 1 - text);
		xt_output_put(text, (size_t)(newline + 1 - text));
	}
}

void xt_instance_log_status(struct xt_instance *instance)
{
	struct xt_status_style style = {.colour = false, .now_s = (uint64_t)time(NULL)};
	json_t *json = instance->tunnel && instance->loop ? status_json(instance) : NULL;

	char *text = NULL;
	size_t len = 0;
	FILE *file = json ? open_memstream(&text, &len) : NULL;

	if (file) {
		xt_status_print(file, json, &style);
		fclose(file);
		lines_put(text, len);
		free(text);
	}
	json_decref(json);
}

static void answer_down(struct xt_instance *instance, struct xt_control_request *request,
			const json_t *msg)
{
	if (instance->disposition != XT_TUN_TRANSIENT &&
	    json_is_true(json_object_get(msg, "remove")))
		instance->disposition = XT_TUN_REMOVED;
	xt_control_reply(request, json_pack("{s:i}", "pid", (int)getpid()), instance->down != NULL);
	if (!instance->down)
		instance->down = request;
	instance->post(instance, XT_INSTANCE_END);
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

struct save_answer {
	struct xt_instance *instance;
	struct xt_control_request *request; /* NULL: its client has gone */
};

static void on_saved(void *ctx, int error)
{
	struct save_answer *answer = ctx;
	const char *path = answer->instance->conf->path;

	if (answer->request && error < 0)
		xt_control_error(answer->request, error, NULL);
	else if (answer->request)
		xt_control_reply(answer->request, json_pack("{s:s}", "path", path), true);
	free(answer);
}

static void answer_save(struct xt_instance *instance, struct xt_control_request *request)
{
	struct save_answer *answer = calloc(1, sizeof(*answer));

	if (!answer) {
		xt_control_error(request, XT_E_NOMEM, NULL);
		return;
	}
	*answer = (struct save_answer){instance, request};
	xt_control_set(request, answer);
	xt_instance_save(instance, false, on_saved, answer);
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
	if (strcmp(verb, "show") == 0) {
		xt_control_reply(request, status_json(instance), true);
		return 0;
	}
	if (strcmp(verb, "save") == 0) {
		answer_save(instance, request);
		return 0;
	}
	if (strcmp(verb, "ping") == 0)
		return xt_pinger_start(instance->pinger, request, msg);
	return XT_E_UNSUPPORTED;
}

static void on_cancelled(void *ctx, struct xt_control_request *request)
{
	struct xt_instance *instance = ctx;
	struct save_answer *answer = xt_control_get(request);

	if (request == instance->down)
		instance->down = NULL;
	else if (answer)
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
	else if (!xt_rundir_explain(NULL))
		xt_explain_socket(path, error);
	instance->post(instance, instance->options.dropin && error != -EADDRINUSE
				     ? XT_INSTANCE_DONE
				     : XT_INSTANCE_FAILED);
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

/* Without its socket no verb would reach the instance any more. */
static void on_lost(void *ctx, unsigned attempt)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_LISTEN, .path = instance->control_path};
	char dir[XT_RUNDIR_MAX];
	int rc = xt_rundir_path(dir, true);

	if (attempt <= 2)
		xt_log_warning("%s: %s was removed by another process; making it again%s",
			       instance->conf->name, instance->control_path,
			       attempt == 1 ? "" : " every few seconds");
	if (rc == 0)
		xt_request(instance->requests, &request, on_listen_again, instance);
	else if (attempt <= 2)
		xt_log_warning("%s: %s", dir, xt_strerror(rc));
}

static void on_listen(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	struct xt_control_options options = {.path = instance->control_path,
					     .listen_fd = reply->fd,
					     .handle = on_request,
					     .cancelled = on_cancelled,
					     .lost = on_lost,
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
