/* The server behind the control and the UAPI socket. A client is idle (reading), busy (a request is
 * with the handler) or closing. One timer per client bounds idleness and answers that are not
 * taken; without clients nothing ever wakes up. */
#include "ipc/server_uv.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "ipc/frame.h"
#include "ipc/inbox.h"
#include "ipc/socket.h"

#define CLIENTS_MAX 64
#define BACKLOG	    128
#define REQUEST_MAX (64u << 10)
#define STALL_MS    10000
#define UNREAD_MAX  (128u << 20) /* answers that a client has not taken */
#define UNREAD_HOLD (64u << 10)	 /* with so much unread no further request of its is begun */
#define UNREAD_ALL  (64u << 20)	 /* and with so much in all, nobody's */
#define PROGRESS    (1u << 20)	 /* of a long request, that starts its time anew */
#define LARGE	    (1u << 20)	 /* after such a request or answer memory goes back to the system */

struct client;

struct xt_request {
	struct client *client;
	void *data;
};

struct client {
	struct xt_server *server;
	struct client *prev, *next;
	uv_pipe_t pipe;
	uv_timer_t stall;
	unsigned open; /* handles not closed yet */
	struct xt_inbox in;
	size_t scanned;
	size_t timed;	/* of the request's bytes, when its time began */
	uint64_t since; /* it has been idle; uv time */
	struct xt_request request;
	bool busy, pumping, closing, reading;
	bool held;   /* a request waits for answers to be read */
	bool ended;  /* no more will come */
	bool flush;  /* close as soon as all is written */
	bool doomed; /* close in the next turn */
};

struct xt_server {
	uv_loop_t *loop;
	uv_pipe_t listener;
	struct xt_server_options options;
	char *path;
	struct stat id;
	struct client *clients;
	unsigned n;
	size_t unread; /* of all clients */
	bool closing, listener_closed;
};

struct answer {
	uv_write_t write;
	size_t len;
	char bytes[];
};

static void pump(struct client *c);

static void server_free(struct xt_server *s)
{
	if (!s->closing || !s->listener_closed || s->n)
		return;
	free(s->path);
	free(s);
}

static void on_closed(uv_handle_t *handle)
{
	struct client *c = handle->data;
	struct xt_server *s = c->server;

	if (--c->open)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	xt_inbox_clear(&c->in);
	free(c);
	s->n--;
	server_free(s);
}

static void client_close(struct client *c, bool tell)
{
	struct xt_server *s = c->server;
	bool cancelled = c->busy;

	if (c->closing)
		return;
	c->closing = true;
	c->busy = false;
	uv_close((uv_handle_t *)&c->stall, on_closed);
	uv_close((uv_handle_t *)&c->pipe, on_closed);
	if (cancelled && tell && s->options.cancelled)
		s->options.cancelled(s->options.ctx, &c->request);
}

/* What a change or report of many peers took lies in small pieces, which the C library would keep.
 */
static void give_back(size_t used)
{
#ifdef __GLIBC__
	if (used >= LARGE)
		malloc_trim(0);
#else
	(void)used;
#endif
}

static size_t unread(const struct client *c)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&c->pipe);
}

static void client_flush(struct client *c)
{
	c->flush = true;
	if (!unread(c))
		client_close(c, true);
}

static bool idle(const struct client *c)
{
	return !c->busy && !c->in.len && !unread(c);
}

static void on_stall(uv_timer_t *timer)
{
	struct client *c = timer->data;

	if ((c->busy || c->held) && !unread(c) && !c->doomed)
		return; /* it waits for us */
	client_close(c, true);
}

/* Its time runs from now, unless there is nothing to wait for. */
static void restart_clock(struct client *c)
{
	unsigned ms = c->server->options.stall_ms;

	c->timed = c->in.len;
	uv_update_time(c->server->loop); /* a long turn of ours is not the client's fault */
	c->since = uv_now(c->server->loop);
	if (c->server->options.patient && idle(c))
		uv_timer_stop(&c->stall);
	else
		uv_timer_start(&c->stall, on_stall, ms, ms);
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
	struct client *c = handle->data;

	(void)hint;
	if (!xt_inbox_room(&c->in, c->server->options.max_request + 1))
		*buf = uv_buf_init(NULL, 0);
	else
		*buf = uv_buf_init(c->in.buf + c->in.len, (unsigned)(c->in.cap - c->in.len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	(void)buf;
	if (n == UV_ENOBUFS && (c->busy || c->held)) { /* a client ahead of us: it waits */
		uv_read_stop(stream);
		c->reading = false;
	} else if (n < 0) {
		/* What was asked before the end is still answered, and goes out. */
		c->ended = true;
		if (n != UV_EOF || c->busy)
			client_close(c, true);
		else if (!c->held)
			client_flush(c);
	} else if (n > 0) {
		bool begins = c->in.len == 0;

		c->in.len += (size_t)n;
		if (begins || c->in.len - c->timed >= PROGRESS)
			restart_clock(c);
		pump(c);
	}
}

/* Length of the first request with its end mark, or 0: not whole yet. */
static size_t frame(struct client *c)
{
	return xt_frame(c->server->options.framing, c->in.buf, c->in.len, &c->scanned);
}

static void consume(struct client *c, size_t n)
{
	xt_inbox_take(&c->in, n);
	c->scanned = c->timed = 0;
}

static bool hung_up(const struct client *c)
{
	uv_os_fd_t fd;

	return c->ended && uv_fileno((const uv_handle_t *)&c->pipe, &fd) == 0 &&
	       xt_socket_hung_up(fd);
}

static bool must_wait(const struct client *c)
{
	return unread(c) > UNREAD_HOLD || c->server->unread > UNREAD_ALL;
}

/* Hand over what is whole, one request after the other. */
static void pump(struct client *c)
{
	struct xt_server *s = c->server;
	size_t n;

	if (c->pumping)
		return;
	c->pumping = true;
	while (!c->busy && !c->closing && !c->flush && (n = frame(c)) > 0) {
		size_t len = s->options.framing == XT_FRAME_LINE ? n - 1 : n;

		c->held = must_wait(c);
		if (c->held)
			break;
		if (hung_up(c)) {
			client_close(c, true);
			break;
		}
		if (len) {
			c->busy = true;
			c->request = (struct xt_request){.client = c};
			s->options.handle(s->options.ctx, &c->request, c->in.buf, len);
		}
		consume(c, n);
		if (!c->closing && !c->doomed)
			restart_clock(c);
	}
	c->pumping = false;
	if (!c->closing && !c->busy && !c->held && c->in.len > s->options.max_request)
		client_close(c, true);
	if (!c->closing && !c->busy && !c->held && c->ended)
		client_flush(c);
	if (!c->closing && !c->busy && !c->flush && !c->reading)
		c->reading = uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) == 0;
}

/* Those that were held back go on, as far as there is room. */
static void release_held(struct xt_server *s)
{
	for (struct client *c = s->clients; c && !s->closing; c = c->next) {
		if (c->held && !c->closing && !must_wait(c)) {
			c->held = false;
			pump(c);
		}
	}
}

static void on_written(uv_write_t *write, int status)
{
	struct answer *a = XT_CONTAINER(write, struct answer, write);
	struct client *c = write->data;
	size_t len = a->len;

	c->server->unread -= len;
	xt_wipe(a->bytes, len);
	free(a);
	give_back(len);
	if (!c->closing && !c->doomed)
		restart_clock(c);
	if (!c->closing && (status < 0 || (c->flush && !unread(c))))
		client_close(c, true);
	release_held(c->server);
}

static int answer(struct client *c, const void *data, size_t len)
{
	struct answer *a = unread(c) > UNREAD_MAX ? NULL : malloc(sizeof(*a) + len);
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
	struct client *c = request->client;

	c->doomed = c->flush = true;
	uv_timer_start(&c->stall, on_stall, 0, 0);
}

void xt_request_reply(struct xt_request *request, const void *data, size_t len, bool last)
{
	struct client *c = request->client;

	if (len && !c->doomed && answer(c, data, len) != 0)
		xt_request_abort(request);
	if (!last)
		return;
	c->busy = false;
	if (!c->doomed)
		restart_clock(c);
	pump(c);
}

void xt_request_close(struct xt_request *request)
{
	request->client->busy = false;
	client_flush(request->client);
}

void xt_request_set(struct xt_request *request, void *data)
{
	request->data = data;
}

void *xt_request_get(const struct xt_request *request)
{
	return request->data;
}

/* The one that has been silent between requests for longest, when it may be. */
static void make_room(struct xt_server *s)
{
	struct client *oldest = NULL;

	for (struct client *c = s->clients; c && s->options.patient; c = c->next) {
		if (!c->closing && idle(c) && (!oldest || c->since < oldest->since))
			oldest = c;
	}
	if (oldest)
		client_close(oldest, false);
}

/* Those that are being closed hold no place. */
static unsigned open_clients(const struct xt_server *s)
{
	unsigned n = 0;

	for (const struct client *c = s->clients; c; c = c->next)
		n += !c->closing;
	return n;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct xt_server *s = listener->data;
	struct client *c = status == 0 ? calloc(1, sizeof(*c)) : NULL;

	if (c && open_clients(s) >= s->options.max_clients)
		make_room(s);
	if (!c) {
		/* Without memory the connection stays with libuv, which waits for it to be
		 * accepted: nothing better can be done then. */
		return;
	}
	c->server = s;
	c->next = s->clients;
	if (c->next)
		c->next->prev = c;
	s->clients = c;
	s->n++;
	c->open = 2;
	uv_pipe_init(s->loop, &c->pipe, 0);
	uv_timer_init(s->loop, &c->stall);
	c->pipe.data = c->stall.data = c;
	if (uv_accept(listener, (uv_stream_t *)&c->pipe) < 0 ||
	    open_clients(s) > s->options.max_clients) {
		client_close(c, false);
		return;
	}
	restart_clock(c);
	c->reading = uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) == 0;
	if (!c->reading)
		client_close(c, false);
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct xt_server *s = handle->data;

	s->listener_closed = true;
	server_free(s);
}

/* A descriptor that listens, and where it stands; the path's identity in s->id. */
static int take_listener(struct xt_server *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (lstat(s->path, &s->id) < 0)
		memset(&s->id, 0, sizeof(s->id));
	return fd;
}

int xt_server_open(struct xt_server **out, uv_loop_t *loop, const struct xt_server_options *options)
{
	struct xt_server *s = calloc(1, sizeof(*s));
	int fd, err;

	if (!s || !(s->path = strdup(options->path))) {
		free(s);
		return XT_E_NOMEM;
	}
	s->loop = loop;
	s->options = *options;
	s->options.path = s->path;
	if (!s->options.max_request)
		s->options.max_request = REQUEST_MAX;
	if (!s->options.stall_ms)
		s->options.stall_ms = STALL_MS;
	if (!s->options.max_clients)
		s->options.max_clients = CLIENTS_MAX;
	fd = options->listen_fd > 0 ? take_listener(s, options->listen_fd)
				    : xt_socket_listen(s->path, &s->id);
	if (fd < 0) {
		free(s->path);
		free(s);
		return fd;
	}
	signal(SIGPIPE, SIG_IGN);
	uv_pipe_init(loop, &s->listener, 0);
	s->listener.data = s;
	err = uv_pipe_open(&s->listener, fd);
	if (err)
		close(fd);
	err = err ? err : uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection);
	if (err) {
		xt_server_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void xt_server_close(struct xt_server *s)
{
	if (!s || s->closing)
		return;
	s->closing = true;
	xt_socket_remove(s->path, &s->id);
	for (struct client *c = s->clients; c; c = c->next)
		client_close(c, false);
	uv_close((uv_handle_t *)&s->listener, on_listener_closed);
}

bool xt_server_there(const struct xt_server *s)
{
	struct stat st;

	return lstat(s->path, &st) == 0 && st.st_dev == s->id.st_dev && st.st_ino == s->id.st_ino;
}

unsigned xt_server_clients(const struct xt_server *s)
{
	return s->n;
}
