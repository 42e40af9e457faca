/* SPDX-License-Identifier: MIT */
/* A long answer, written piece by piece. A timer hands the next pieces over while the client has
 * little unread, so that one turn of the loop takes well below a millisecond. */
#include "ipc/stream_uv.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/text.h"

#define PIECE	    (128u << 10)
#define UNREAD_MAX  (512u << 10)
#define WAIT_MS	    1u
#define WAIT_MAX_MS 32u /* for a client that does not read; the server ends one that never does */

struct xt_stream {
	uv_timer_t timer;
	uv_work_t work;
	struct xt_request *request;
	char *bytes;
	size_t at, len;
	unsigned wait_ms;
	void (*over)(void *ctx);
	void *ctx;
};

static void bytes_free(uv_work_t *work)
{
	struct xt_stream *stream = work->data;

	xt_wipe(stream->bytes + stream->at, stream->len - stream->at);
	free(stream->bytes);
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
	if (uv_queue_work(handle->loop, &stream->work, bytes_free, on_freed) == 0)
		return;
	bytes_free(&stream->work);
	free(stream);
}

static void piece_send(struct xt_stream *stream)
{
	size_t n = XT_MIN(stream->len - stream->at, (size_t)PIECE);
	char *piece = stream->bytes + stream->at;

	stream->at += n;
	xt_request_pledge(stream->request, -(ssize_t)n);
	xt_request_reply(stream->request, piece, n, stream->at == stream->len);
	xt_wipe(piece, n);
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_stream *stream = timer->data;
	size_t unread = xt_request_unread(stream->request);
	size_t before = stream->at;

	while (stream->at < stream->len && unread < UNREAD_MAX &&
	       stream->at - before < UNREAD_MAX) {
		piece_send(stream);
		if (stream->at < stream->len)
			unread = xt_request_unread(stream->request);
	}
	if (stream->at == stream->len) {
		uv_close((uv_handle_t *)timer, on_closed);
		stream->over(stream->ctx);
		return;
	}
	stream->wait_ms = stream->at > before ? WAIT_MS : XT_MIN(2 * stream->wait_ms, WAIT_MAX_MS);
	uv_timer_start(timer, on_timer, stream->wait_ms, 0);
}

struct xt_stream *xt_stream_start(uv_loop_t *loop, struct xt_request *request, char *bytes,
				  size_t len, void (*over)(void *ctx), void *ctx)
{
	struct xt_stream *stream = len > PIECE ? calloc(1, sizeof(*stream)) : NULL;

	if (stream) {
		*stream = (struct xt_stream){.request = request,
					     .bytes = bytes,
					     .len = len,
					     .wait_ms = WAIT_MS,
					     .over = over,
					     .ctx = ctx};
		xt_request_pledge(request, (ssize_t)len);
		uv_timer_init(loop, &stream->timer);
		stream->timer.data = stream;
		uv_timer_start(&stream->timer, on_timer, 0, 0);
		return stream;
	}
	if (len == 0 || len > PIECE) /* or no memory */
		xt_request_close(request);
	else
		xt_request_reply(request, bytes, len, true);
	xt_wipe(bytes, len);
	free(bytes);
	over(ctx);
	return NULL;
}

void xt_stream_cancel(struct xt_stream *stream)
{
	if (!stream)
		return;
	xt_request_pledge(stream->request, -(ssize_t)(stream->len - stream->at));
	uv_timer_stop(&stream->timer);
	uv_close((uv_handle_t *)&stream->timer, on_closed);
}
