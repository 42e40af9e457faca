/* SPDX-License-Identifier: MIT */
/* A long answer, written piece by piece. A timer hands the next pieces over while the client has
 * little unread, so that one turn of the loop takes well below a millisecond. */
#include "ipc/stream_uv.h"

#include <stdlib.h>

#include <utlist.h>

#include "base/bytes.h"
#include "base/text.h"

#define PIECE	    (128u << 10)
#define UNREAD_MAX  (512u << 10)
#define FREE_MAX    (1u << 20) /* a longer text is freed on a worker thread */
#define WAIT_MS	    1u
#define WAIT_MAX_MS 32u /* for a client that does not read; the server ends one that never does */

struct text {
	struct text *next;
	char *bytes;
	size_t at, len;
};

/* texts  not handed over yet; a long one stays until the end
 * last   no more are appended */
struct xt_stream {
	uv_timer_t timer;
	uv_work_t work;
	struct xt_request *request;
	struct text *texts, *sent;
	bool last;
	unsigned wait_ms;
	void (*over)(void *ctx);
	void *ctx;
};

static void text_free(struct text *text)
{
	xt_wipe(text->bytes + text->at, text->len - text->at);
	free(text->bytes);
	free(text);
}

static void texts_free(struct text *text)
{
	struct text *next;

	for (; text; text = next) {
		next = text->next;
		text_free(text);
	}
}

static void stream_clear(uv_work_t *work)
{
	struct xt_stream *stream = work->data;

	texts_free(stream->texts);
	texts_free(stream->sent);
}

static void on_freed(uv_work_t *work, int status)
{
	(void)status;
	free(work->data);
}

/* Tens of megabytes take the system milliseconds. */
static void on_closed(uv_handle_t *handle)
{
	struct xt_stream *stream = handle->data;

	stream->work.data = stream;
	if ((stream->texts || stream->sent) &&
	    uv_queue_work(handle->loop, &stream->work, stream_clear, on_freed) == 0)
		return;
	stream_clear(&stream->work);
	free(stream);
}

static size_t piece_send(struct xt_stream *stream)
{
	struct text *text = stream->texts;
	size_t n = XT_MIN(text->len - text->at, (size_t)PIECE);
	char *piece = text->bytes + text->at;

	text->at += n;
	xt_request_pledge(stream->request, -(ssize_t)n);
	xt_request_reply(stream->request, piece, n,
			 stream->last && text->at == text->len && !text->next);
	xt_wipe(piece, n);
	if (text->at == text->len) {
		LL_DELETE(stream->texts, text);
		if (text->len > FREE_MAX)
			LL_PREPEND(stream->sent, text);
		else
			text_free(text);
	}
	return n;
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_stream *stream = timer->data;
	size_t unread = xt_request_unread(stream->request), sent = 0;

	while (stream->texts && unread < UNREAD_MAX && sent < UNREAD_MAX) {
		sent += piece_send(stream);
		if (stream->texts)
			unread = xt_request_unread(stream->request);
	}
	if (!stream->texts) {
		if (!stream->last) /* xt_stream_append starts the timer */
			return;
		uv_close((uv_handle_t *)timer, on_closed);
		stream->over(stream->ctx);
		return;
	}
	stream->wait_ms = sent ? WAIT_MS : XT_MIN(2 * stream->wait_ms, WAIT_MAX_MS);
	uv_timer_start(timer, on_timer, stream->wait_ms, 0);
}

struct xt_stream *xt_stream_open(uv_loop_t *loop, struct xt_request *request,
				 void (*over)(void *ctx), void *ctx)
{
	struct xt_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	*stream =
	    (struct xt_stream){.request = request, .wait_ms = WAIT_MS, .over = over, .ctx = ctx};
	uv_timer_init(loop, &stream->timer);
	stream->timer.data = stream;
	return stream;
}

bool xt_stream_append(struct xt_stream *stream, char *bytes, size_t len, bool last)
{
	struct text *text = malloc(sizeof(*text));

	if (!text) {
		xt_wipe(bytes, len);
		free(bytes);
		return false;
	}
	*text = (struct text){.bytes = bytes, .len = len};
	LL_APPEND(stream->texts, text);
	stream->last = last;
	xt_request_pledge(stream->request, (ssize_t)len);
	if (!uv_is_active((uv_handle_t *)&stream->timer))
		uv_timer_start(&stream->timer, on_timer, 0, 0);
	return true;
}

struct xt_stream *xt_stream_start(uv_loop_t *loop, struct xt_request *request, char *bytes,
				  size_t len, void (*over)(void *ctx), void *ctx)
{
	struct xt_stream *stream = len > PIECE ? xt_stream_open(loop, request, over, ctx) : NULL;

	if (stream && xt_stream_append(stream, bytes, len, true))
		return stream;
	if (stream) {
		xt_stream_cancel(stream);
		bytes = NULL;
		len = 0;
	}
	if (len == 0 || len > PIECE) /* or no memory */
		xt_request_close(request);
	else
		xt_request_reply(request, bytes, len, true);
	if (bytes)
		xt_wipe(bytes, len);
	free(bytes);
	over(ctx);
	return NULL;
}

void xt_stream_cancel(struct xt_stream *stream)
{
	struct text *text;
	size_t waits = 0;

	if (!stream)
		return;
	LL_FOREACH(stream->texts, text)
	{
		waits += text->len - text->at;
	}
	xt_request_pledge(stream->request, -(ssize_t)waits);
	uv_timer_stop(&stream->timer);
	uv_close((uv_handle_t *)&stream->timer, on_closed);
}
