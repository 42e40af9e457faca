/* SPDX-License-Identifier: MIT */
/* The server behind the control and the UAPI socket: its listener and the list of its connections
 * (connection_uv.c). Without clients the server causes no wake-ups. */
#include "ipc/server_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "ipc/connection_uv.h"
#include "ipc/socket.h"

#define CLIENTS_MAX 64
#define ACCEPTS	    32 /* between two passes */
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

static void client_accept(struct xt_server *s, int fd)
{
	struct xt_connection *c;

	if (server_open_clients(s) >= s->options.max_clients)
		server_make_room(s);
	c = xt_connection_new(s);
	if (!c)
		close(fd);
	else if (xt_connection_start(c, fd) < 0 || server_open_clients(s) > s->options.max_clients)
		xt_connection_close(c, false);
}

/* Without a descriptor for it the connection would stay in the queue and wake the loop for ever. */
static void client_refuse(struct xt_listener *listener)
{
	int fd;

	if (listener->spare < 0)
		return;
	close(listener->spare);
	fd = xt_socket_accept(listener->fd);
	if (fd >= 0)
		close(fd);
	listener->spare = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
}

/* A client may close its side, or the server be closed, between two of them. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct xt_listener *listener = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPTS && !uv_is_closing((uv_handle_t *)poll); i++) {
		int fd = xt_socket_accept(listener->fd);

		if (fd == -EMFILE || fd == -ENFILE)
			client_refuse(listener);
		if (fd < 0)
			break;
		client_accept(listener->server, fd);
	}
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct xt_listener *listener = handle->data;

	close(listener->fd);
	if (listener->spare >= 0)
		close(listener->spare);
	free(listener);
}

static void listener_close(struct xt_listener *listener)
{
	uv_close((uv_handle_t *)&listener->poll, on_listener_closed);
}

/* Takes fd, which listens. */
static int listener_new(struct xt_listener **out, struct xt_server *s, int fd)
{
	struct xt_listener *listener = calloc(1, sizeof(*listener));
	int err = listener ? uv_poll_init(s->loop, &listener->poll, fd) : XT_E_NOMEM;

	if (err) {
		close(fd);
		free(listener);
		return err;
	}
	listener->poll.data = listener;
	listener->server = s;
	listener->fd = fd;
	listener->spare = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	err = uv_poll_start(&listener->poll, UV_READABLE, on_readable);
	if (err) {
		listener_close(listener);
		return err;
	}
	*out = listener;
	return 0;
}

static void socket_remove(struct xt_server *s)
{
	if (s->path)
		xt_socket_remove(s->path, &s->id);
	else if (s->options.remove)
		s->options.remove(s->options.ctx);
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

	if (!s || (options->listen_fd <= 0 && !(s->path = strdup(options->path)))) {
		free(s);
		return XT_E_NOMEM;
	}
	s->loop = loop;
	s->connection_gone = server_free;
	s->options = *options;
	s->options.path = s->path;
	options_default(&s->options);
	fd = s->path ? xt_socket_listen(s->path, &s->id) : xt_socket_adopt(options->listen_fd);
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

void xt_server_pause(struct xt_server *s, bool pause)
{
	if (pause)
		(void)uv_poll_stop(&s->listener->poll);
	else
		(void)uv_poll_start(&s->listener->poll, UV_READABLE, on_readable);
}

int xt_server_listen_fd(const struct xt_server *s)
{
	return s->listener->fd;
}

int xt_server_listen_again(struct xt_server *s, int listen_fd)
{
	struct xt_listener *old = s->listener;
	int fd = xt_socket_adopt(listen_fd);
	int err = fd < 0 ? fd : listener_new(&s->listener, s, fd);

	if (err)
		return err;
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

unsigned xt_server_clients(const struct xt_server *s)
{
	return s->n;
}
