/* SPDX-License-Identifier: MIT */
/* The state of an instance as JSON for a client and as text for the log, why its links do not work,
 * and the list of control requests that are answered later. A long answer is printed on a worker
 * thread, and the client reads what is printed while the rest is made. */
#include "daemon/instance_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <utlist.h>

#include <xtunnel/xtunnel.h>

#include "base/bytes.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/clock_evidence.h"
#include "daemon/ping_target.h"
#include "host/log_relay.h"
#include "host/stderr.h"
#include "packet/echo_responder.h"
#include "packet/merge.h"
#include "platform/clock.h"
#include "platform/link.h"
#include "platform/malloc.h"
#include "platform/text_stream.h"

#define PEERS_SMALL 256u /* a state that is made at once */
#define PEERS_PART  64u	 /* of a long answer */

static const char *echo_word(enum xt_echo_mode mode)
{
	static const char *const words[] = {"off", "host", "peer", "both"};

	return words[mode & 3];
}

/* The offloads in use now: TCP and UDP super-packets of the TUN, segmentation and coalescing of the
 * sockets. */
static const char *offload_words(const struct xt_tun *tun, const struct xt_udp *udp,
				 char buf[XT_OFFLOAD_WORDS])
{
	snprintf(buf, XT_OFFLOAD_WORDS, "%s%s%s%s", tun->tx_offloads & XT_MERGE_TCP ? " tso" : "",
		 tun->tx_offloads & XT_MERGE_UDP ? " uso" : "", udp->gso ? " gso" : "",
		 udp->gro ? " gro" : "");
	return *buf ? buf + 1 : "off";
}

struct xt_instance_answer *xt_instance_answer_new(struct xt_instance *instance,
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

void xt_instance_answer_free(struct xt_instance_answer *answer)
{
	DL_DELETE(answer->instance->answers, answer);
	xt_report_free(answer->report);
	for (size_t i = 0; i < XT_LEN(answer->kept); i++)
		free(answer->kept[i]);
	free(answer->text);
	free(answer->word);
	free(answer);
}

void xt_instance_drop_answers(struct xt_instance *instance)
{
	struct xt_instance_answer *answer;

	DL_FOREACH(instance->answers, answer)
	{
		answer->request = NULL;
		atomic_store(&answer->dropped, true);
	}
}

static const char *text_keep(char **kept, const char *text)
{
	*kept = text ? strdup(text) : NULL;
	return *kept;
}

/* Of all threads of this process. */
static uint64_t cpu_us(void)
{
	uv_rusage_t usage;

	if (uv_getrusage(&usage) < 0)
		return 0;
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void xt_instance_status(const struct xt_instance *instance, struct xt_status *out,
			char words[XT_OFFLOAD_WORDS])
{
	const struct xt_tun *tun = xt_tunnel_tun(instance->tunnel);
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_echo_counters echo = {0};

	if (instance->echo)
		xt_echo_count(instance->echo, &echo);
	*out = (struct xt_status){
	    .name = instance->conf->name,
	    .ifindex = tun->ifindex,
	    .mtu = tun->mtu,
	    .pid = (uint64_t)xt_instance_pid(instance),
	    .sandbox = instance->sandbox_texts.summary,
	    .sandbox_user = instance->sandbox.uid,
	    .sandbox_locks = instance->sandbox_texts.locks,
	    .version = XT_VERSION,
	    .uptime_s = (uv_hrtime() - instance->since_ns) / 1000000000u,
	    .aead = xt_tunnel_aead(instance->tunnel),
	    .aead_reason = xt_tunnel_cipher(instance->tunnel)->reason,
	    .offload = offload_words(tun, udp, words),
	    .threads = xt_tunnel_threads(instance->tunnel),
	    .cpu_us = cpu_us(),
	    .fallbacks = tun->fallbacks + udp->fallbacks,
	    .udp_port = udp->port,
	    .udp_refused = udp->refused,
	    .udp_overruns = udp->ops->overruns ? udp->ops->overruns(udp) : 0,
	    .udp_egress_drops = udp->ops->egress_drops ? udp->ops->egress_drops(udp) : 0,
	    .echo = echo_word(instance->conf->echo),
	    .echo_host = echo.answered[XT_ECHO_SIDE_HOST],
	    .echo_peer = echo.answered[XT_ECHO_SIDE_PEER],
	    .path = instance->conf->path,
	    .endpoint_name = xt_instance_name_state,
	    .endpoint_entry = xt_instance_entry_state,
	    .ctx = instance,
	    .way = xt_link_way,
	    .now_s = (uint64_t)time(NULL),
	    .clock_behind_ns = xt_clock_behind(instance->clock_evidence, xt_clock_now().wall,
					       instance->clock_floor),
	    .before = xt_instance_losses_before(instance),
	};
}

/* Everything but the names of endpoints is copied: the worker thread reads it when the instance may
 * already be another one. */
static void status_fill(struct xt_instance_answer *answer)
{
	struct xt_status *status = &answer->status;

	xt_instance_status(answer->instance, status, answer->words);
	status->brief = answer->brief;
	status->name = text_keep(&answer->kept[0], status->name);
	status->aead_reason = text_keep(&answer->kept[1], status->aead_reason);
	status->path = text_keep(&answer->kept[2], status->path);
}

/* Line by line. A status longer than the queue waits for the reader, unless it has stopped. */
static void lines_put(const struct xt_instance_answer *answer, const char *text, size_t len)
{
	const char *newline;
	size_t put = 0, part = 0;
	bool stopped = false;

	for (; len && !atomic_load(&answer->dropped) && (newline = memchr(text, '\n', len));
	     text = newline + 1) {
		size_t n = (size_t)(newline + 1 - text);

		len -= n;
		put += n;
		part += n;
		xt_message_lines(XT_LOG_NOTICE, text, n);
		if (put > XT_STDERR_BUFFER / 2) {
			stopped = !xt_log_flush(stopped ? 0 : 1000);
			put = part = 0;
		} else if (part > XT_LOG_PART) {
			(void)xt_log_taken(stopped ? 0 : 1000);
			part = 0;
		}
	}
}

static void status_log(const struct xt_instance_answer *answer, const json_t *json)
{
	struct xt_status_style style = {.colour = false, .now_s = (uint64_t)time(NULL)};
	struct xt_text_stream stream;
	size_t len;
	char *text;

	if (xt_text_stream_open(&stream) < 0)
		return;
	xt_status_print(stream.file, json, &style);
	if (xt_text_stream_close(&stream, &text, &len) < 0)
		return;
	lines_put(answer, text, len);
	free(text);
}

static json_t *why_json(const struct xt_instance_answer *answer)
{
	const struct xt_peer_report *peer = NULL;
	const char *refused =
	    answer->word ? xt_ping_peer(&peer, answer->report, answer->word) : NULL;

	if (refused)
		return json_pack("{s:s,s:i}", "error", refused, "code", XT_E_NOPEER);
	return xt_why_json(&answer->status, answer->report, peer ? &peer->key : NULL);
}

static json_t *answer_part(void *ctx, bool *more)
{
	struct xt_instance_answer *answer = ctx;
	size_t from = answer->at;

	answer->at += PEERS_PART;
	*more = answer->at < answer->report->n_peers;
	if (atomic_load(&answer->dropped))
		return NULL;
	if (answer->why)
		return xt_why_json_part(&answer->status, answer->report, from, PEERS_PART);
	return xt_status_json_part(&answer->status, answer->report, from, PEERS_PART);
}

static json_t *answer_json(const struct xt_instance_answer *answer)
{
	if (atomic_load(&answer->dropped))
		return NULL;
	return answer->why ? why_json(answer) : xt_status_json(&answer->status, answer->report);
}

/* The next lines of a long answer, or all. */
static void answer_print(struct xt_instance_answer *answer)
{
	json_t *json;

	if (answer->versioned && !answer->word) {
		(void)xt_control_print_long(&answer->lines, &answer->text, &answer->len);
		return;
	}
	answer->lines.complete = true;
	json = answer_json(answer);
	if (json && answer->log) {
		status_log(answer, json);
		json_decref(json);
	} else {
		(void)xt_control_print(json, answer->versioned, &answer->text, &answer->len);
	}
}

static void status_make(uv_work_t *work)
{
	struct xt_instance_answer *answer = work->data;

	answer_print(answer);
	if (!answer->lines.complete)
		return;
	xt_report_free(answer->report);
	answer->report = NULL;
	free(xt_memory_mark());
}

static void answers_advance(struct xt_instance *instance);

static void status_reply(struct xt_instance_answer *answer)
{
	struct xt_instance *instance = answer->instance;
	struct xt_control_request *request = answer->request;
	char *text = answer->text;
	size_t len = answer->len;

	answer->text = NULL;
	xt_instance_answer_free(answer);
	if (request) {
		xt_control_set(request, NULL);
		xt_control_reply_lines(request, text, len, true);
	} else {
		free(text);
	}
	answers_advance(instance);
}

/* Hand over what is printed. true: more is to be made. */
static bool status_deliver(struct xt_instance_answer *answer)
{
	if (answer->lines.complete) {
		status_reply(answer);
		return false;
	}
	if (!answer->request)
		free(answer->text);
	else if (!xt_control_reply_lines(answer->request, answer->text, answer->len, false))
		answer->request = NULL;
	answer->text = NULL;
	if (!answer->request) /* the report is given back where the rest would be made */
		atomic_store(&answer->dropped, true);
	return true;
}

static void on_status_made(uv_work_t *work, int status);

static void status_run(struct xt_instance_answer *answer)
{
	do {
		if (answer->later && uv_queue_work(&answer->instance->uv, &answer->work,
						   status_make, on_status_made) == 0)
			return;
		status_make(&answer->work);
	} while (status_deliver(answer));
}

static void on_status_made(uv_work_t *work, int status)
{
	(void)status;
	if (status_deliver(work->data))
		status_run(work->data);
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct xt_instance_answer *answer = ctx;

	if (error) {
		status_reply(answer);
		return;
	}
	answer->report = report;
	answer->work.data = answer;
	answer->lines = (struct xt_control_long){.next = answer_part, .ctx = answer};
	answer->later = answer->log || report->n_peers > PEERS_SMALL;
	status_fill(answer);
	status_run(answer);
}

/* One status at a time: of 100,000 peers it takes 150 MB for a moment. */
static void answers_advance(struct xt_instance *instance)
{
	struct xt_instance_answer *answer, *first = NULL;

	DL_FOREACH(instance->answers, answer)
	{
		if (answer->state == XT_ANSWER_MAKING && !answer->log)
			return;
		if (answer->state == XT_ANSWER_WAITING && !first)
			first = answer;
	}
	if (!first)
		return;
	first->state = XT_ANSWER_MAKING;
	xt_instance_report(instance, on_report, first);
}

static void answer_start(struct xt_instance_answer *answer)
{
	struct xt_control_request *request = answer->request;

	answer->state = XT_ANSWER_WAITING;
	answer->log = !request;
	answer->versioned = request && xt_control_versioned(request);
	answers_advance(answer->instance);
}

static int status_add(struct xt_instance *instance, struct xt_control_request *request, bool brief)
{
	struct xt_instance_answer *answer = xt_instance_answer_new(instance, request);

	if (!answer)
		return XT_E_NOMEM;
	answer->brief = brief;
	answer_start(answer);
	return 0;
}

int xt_instance_answer_status(struct xt_instance *instance, struct xt_control_request *request,
			      bool brief)
{
	return status_add(instance, request, brief);
}

int xt_instance_answer_why(struct xt_instance *instance, struct xt_control_request *request,
			   const char *word)
{
	struct xt_instance_answer *answer = xt_instance_answer_new(instance, request);

	if (!answer)
		return XT_E_NOMEM;
	xt_instance_losses_follow(instance);
	answer->why = true;
	answer->word = word ? strdup(word) : NULL;
	if (word && !answer->word) {
		xt_control_set(request, NULL);
		xt_instance_answer_free(answer);
		return XT_E_NOMEM;
	}
	answer_start(answer);
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
	(void)status_add(instance, NULL, false);
}
