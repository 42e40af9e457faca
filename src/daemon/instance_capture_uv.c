/* SPDX-License-Identifier: MIT */
/* Captures: their requests, and the taps of the tunnel while one runs.
 *
 * A capture waits for a report when it is of one peer or with secrets. Then its client gets an
 * answer, and after it the bytes of the capture, until the client closes its sending side. */
#include "daemon/instance_uv.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "daemon/capture_stream.h"
#include "daemon/ping_target.h"
#include "platform/clock.h"

#define CAPTURES_MAX 4
/* Fresh handshakes: so many peers at once and then a rest, which is 1,000 in a second; again after
 * that time for those whose handshake was in flight, and no longer. */
#define HANDSHAKES    16u
#define REST_MS	      16u
#define AGAIN_MS      1200u
#define HANDSHAKE_TRY 5u

/* A peer with a session from before the capture. */
struct fresh {
	struct xt_public key;
	bool begun; /* since the capture began */
};

/* request  NULL: its client has gone, while the report is awaited
 * word     of the peer; NULL: all peers
 * stream   NULL: it has not begun
 * handles  that are open: flush and handshakes */
struct xt_instance_capture {
	struct xt_instance_capture *prev, *next;
	struct xt_instance *instance;
	struct xt_control_request *request;
	struct xt_capture_options options;
	char *word;
	struct xt_capture_stream *stream;
	uv_timer_t flush, handshakes;
	unsigned handles;
	struct fresh *fresh; /* sorted by key */
	size_t n_fresh, at;
	unsigned tries;
	uv_work_t work;
	struct xt_report *report;
	struct xt_public peer;
	struct xt_private key; /* with secrets */
	bool has_key;
	const char *why; /* no such peer */
	int error;	 /* of the work */
};

static void capture_free(struct xt_instance_capture *capture)
{
	xt_capture_stream_free(capture->stream);
	xt_report_free(capture->report);
	free(capture->fresh);
	free(capture->word);
	xt_wipe(&capture->key, sizeof(capture->key));
	free(capture);
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_instance_capture *capture = handle->data;

	if (--capture->handles == 0)
		capture_free(capture);
}

/* The forms that any capture wants; without one the taps are off. */
static int taps_update(struct xt_instance *instance);

/* It is over, and its request answered. */
static void capture_close(struct xt_instance_capture *capture)
{
	struct xt_instance *instance = capture->instance;

	DL_DELETE(instance->captures, capture);
	(void)taps_update(instance);
	if (!capture->handles) {
		capture_free(capture);
		return;
	}
	uv_close((uv_handle_t *)&capture->flush, on_closed);
	uv_close((uv_handle_t *)&capture->handshakes, on_closed);
}

static void capture_fail(struct xt_instance_capture *capture, int error, const char *sentence)
{
	if (capture->request)
		xt_control_error(capture->request, error, sentence);
	capture_close(capture);
}

static void stream_write(void *ctx, const void *bytes, size_t len)
{
	const struct xt_instance_capture *capture = ctx;

	xt_control_write(capture->request, bytes, len);
}

static size_t stream_unread(void *ctx)
{
	const struct xt_instance_capture *capture = ctx;

	return xt_control_unread(capture->request);
}

static void on_flush(uv_timer_t *timer)
{
	struct xt_instance_capture *capture = timer->data;

	xt_capture_stream_flush(capture->stream);
}

/* One write for all that an iteration of the loop brings. */
static void flush_schedule(struct xt_instance_capture *capture)
{
	if (xt_capture_stream_pending(capture->stream) &&
	    !uv_is_active((uv_handle_t *)&capture->flush))
		uv_timer_start(&capture->flush, on_flush, 0, 0);
}

static void on_record(void *ctx, const struct xt_capture_record *record)
{
	struct xt_instance *instance = ctx;
	struct xt_instance_capture *capture;
	uint64_t wall_ns = xt_clock_now().wall;

	DL_FOREACH(instance->captures, capture)
	{
		if (!capture->stream)
			continue;
		xt_capture_stream_record(capture->stream, wall_ns, record);
		flush_schedule(capture);
	}
}

static void on_lost(void *ctx, unsigned forms, uint64_t n)
{
	struct xt_instance *instance = ctx;
	struct xt_instance_capture *capture;

	DL_FOREACH(instance->captures, capture)
	{
		if (capture->stream)
			xt_capture_stream_lost(capture->stream, forms, n);
	}
}

static int fresh_compare(const void *a, const void *b)
{
	return memcmp(((const struct fresh *)a)->key.b, ((const struct fresh *)b)->key.b,
		      sizeof(struct xt_public));
}

static void on_keys(void *ctx, const struct xt_keylog *keys)
{
	struct xt_instance *instance = ctx;
	struct xt_instance_capture *capture;
	struct fresh wanted = {.key = *keys->remote_static}, *found;

	DL_FOREACH(instance->captures, capture)
	{
		if (!capture->stream)
			continue;
		found = capture->n_fresh ? bsearch(&wanted, capture->fresh, capture->n_fresh,
						   sizeof(wanted), fresh_compare)
					 : NULL;
		if (found)
			found->begun = true;
		xt_capture_stream_keys(capture->stream, keys);
		flush_schedule(capture);
	}
}

static int taps_update(struct xt_instance *instance)
{
	const struct xt_capture_sink sink = {instance, on_record, on_lost, on_keys};
	struct xt_instance_capture *capture;
	unsigned forms = 0;

	DL_FOREACH(instance->captures, capture)
	{
		if (capture->stream)
			forms |= xt_capture_stream_forms(capture->stream);
	}
	return instance->tunnel ? xt_tunnel_capture(instance->tunnel, &sink, forms) : 0;
}

/* Peers in slices, so that many of them hold no packet back. A handshake that was in flight when
 * the capture began does not count. */
static void on_handshakes(uv_timer_t *timer)
{
	struct xt_instance_capture *capture = timer->data;
	struct xt_instance *instance = capture->instance;
	size_t end = XT_MIN(capture->at + HANDSHAKES, capture->n_fresh);

	for (; capture->at < end; capture->at++) {
		const struct fresh *fresh = &capture->fresh[capture->at];

		if (!fresh->begun)
			(void)xt_tunnel_start_handshake(instance->tunnel, &fresh->key);
	}
	xt_loop_wake(instance->loop);
	if (capture->at < capture->n_fresh) {
		uv_timer_start(timer, on_handshakes, REST_MS, 0);
	} else if (++capture->tries < HANDSHAKE_TRY) {
		capture->at = 0;
		uv_timer_start(timer, on_handshakes, AGAIN_MS, 0);
	}
}

static int fresh_collect(struct xt_instance_capture *capture)
{
	const struct xt_report *report = capture->report;

	capture->fresh = calloc(report->n_peers + 1, sizeof(*capture->fresh));
	if (!capture->fresh)
		return XT_E_NOMEM;
	for (size_t i = 0; i < report->n_peers; i++) {
		const struct xt_peer_report *peer = &report->peers[i];

		if ((peer->session || peer->handshaking) &&
		    (!capture->options.peer ||
		     memcmp(peer->key.b, capture->peer.b, sizeof(peer->key.b)) == 0))
			capture->fresh[capture->n_fresh++].key = peer->key;
	}
	qsort(capture->fresh, capture->n_fresh, sizeof(*capture->fresh), fresh_compare);
	return 0;
}

static json_t *hello_make(const struct xt_instance_capture *capture)
{
	char key[XT_KEY_BASE64];
	json_t *hello = json_pack("{s:s}", "interface", capture->instance->conf->name);

	if (capture->options.peer) {
		xt_key_to_base64(key, capture->peer.b);
		json_object_set_new(hello, "peer", json_string(key));
	}
	return hello;
}

static void capture_begin(struct xt_instance_capture *capture)
{
	struct xt_instance *instance = capture->instance;
	int rc;

	capture->options.name = instance->conf->name;
	capture->options.ctx = capture;
	capture->options.write = stream_write;
	capture->options.unread = stream_unread;
	rc = xt_capture_stream_new(&capture->stream, &capture->options);
	rc = rc ? rc : taps_update(instance);
	if (rc) {
		capture_fail(capture, rc, NULL);
		return;
	}
	uv_timer_init(&instance->uv, &capture->flush);
	uv_timer_init(&instance->uv, &capture->handshakes);
	capture->flush.data = capture->handshakes.data = capture;
	capture->handles = 2;
	xt_control_reply(capture->request, hello_make(capture), false);
	xt_control_stream(capture->request);
	xt_capture_stream_begin(capture->stream, xt_clock_now().wall,
				capture->has_key ? &capture->key : NULL);
	if (capture->n_fresh)
		on_handshakes(&capture->handshakes);
	flush_schedule(capture);
}

/* On a worker thread, since there may be many peers. */
static void report_read(uv_work_t *work)
{
	struct xt_instance_capture *capture = work->data;
	const struct xt_peer_report *peer;

	if (capture->word) {
		capture->why = xt_ping_peer(&peer, capture->report, capture->word);
		capture->options.peer = capture->why ? NULL : &capture->peer;
		if (!capture->why)
			capture->peer = peer->key;
	}
	if (capture->options.secrets && !capture->why) {
		capture->has_key = capture->report->has_key;
		capture->key = capture->report->private_key;
		capture->error = fresh_collect(capture);
	}
	xt_report_free(capture->report);
	capture->report = NULL;
}

static void on_report_read(uv_work_t *work, int status)
{
	struct xt_instance_capture *capture = work->data;

	(void)status;
	if (!capture->request || !xt_instance_answers(capture->instance)) {
		capture_fail(capture, XT_E_AGAIN, NULL);
	} else if (capture->why) {
		capture_fail(capture, XT_E_NOPEER, capture->why);
	} else if (capture->error) {
		capture_fail(capture, capture->error, NULL);
	} else {
		capture_begin(capture);
	}
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct xt_instance_capture *capture = ctx;

	if (error) {
		capture_fail(capture, error, NULL);
		return;
	}
	capture->report = report;
	capture->work.data = capture;
	if (uv_queue_work(&capture->instance->uv, &capture->work, report_read, on_report_read) <
	    0) {
		report_read(&capture->work);
		on_report_read(&capture->work, 0);
	}
}

static bool json_flag(const json_t *msg, const char *key)
{
	return json_is_true(json_object_get(msg, key));
}

int xt_instance_capture_start(struct xt_instance *instance, struct xt_control_request *request,
			      const json_t *msg)
{
	const char *word = json_string_value(json_object_get(msg, "peer"));
	struct xt_instance_capture *capture;
	unsigned n = 0;

	DL_COUNT(instance->captures, capture, n);
	if (n >= CAPTURES_MAX) {
		xt_control_error(request, XT_E_FULL, "four captures run already: end one of them");
		return 0;
	}
	capture = calloc(1, sizeof(*capture));
	if (!capture || (word && !(capture->word = strdup(word)))) {
		free(capture);
		return XT_E_NOMEM;
	}
	capture->instance = instance;
	capture->request = request;
	capture->options.outer = json_flag(msg, "outer") || json_flag(msg, "secrets");
	capture->options.secrets = json_flag(msg, "secrets");
	capture->options.segments = json_flag(msg, "segments");
	DL_APPEND(instance->captures, capture);
	if (word || capture->options.secrets)
		xt_instance_report(instance, on_report, capture);
	else
		capture_begin(capture);
	return 0;
}

static struct xt_instance_capture *capture_of(struct xt_instance *instance,
					      const struct xt_control_request *request)
{
	struct xt_instance_capture *capture;

	DL_SEARCH_SCALAR(instance->captures, capture, request, request);
	return capture;
}

/* The statistics and the end of the connection. */
static void capture_end(struct xt_instance_capture *capture)
{
	xt_capture_stream_end(capture->stream, xt_clock_now().wall);
	xt_control_end(capture->request);
	capture_close(capture);
}

void xt_instance_capture_ended(struct xt_instance *instance, struct xt_control_request *request)
{
	struct xt_instance_capture *capture = capture_of(instance, request);

	if (capture)
		capture_end(capture);
}

bool xt_instance_capture_cancelled(struct xt_instance *instance, struct xt_control_request *request)
{
	struct xt_instance_capture *capture = capture_of(instance, request);

	if (!capture)
		return false;
	capture->request = NULL;
	if (capture->stream)
		capture_close(capture);
	return true;
}

void xt_instance_capture_stop(struct xt_instance *instance)
{
	struct xt_instance_capture *capture, *next;

	DL_FOREACH_SAFE(instance->captures, capture, next)
	{
		if (capture->stream) {
			capture_end(capture);
		} else if (capture->request) {
			xt_control_error(capture->request, XT_E_AGAIN, "the instance ends");
			capture->request = NULL;
		}
	}
}
