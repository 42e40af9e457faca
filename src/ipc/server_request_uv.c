/* SPDX-License-Identifier: MIT */
/* What a handler may learn of its request, and take from it. */
#include "ipc/server_impl.h"

size_t xt_request_unread(const struct xt_request *request)
{
	return xt_client_unread(XT_CONTAINER(request, struct client, request));
}

void xt_request_pledge(struct xt_request *request, ssize_t len)
{
	xt_request_client(request)->server->unread += (size_t)len;
}

bool xt_server_full(const struct xt_server *server)
{
	return server->unread > UNREAD_ALL;
}

char *xt_request_take(struct xt_request *request)
{
	struct client *c = xt_request_client(request);
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

void xt_request_set(struct xt_request *request, void *data)
{
	request->data = data;
}

void *xt_request_get(const struct xt_request *request)
{
	return request->data;
}
