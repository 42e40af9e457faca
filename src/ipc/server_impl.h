/* SPDX-License-Identifier: MIT */
/* The inside of the server, for its two files. */
#ifndef XT_IPC_SERVER_IMPL_H
#define XT_IPC_SERVER_IMPL_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "ipc/server_uv.h"

#define UNREAD_ALL (64u << 20) /* of all clients together: every request is held back */

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
	bool taken; /* the handler has the received bytes */
	void *data;
};

struct client {
	struct xt_server *server;
	struct client *prev, *next;
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

enum server_state { SERVER_OPEN, SERVER_CLOSING, SERVER_LISTENER_CLOSED };

struct xt_server {
	uv_loop_t *loop;
	uv_pipe_t listener;
	struct xt_server_options options;
	char *path;
	struct stat id;
	struct client *clients;
	unsigned n;
	size_t unread; /* of all clients */
	enum server_state state;
};

static inline struct client *xt_request_client(struct xt_request *request)
{
	return XT_CONTAINER(request, struct client, request);
}

static inline size_t xt_client_unread(const struct client *c)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&c->pipe);
}

#endif
