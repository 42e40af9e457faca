/* SPDX-License-Identifier: MIT */
/* The inside of the server: its connections, for the files of the server. */
#ifndef XT_IPC_CONNECTION_UV_H
#define XT_IPC_CONNECTION_UV_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "ipc/server_uv.h"

enum client_state {
	CLIENT_READING,	    /* waits for a complete request */
	CLIENT_DISPATCHING, /* handle is running; it may answer before it returns */
	CLIENT_HANDLING,    /* the request is answered later */
	CLIENT_HELD,	    /* a complete request waits until answers have been read */
	CLIENT_DRAINING,    /* takes no more requests; closes when all answers are written */
	CLIENT_ABORTING,    /* closes in the next iteration of the loop */
	CLIENT_CLOSING,	    /* its handles are closing */
};

/* open: the handler has neither ended it nor got notice of its end. */
struct xt_request {
	bool open;
	bool taken;    /* the handler has the received bytes */
	bool followed; /* see xt_request_follow */
	bool stream;   /* see xt_request_stream; followed too */
	void *data;
};

struct xt_connection {
	struct xt_server *server;
	struct xt_connection *prev, *next;
	uv_pipe_t pipe;
	uv_timer_t stall;
	unsigned handles; /* not closed yet */
	enum client_state state;
	bool eof; /* the client sends no more; requests in `received` are still answered */
	struct xt_secbuf received;
	size_t dispatched;   /* bytes of received that are the present request */
	size_t scanned;	     /* bytes of received that xt_frame has seen */
	size_t timed;	     /* received.len when the timer was started */
	uint64_t timer_from; /* uv_now at that time */
	struct xt_request request;
};

struct xt_server {
	uv_loop_t *loop;
	struct xt_listener *listener; /* NULL: the server is closing */
	struct xt_server_options options;
	char *path; /* NULL: the file is not the server's */
	struct stat id;
	struct xt_connection *connections;
	unsigned n;
	size_t unread; /* of all connections */
	void (*connection_gone)(struct xt_server *server);
};

/* A connection without a socket; NULL: no memory. */
struct xt_connection *xt_connection_new(struct xt_server *server);
/* Take fd, which was accepted, and read. Negative: it must be closed. */
int xt_connection_start(struct xt_connection *connection, int fd);
/* notify: an open request is cancelled by its callback. */
void xt_connection_close(struct xt_connection *connection, bool notify);
/* It waits for a request, with nothing received or unread. */
bool xt_connection_idle(const struct xt_connection *connection);

static inline struct xt_connection *xt_connection_of(const struct xt_request *request)
{
	return XT_CONTAINER(request, struct xt_connection, request);
}

static inline size_t xt_connection_unread(const struct xt_connection *connection)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&connection->pipe);
}

#endif
