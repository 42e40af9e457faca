/* SPDX-License-Identifier: MIT */
/* Requests for the files of an identity: bound of timestamps, records of peers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/request_impl_uv.h"

static void on_bound_written(void *ctx, const struct xt_reply *reply)
{
	request_answer(ctx, XT_REQUEST_BOUND_WRITE, reply);
}

static void on_bound_read(void *ctx, const struct xt_reply *reply)
{
	request_answer(ctx, XT_REQUEST_BOUND_READ, reply);
}

/* The process before writes these files until it was taken over. */
static int bound_wait(struct xt_requests *requests, const char *identity)
{
	char *copy = strdup(identity);

	free(requests->bound_waits);
	requests->bound_waits = copy;
	return copy ? LATER : XT_E_NOMEM;
}

int xt_request_bound_read(struct xt_requests *requests, const struct xt_request *request,
			  struct xt_reply *reply)
{
	if (requests->options.adoption && !requests->taken)
		return bound_wait(requests, request->identity);
	struct xt_identity_callbacks callbacks = {requests, on_bound_read, on_bound_written};
	int rc = 0;

	if (!requests->identity)
		rc = xt_identity_new(&requests->identity, requests->loop, &callbacks);
	if (rc == 0)
		rc = xt_identity_read(requests->identity, request->identity, reply);
	return rc == XT_IDENTITY_LATER ? LATER : rc;
}

void xt_request_bound_resume(struct xt_requests *requests)
{
	struct xt_request request = {.kind = XT_REQUEST_BOUND_READ,
				     .identity = requests->bound_waits};
	struct xt_reply reply = {0};

	if (!requests->bound_waits)
		return;
	*requests->text = '\0';
	reply.error = xt_request_bound_read(requests, &request, &reply);
	free(requests->bound_waits);
	requests->bound_waits = NULL;
	if (reply.error != LATER)
		request_answer(requests, XT_REQUEST_BOUND_READ, &reply);
}

int xt_request_bound_write(struct xt_requests *requests, const struct xt_request *request,
			   struct xt_reply *reply)
{
	bool last = !requests->pending[request->kind].done;
	int rc = requests->identity
		     ? xt_identity_bound_write(requests->identity, request->bound, last, reply)
		     : -EBADF;

	return rc == XT_IDENTITY_LATER ? LATER : rc;
}

int xt_request_peers_write(struct xt_requests *requests, const struct xt_request *request,
			   struct xt_reply *reply)
{
	return requests->identity ? xt_identity_peers_write(requests->identity, request->peers.v,
							    request->peers.n, reply)
				  : 0;
}
