/* SPDX-License-Identifier: MIT */
/* The server behind the control and the UAPI socket: its listener and the list of its connections
 * (connection_uv.c). Without clients the server causes no wake-ups. */
#include "ipc/server_uv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "ipc/connection_uv.h"
#include "ipc/socket.h"

#define CLIENTS_MAX 64
#define BACKLOG	    128
#define REQUEST_MAX (64u << 10)
#define STALL_MS    10000

/* Once it is closing and its last connection has gone. */
static void server_free(struct xt_server *s)
{
	if (s->listener || s->n)
		return;
	free(s->path);
	free(s);
}

/* Close the client that has been idle longest, if there is one. */
static void server_make_room(struct xt_server *s)
{
	struct xt_connection *oldest = NULL;

	for (struct xt_connection *c = s->connections; c && s->options.keep_idle; c = c->next) {
		if (xt_connection_idle(c) && (!oldest || c->timer_from < oldest->timer_from))
			oldest = c;
	}
	if (oldest)
		xt_connection_close(oldest, false);
}

static unsigned server_open_clients(const struct xt_server *s)
{
	unsigned n = 0;

	for (const struct xt_connection *c = s->connections; c; c = c->next)
		n += c->state != CLIENT_CLOSING;
	return n;
}

/* Without memory libuv keeps the connection and waits for uv_accept. */
static void on_connection(uv_stream_t *stream, int status)
{
	const struct xt_listener *listener = stream->data;
	struct xt_server *s = listener->server;

	if (status == 0 && server_open_clients(s) >= s->options.max_clients)
		server_make_room(s);
	struct xt_connection *c = status == 0 ? xt_connection_new(s) : NULL;
	if (c &&
	    (xt_connection_start(c, stream) < 0 || server_open_clients(s) > s->options.max_clients))
		xt_connection_close(c, false);
}

static void on_listener_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void listener_close(struct xt_listener *listener)
{
	uv_close((uv_handle_t *)&listener->pipe, on_listener_closed);
}

/* Takes fd, which listens at the server's path. */
static int listener_new(struct xt_listener **out, struct xt_server *s, int fd)
{
	struct xt_listener *listener = calloc(1, sizeof(*listener));
	int err;

	if (!listener) {
		close(fd);
		return XT_E_NOMEM;
	}
	uv_pipe_init(s->loop, &listener->pipe, 0);
	listener->pipe.data = listener;
	listener->server = s;
	err = uv_pipe_open(&listener->pipe, fd);
	if (err)
		close(fd);
	err = err ? err : uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, on_connection);
	if (err) {
		listener_close(listener);
		return err;
	}
	*out = listener;
	return 0;
}

static void socket_remove(struct xt_server *s)
{
	if (s->options.remove)
		s->options.remove(s->options.ctx, s->path, &s->id);
	else
		xt_socket_remove(s->path, &s->id);
}

static void options_default(struct xt_server_options *options)
{
	if (!options->max_request)
		options->max_request = REQUEST_MAX;
	if (!options->stall_ms)
		options->stall_ms = STALL_MS;
	if (!options->max_clients)
		options->max_clients = CLIENTS_MAX;
}

int xt_server_open(struct xt_server **out, uv_loop_t *loop, const struct xt_server_options *options)
{
	struct xt_server *s = calloc(1, sizeof(*s));
	int fd;

	if (!s || !(s->path = strdup(options->path))) {
		free(s);
		return XT_E_NOMEM;
	}
	s->loop = loop;
	s->connection_gone = server_free;
	s->options = *options;
	s->options.path = s->path;
	options_default(&s->options);
	fd = options->listen_fd > 0 ? xt_socket_adopt(options->listen_fd, s->path, &s->id)
				    : xt_socket_listen(s->path, &s->id);
	int err = fd < 0 ? fd : listener_new(&s->listener, s, fd);
	if (err) {
		if (fd >= 0)
			socket_remove(s);
		server_free(s);
		return err;
	}
	signal(SIGPIPE, SIG_IGN);
	*out = s;
	return 0;
}

int xt_server_listen_again(struct xt_server *s, int listen_fd)
{
	struct xt_listener *old = s->listener;
	struct stat id;
	int fd = xt_socket_adopt(listen_fd, s->path, &id);
	int err = fd < 0 ? fd : listener_new(&s->listener, s, fd);

	if (err)
		return err;
	s->id = id;
	listener_close(old);
	return 0;
}

void xt_server_close(struct xt_server *s)
{
	struct xt_connection *next;

	if (!s || !s->listener)
		return;
	socket_remove(s);
	listener_close(s->listener);
	s->listener = NULL;
	for (struct xt_connection *c = s->connections; c; c = next) {
		next = c->next;
		xt_connection_close(c, false);
	}
	server_free(s);
}

bool xt_server_there(const struct xt_server *s)
{
	return xt_socket_there(s->path, &s->id);
}

unsigned xt_server_clients(const struct xt_server *s)
{
	return s->n;
}
