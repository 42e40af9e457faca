/* SPDX-License-Identifier: MIT */
/* The server behind the control and the UAPI socket: its listener and the list of its connections
 * (connection_uv.c). Without clients the server causes no wake-ups. */
#include "ipc/server_uv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "ipc/connection_uv.h"
#include "ipc/listener_uv.h"
#include "ipc/socket.h"

#define CLIENTS_MAX 64
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

static void client_accept(void *ctx, int fd)
{
	struct xt_server *s = ctx;
	struct xt_connection *c;

	if (server_open_clients(s) >= s->options.max_clients)
		server_make_room(s);
	c = xt_connection_new(s);
	if (!c)
		close(fd);
	else if (xt_connection_start(c, fd) < 0 || server_open_clients(s) > s->options.max_clients)
		xt_connection_close(c, false);
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
	int err = fd < 0 ? fd : xt_listener_new(&s->listener, s->loop, fd, client_accept, s);
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
	xt_listener_pause(s->listener, pause);
}

int xt_server_listen_fd(const struct xt_server *s)
{
	return xt_listener_fd(s->listener);
}

int xt_server_listen_again(struct xt_server *s, int listen_fd)
{
	struct xt_listener *old = s->listener;
	int fd = xt_socket_adopt(listen_fd);
	int err = fd < 0 ? fd : xt_listener_new(&s->listener, s->loop, fd, client_accept, s);

	if (err)
		return err;
	xt_listener_close(old);
	return 0;
}

void xt_server_close(struct xt_server *s)
{
	struct xt_connection *next;

	if (!s || !s->listener)
		return;
	socket_remove(s);
	xt_listener_close(s->listener);
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
