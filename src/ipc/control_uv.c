/* SPDX-License-Identifier: MIT */
/* JSON on top of the server: one object a line in both directions. */
#include "ipc/control_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/secbuf.h"
#include "ipc/chunks.h"
#include "ipc/rights.h"
#include "ipc/server_uv.h"
#include "ipc/stream_uv.h"

#define PROGRESS_MS 1000	 /* well below XT_SOCKET_SILENCE_MS */
#define ANSWER_MAX  (1u << 30)	 /* bytes of an answer; 100,000 peers are 60 MB */
#define LINES_MIN   (100u << 10) /* bytes of a long answer that are handed over at once */
#define PART_MAX    (256u << 10) /* a longer part is cut */

struct xt_control {
	uv_loop_t *loop;
	struct xt_server *server;
	uv_timer_t progress; /* runs while a request is open */
	struct xt_control_options options;
	struct xt_control_request
	    *open; /* list of those without a last answer, freed with the control */
};

struct xt_control_request {
	struct xt_control *control;
	struct xt_request *request;
	struct xt_control_request *prev, *next;
	bool versioned;	      /* its client stated the protocol */
	bool greeted;	      /* and got it stated */
	bool streams;	      /* bytes, no more lines */
	uint64_t done, total; /* of xt_control_progress */
	void *data;
	struct xt_stream *stream; /* its last answer, on the way */
	bool unfinished;	  /* which is being made */
};

static void request_free(struct xt_control_request *r)
{
	if (r->prev)
		r->prev->next = r->next;
	else
		r->control->open = r->next;
	if (r->next)
		r->next->prev = r->prev;
	free(r);
}

static void request_finish(struct xt_control_request *r, const void *bytes, size_t len)
{
	struct xt_request *request = r->request;

	request_free(r);
	if (bytes)
		xt_request_reply(request, bytes, len, true);
	else
		xt_request_close(request);
}

static void reply_send(struct xt_control_request *r, json_t *reply, bool last)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	json_decref(reply);
	if (!text && last) {
		request_finish(r, NULL, 0);
		return;
	}
	if (!text) {
		xt_request_abort(r->request);
		return;
	}
	size_t len = strlen(text);
	text[len] = '\n'; /* replaces the NUL */
	if (last)
		request_finish(r, text, len + 1);
	else
		xt_request_reply(r->request, text, len + 1, false);
	free(text);
}

struct cut {
	struct xt_control_request *request;
	bool last;
};

static void part_send(void *ctx, json_t *part, bool more)
{
	const struct cut *cut = ctx;

	reply_send(cut->request, part, cut->last && !more);
}

void xt_control_reply(struct xt_control_request *r, json_t *reply, bool last)
{
	struct cut cut = {r, last};

	if (reply && r->versioned && !r->greeted)
		r->greeted = json_object_set_new(reply, "protocol", json_integer(XT_PROTOCOL)) == 0;
	if (!reply || !r->versioned)
		reply_send(r, reply, last);
	else if (!xt_chunks_cut(reply, part_send, &cut))
		reply_send(r, NULL, last);
}

struct line {
	struct xt_secbuf *text;
	size_t end; /* it must not get longer */
};

static int line_append(const char *bytes, size_t len, void *ctx)
{
	const struct line *line = ctx;

	if (len > line->end - line->text->len)
		return -1;
	return xt_secbuf_append(line->text, bytes, len);
}

/* part stays the caller's. false: its line is longer than max, and text is as it was, or text has
 * an error. */
static bool line_print(struct xt_secbuf *text, const json_t *part, size_t max)
{
	const size_t before = text->len;
	struct line line = {text, before + max};

	if (json_dump_callback(part, line_append, &line, JSON_COMPACT) == 0)
		return xt_secbuf_append(text, "\n", 1) == 0;
	text->len = before;
	return false;
}

static void part_print(void *ctx, json_t *part, bool more)
{
	struct xt_secbuf *text = ctx;

	(void)more;
	if (!line_print(text, part, ANSWER_MAX) && !text->error)
		text->error = XT_E_NOMEM;
	json_decref(part);
}

int xt_control_print(json_t *answer, bool versioned, char **out, size_t *len)
{
	struct xt_secbuf text = XT_SECBUF_INIT(ANSWER_MAX);
	bool whole = answer != NULL;

	if (whole && versioned)
		whole = json_object_set_new(answer, "protocol", json_integer(XT_PROTOCOL)) == 0 &&
			xt_chunks_cut(answer, part_print, &text);
	else if (whole)
		part_print(&text, answer, false);
	if (!whole)
		text.error = XT_E_NOMEM;
	return xt_secbuf_detach(&text, out, len);
}

/* Takes part. Most are short, so that printing one tells its length for less than weighing it. */
static bool part_add(struct xt_secbuf *text, json_t *part)
{
	if (!line_print(text, part, PART_MAX) && !text->error)
		return xt_chunks_cut(part, part_print, text);
	json_decref(part);
	return true;
}

static void long_advance(struct xt_control_long *answer, struct xt_secbuf *text)
{
	bool more = false;
	json_t *part = answer->next(answer->ctx, &more);
	bool whole = part != NULL;

	if (whole && !answer->begun)
		whole = json_object_set_new(part, "protocol", json_integer(XT_PROTOCOL)) == 0;
	if (whole && more)
		whole = json_object_set_new(part, "more", json_true()) == 0;
	answer->begun = true;
	answer->complete = !more;
	if (!whole)
		json_decref(part);
	if (!whole || !part_add(text, part))
		text->error = XT_E_NOMEM;
}

int xt_control_print_long(struct xt_control_long *answer, char **out, size_t *len)
{
	struct xt_secbuf text = XT_SECBUF_INIT(ANSWER_MAX);

	do
		long_advance(answer, &text);
	while (!answer->complete && !text.error && text.len < LINES_MIN);
	if (text.error)
		answer->complete = true;
	return xt_secbuf_detach(&text, out, len);
}

bool xt_control_versioned(const struct xt_control_request *r)
{
	return r->versioned;
}

static void on_streamed(void *ctx)
{
	request_free(ctx);
}

void xt_control_reply_text(struct xt_control_request *r, char *text, size_t len)
{
	struct xt_stream *stream;

	if (!text) {
		request_finish(r, NULL, 0);
		return;
	}
	r->data = NULL;
	stream = xt_stream_start(r->control->loop, r->request, text, len, on_streamed, r);
	if (stream)
		r->stream = stream;
}

bool xt_control_reply_lines(struct xt_control_request *r, char *text, size_t len, bool last)
{
	if (last && !r->stream) {
		xt_control_reply_text(r, text, len);
		return true;
	}
	if (text && !r->stream)
		r->stream = xt_stream_open(r->control->loop, r->request, on_streamed, r);
	if (!text || !r->stream || !xt_stream_append(r->stream, text, len, last)) {
		if (!r->stream)
			free(text);
		xt_stream_cancel(r->stream);
		request_finish(r, NULL, 0);
		return false;
	}
	r->unfinished = !last;
	if (last)
		r->data = NULL;
	return true;
}

void xt_control_stream(struct xt_control_request *r)
{
	r->streams = true;
	xt_request_stream(r->request);
}

void xt_control_write(struct xt_control_request *r, const void *bytes, size_t len)
{
	xt_request_reply(r->request, bytes, len, false);
}

size_t xt_control_unread(const struct xt_control_request *r)
{
	return xt_request_unread(r->request);
}

void xt_control_end(struct xt_control_request *r)
{
	request_finish(r, NULL, 0);
}

void xt_control_error(struct xt_control_request *r, int error, const char *sentence)
{
	json_t *reply = json_pack("{s:s,s:i}", "error", sentence ? sentence : xt_strerror(error),
				  "code", error);

	xt_control_reply(r, reply, true);
}

void xt_control_follow(struct xt_control_request *r)
{
	xt_request_follow(r->request);
}

void xt_control_set(struct xt_control_request *r, void *data)
{
	r->data = data;
}

void *xt_control_get(const struct xt_control_request *r)
{
	return r->data;
}

void xt_control_progress(struct xt_control_request *r, uint64_t done, uint64_t total)
{
	r->done = done;
	r->total = total;
}

static json_t *progress_json(const struct xt_control_request *r)
{
	if (r->total == 0)
		return json_pack("{s:b}", "progress", 1);
	return json_pack("{s:b,s:I,s:I}", "progress", 1, "done", (json_int_t)r->done, "total",
			 (json_int_t)r->total);
}

static void on_progress(uv_timer_t *timer)
{
	struct xt_control *control = timer->data;
	struct xt_control_request *r = control->open;

	if (!r)
		uv_timer_stop(timer);
	for (; r; r = r->next) {
		/* A piece of a stream may end within a line. */
		if (r->versioned && !r->stream && !r->streams && !xt_request_unread(r->request))
			reply_send(r, progress_json(r), false);
	}
}

/* 0, or why the client must not or cannot send msg. */
static int request_judge(const struct xt_control_request *r, const json_t *msg)
{
	const char *verb = json_string_value(json_object_get(msg, XT_PROTOCOL_VERB));
	json_int_t protocol = json_integer_value(json_object_get(msg, "protocol"));
	uid_t uid;
	int err = xt_request_uid(r->request, &uid);

	if (err)
		return err;
	if (uid != 0 && uid != r->control->options.owner && xt_verb_right(verb) == XT_RIGHT_OWNER)
		return -EACCES;
	if (r->versioned && protocol != XT_PROTOCOL &&
	    !(verb && strcmp(verb, XT_PROTOCOL_DOWN) == 0))
		return -EPROTONOSUPPORT;
	return 0;
}

static void request_handle(struct xt_control_request *r, const json_t *msg)
{
	const struct xt_control_options *options = &r->control->options;
	int err;

	r->versioned = json_is_integer(json_object_get(msg, "protocol"));
	err = request_judge(r, msg);
	if (err == -EPROTONOSUPPORT) {
		xt_control_error(r, err, XT_PROTOCOL_DIFFER);
		return;
	}
	if (!uv_is_active((uv_handle_t *)&r->control->progress))
		uv_timer_start(&r->control->progress, on_progress, PROGRESS_MS, PROGRESS_MS);
	err = err ? err : options->handle(options->ctx, r, msg);
	if (err)
		xt_control_error(r, err, NULL);
}

static void on_request(void *ctx, struct xt_request *request, const char *data, size_t len)
{
	struct xt_control *control = ctx;
	struct xt_control_request *r = calloc(1, sizeof(*r));
	json_t *msg;

	if (!r) {
		xt_request_close(request);
		return;
	}
	r->control = control;
	r->request = request;
	r->next = control->open;
	if (r->next)
		r->next->prev = r;
	control->open = r;
	xt_request_set(request, r);
	msg = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(msg))
		xt_control_error(r, XT_E_SYNTAX, "expected a JSON object on one line");
	else
		request_handle(r, msg);
	json_decref(msg);
}

static void on_cancelled(void *ctx, struct xt_request *request)
{
	struct xt_control *control = ctx;
	struct xt_control_request *r = xt_request_get(request);

	xt_stream_cancel(r->stream);
	if (control->options.cancelled && (!r->stream || r->unfinished))
		control->options.cancelled(control->options.ctx, r);
	request_free(r);
}

static void on_ended(void *ctx, struct xt_request *request)
{
	struct xt_control *control = ctx;

	control->options.ended(control->options.ctx, xt_request_get(request));
}

static void on_remove(void *ctx)
{
	struct xt_control *control = ctx;

	control->options.remove(control->options.ctx);
}

int xt_control_open(struct xt_control **out, uv_loop_t *loop,
		    const struct xt_control_options *options)
{
	struct xt_control *control = calloc(1, sizeof(*control));
	struct xt_server_options server = {
	    .path = options->path,
	    .framing = XT_FRAME_LINE,
	    .handle = on_request,
	    .cancelled = on_cancelled,
	    .ended = options->ended ? on_ended : NULL,
	    .remove = options->remove ? on_remove : NULL,
	    .ctx = control,
	    .listen_fd = options->listen_fd,
	};

	if (!control)
		return XT_E_NOMEM;
	control->loop = loop;
	control->options = *options;
	control->options.path = NULL;
	int err = xt_server_open(&control->server, loop, &server);
	if (err) {
		free(control);
		return err;
	}
	uv_timer_init(loop, &control->progress);
	control->progress.data = control;
	*out = control;
	return 0;
}

int xt_control_listen_again(struct xt_control *control, int listen_fd)
{
	return xt_server_listen_again(control->server, listen_fd);
}

void xt_control_pause(struct xt_control *control, bool pause)
{
	xt_server_pause(control->server, pause);
}

int xt_control_listen_fd(const struct xt_control *control)
{
	return xt_server_listen_fd(control->server);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void xt_control_close(struct xt_control *control)
{
	if (!control)
		return;
	xt_server_close(control->server);
	while (control->open) {
		xt_stream_cancel(control->open->stream);
		request_free(control->open);
	}
	uv_close((uv_handle_t *)&control->progress, on_closed);
}
