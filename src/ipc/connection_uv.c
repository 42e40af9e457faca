/* SPDX-License-Identifier: MIT */
/* One connection of the server: a state machine (enum client_state) with one timer, which bounds
 * both a request that does not get complete and answers that are not read. */
#include "ipc/connection_uv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "ipc/listener_uv.h"

#define UNREAD_MAX  (128u << 20) /* answers that one client has not read: it is aborted */
#define UNREAD_HOLD (64u << 10)	 /* its next request is held back */
#define READ_MAX    (32u << 10)	 /* bytes at once, of which libuv takes 32 between two passes */
#define PROGRESS    (1u << 20)	 /* bytes of a long request that restart its timer */

struct answer {
	uv_write_t write;
	size_t len;
	char bytes[];
};

static void on_closed(uv_handle_t *handle)
{
	struct xt_connection *c = handle->data;
	struct xt_server *s = c->server;

	if (--c->handles)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->connections = c->next;
	if (c->next)
		c->next->prev = c->prev;
	xt_secbuf_clear(&c->received);
	free(c);
	s->n--;
	s->connection_gone(s);
}

void xt_connection_close(struct xt_connection *c, bool notify)
{
	struct xt_server *s = c->server;
	bool cancelled = c->request.open;

	if (c->state == CLIENT_CLOSING)
		return;
	c->state = CLIENT_CLOSING;
	c->request.open = false;
	uv_close((uv_handle_t *)&c->stall, on_closed);
	uv_close((uv_handle_t *)&c->pipe, on_closed);
	if (cancelled && notify && s->options.cancelled)
		s->options.cancelled(s->options.ctx, &c->request);
}

static void client_drain(struct xt_connection *c)
{
	c->state = CLIENT_DRAINING;
	if (!xt_connection_unread(c))
		xt_connection_close(c, true);
}

bool xt_connection_idle(const struct xt_connection *c)
{
	return c->state == CLIENT_READING && !c->received.len && !xt_connection_unread(c);
}

static bool client_must_wait(const struct xt_connection *c)
{
	return xt_connection_unread(c) > UNREAD_HOLD || xt_server_full(c->server);
}

static bool client_hung_up(const struct xt_connection *c)
{
	return c->eof && xt_pipe_closed(&c->pipe);
}

static void on_stall(uv_timer_t *timer)
{
	struct xt_connection *c = timer->data;
	bool waits = c->state == CLIENT_HANDLING || c->state == CLIENT_HELD;
	bool slow = c->request.open && c->request.followed && c->state == CLIENT_HANDLING;

	if (!waits || (xt_connection_unread(c) && !slow))
		xt_connection_close(c, true);
}

/* The time for progress starts now; an idle client needs none when keep_idle is set. */
static void client_restart_timer(struct xt_connection *c)
{
	const struct xt_server_options *options = &c->server->options;

	c->timed = c->received.len;
	uv_update_time(c->server->loop); /* a long iteration of ours does not count against it */
	c->timer_from = uv_now(c->server->loop);
	if (options->keep_idle && xt_connection_idle(c))
		uv_timer_stop(&c->stall);
	else
		uv_timer_start(&c->stall, on_stall, options->stall_ms, options->stall_ms);
}

/* Hand the first n bytes, a request with its end mark, to the handler and drop them. */
static void client_dispatch(struct xt_connection *c, size_t n)
{
	const struct xt_server_options *options = &c->server->options;
	size_t len = options->framing == XT_FRAME_LINE ? n - 1 : n;

	if (len) {
		c->state = CLIENT_DISPATCHING;
		c->request = (struct xt_request){.open = true};
		c->dispatched = n;
		options->handle(options->ctx, &c->request, c->received.p, len);
		if (c->state == CLIENT_DISPATCHING)
			c->state = c->request.open ? CLIENT_HANDLING : CLIENT_READING;
	}
	if (!c->request.taken)
		xt_secbuf_take(&c->received, n);
	c->request.taken = false;
	c->scanned = c->timed = 0;
	if (c->state < CLIENT_ABORTING)
		client_restart_timer(c);
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf);
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

/* The rest of the request is not read: the connection closes once the refusal is written. */
static void client_refuse(struct xt_connection *c)
{
	const struct xt_server_options *options = &c->server->options;

	uv_read_stop((uv_stream_t *)&c->pipe);
	xt_secbuf_clear(&c->received);
	c->scanned = c->timed = 0;
	c->state = CLIENT_DISPATCHING;
	c->request = (struct xt_request){.open = true};
	if (options->refuse)
		options->refuse(options->ctx, &c->request);
	c->request.open = false;
	if (c->state == CLIENT_DISPATCHING)
		client_drain(c);
}

/* From CLIENT_READING as far as the received bytes lead: dispatch complete requests one after the
 * other, then read on, drain or close. */
static void client_advance(struct xt_connection *c)
{
	const struct xt_server_options *options = &c->server->options;
	size_t n;

	while (c->state == CLIENT_READING &&
	       (n = xt_frame(options->framing, c->received.p, c->received.len, &c->scanned)) > 0) {
		if (n == XT_FRAME_TOO_LONG)
			client_refuse(c);
		else if (client_must_wait(c))
			c->state = CLIENT_HELD;
		else if (client_hung_up(c))
			xt_connection_close(c, true);
		else
			client_dispatch(c, n);
	}
	if (c->state != CLIENT_READING)
		return;
	if (c->received.len > options->max_request)
		xt_connection_close(c, true);
	else if (c->eof)
		client_drain(c);
	else /* UV_EALREADY unless on_read has stopped it */
		(void)uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
	struct xt_connection *c = handle->data;
	size_t room;

	(void)hint;
	if (xt_secbuf_room(&c->received, &room) < 0)
		*buf = uv_buf_init(NULL, 0); /* on_read gets UV_ENOBUFS */
	else
		*buf = uv_buf_init(c->received.p + c->received.len,
				   (unsigned)XT_MIN(room, (size_t)READ_MAX));
}

/* End of file: the requests before it are answered. A client that closes entirely while it waits
 * for an answer cancels; one that has only closed its sending side still gets it. */
static void client_end_input(struct xt_connection *c, bool orderly)
{
	const struct xt_server_options *options = &c->server->options;

	c->eof = true;
	if (orderly && c->request.open && c->request.stream && options->ended)
		options->ended(options->ctx, &c->request);
	else if (!orderly || (c->request.open && client_hung_up(c)))
		xt_connection_close(c, true);
	else if (!c->request.open && c->state != CLIENT_HELD)
		client_drain(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct xt_connection *c = stream->data;
	bool begins = c->received.len == 0;

	(void)buf;
	if (n == UV_ENOBUFS && (c->state == CLIENT_HANDLING || c->state == CLIENT_HELD)) {
		uv_read_stop(stream); /* the client sends ahead of its answers */
	} else if (n < 0) {
		client_end_input(c, n == UV_EOF);
	} else if (n > 0) {
		xt_secbuf_added(&c->received, (size_t)n);
		if (begins || c->received.len - c->timed >= PROGRESS)
			client_restart_timer(c);
		client_advance(c);
	}
}

/* Continue clients whose requests were held back, as far as the limits allow. */
static void server_release_held(struct xt_server *s)
{
	for (struct xt_connection *c = s->connections; c && s->listener; c = c->next) {
		if (c->state == CLIENT_HELD && !client_must_wait(c)) {
			c->state = CLIENT_READING;
			client_advance(c);
		}
	}
}

static void on_written(uv_write_t *write, int status)
{
	struct answer *a = XT_CONTAINER(write, struct answer, write);
	struct xt_connection *c = write->data;
	size_t len = a->len;

	c->server->unread -= len;
	xt_wipe(a->bytes, len);
	free(a);
	if (c->state < CLIENT_ABORTING)
		client_restart_timer(c);
	if (status < 0 || (c->state >= CLIENT_DRAINING && !xt_connection_unread(c)))
		xt_connection_close(c, true);
	server_release_held(c->server);
}

static int client_answer(struct xt_connection *c, const void *data, size_t len)
{
	struct answer *a = xt_connection_unread(c) > UNREAD_MAX ? NULL : malloc(sizeof(*a) + len);
	uv_buf_t buf;

	if (!a)
		return XT_E_NOMEM;
	memcpy(a->bytes, data, len);
	a->len = len;
	a->write.data = c;
	buf = uv_buf_init(a->bytes, (unsigned)len);
	int err = uv_write(&a->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written);
	if (err) {
		xt_wipe(a->bytes, len);
		free(a);
		return err;
	}
	c->server->unread += len;
	return 0;
}

void xt_request_abort(struct xt_request *request)
{
	struct xt_connection *c = xt_connection_of(request);

	c->state = CLIENT_ABORTING;
	uv_timer_start(&c->stall, on_stall, 0, 0);
}

void xt_request_reply(struct xt_request *request, const void *data, size_t len, bool last)
{
	struct xt_connection *c = xt_connection_of(request);

	if (len && c->state != CLIENT_ABORTING && client_answer(c, data, len) != 0)
		xt_request_abort(request);
	if (!last)
		return;
	request->open = false;
	if (c->state != CLIENT_HANDLING) /* client_dispatch continues, or the client ends */
		return;
	c->state = CLIENT_READING;
	client_restart_timer(c);
	client_advance(c);
}

void xt_request_close(struct xt_request *request)
{
	request->open = false;
	client_drain(xt_connection_of(request));
}

struct xt_connection *xt_connection_new(struct xt_server *s)
{
	struct xt_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->server = s;
	c->received = XT_SECBUF_INIT(s->options.max_request + 1);
	c->received.maps = true;
	c->next = s->connections;
	if (c->next)
		c->next->prev = c;
	s->connections = c;
	s->n++;
	c->handles = 2;
	uv_pipe_init(s->loop, &c->pipe, 0);
	uv_timer_init(s->loop, &c->stall);
	c->pipe.data = c->stall.data = c;
	return c;
}

int xt_connection_start(struct xt_connection *c, int fd)
{
	int err = uv_pipe_open(&c->pipe, fd);

	if (err)
		close(fd);
	err = err ? err : uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
	if (!err)
		client_restart_timer(c);
	return err;
}
