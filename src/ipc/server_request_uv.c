/* SPDX-License-Identifier: MIT */
/* What a handler may learn of its request, and take from it. */
#include "ipc/connection_uv.h"
#include "ipc/listener_uv.h"

#define UNREAD_ALL (64u << 20) /* of all clients together: every request is held back */

size_t xt_request_unread(const struct xt_request *request)
{
	return xt_connection_unread(xt_connection_of(request));
}

void xt_request_pledge(struct xt_request *request, ssize_t len)
{
	xt_connection_of(request)->server->unread += (size_t)len;
}

bool xt_server_full(const struct xt_server *server)
{
	return server->unread > UNREAD_ALL;
}

char *xt_request_take(struct xt_request *request)
{
	struct xt_connection *c = xt_connection_of(request);
	struct xt_secbuf rest = XT_SECBUF_INIT(c->received.max);
	size_t n = c->dispatched, len;
	char *bytes;

	if (c->received.len > n &&
	    xt_secbuf_append(&rest, c->received.p + n, c->received.len - n) < 0)
		return NULL;
	(void)xt_secbuf_detach(&c->received, &bytes, &len);
	c->received = rest;
	request->taken = true;
	return bytes;
}

int xt_request_uid(const struct xt_request *request, uid_t *uid)
{
	return xt_pipe_uid(&xt_connection_of(request)->pipe, uid);
}

void xt_request_set(struct xt_request *request, void *data)
{
	request->data = data;
}

void *xt_request_get(const struct xt_request *request)
{
	return request->data;
}

void xt_request_follow(struct xt_request *request)
{
	request->followed = true;
}

void xt_request_stream(struct xt_request *request)
{
	request->followed = request->stream = true;
}
