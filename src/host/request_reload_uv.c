/* SPDX-License-Identifier: MIT */
/* Requests for a reload, carried out here by the process that asks. */
#include "host/request_impl_uv.h"

static void on_reload(void *ctx, int error, const char *text)
{
	struct xt_requests *requests = ctx;
	struct xt_reply reply = {.error = error, .text = *text ? text : NULL};

	if (requests->reload_kind == XT_REQUEST_RELOAD_READ)
		reply.reload = xt_reload_data(requests->reload);
	else if (requests->reload_kind == XT_REQUEST_RELOAD_COMMIT && requests->link)
		reply.mtu = xt_link_mtu(requests->link);
	request_answer(requests, requests->reload_kind, &reply);
}

int xt_request_reload_read(struct xt_requests *requests, const struct xt_request *request,
			   struct xt_reply *reply)
{
	const struct xt_reload_options options = {.conf = requests->conf,
						  .host = requests->host,
						  .link = requests->link,
						  .policy = requests->policy,
						  .report = request->report,
						  .prepare = requests->options.prepare,
						  .drop = requests->options.drop,
						  .key_command = requests->options.key_command,
						  .key_command_ctx =
						      requests->options.key_command_ctx};
	int rc;

	(void)reply;
	requests->reload_kind = request->kind;
	rc = xt_reload_start(&requests->reload, requests->loop, &options, on_reload, requests);
	return rc < 0 ? rc : LATER;
}

int xt_request_reload_go(struct xt_requests *requests, const struct xt_request *request,
			 struct xt_reply *reply)
{
	(void)reply;
	requests->reload_kind = request->kind;
	if (request->kind == XT_REQUEST_RELOAD_STEP) {
		xt_reload_step(requests->reload, request->step, on_reload, requests);
	} else if (request->kind == XT_REQUEST_RELOAD_UNDO) {
		xt_reload_undo(requests->reload, on_reload, requests);
	} else {
		requests->policy = xt_reload_data(requests->reload)->policy;
		xt_reload_commit(requests->reload, on_reload, requests);
	}
	return LATER;
}

int xt_request_reload_end(struct xt_requests *requests, const struct xt_request *request,
			  struct xt_reply *reply)
{
	(void)request;
	(void)reply;
	xt_reload_end(requests->reload);
	requests->reload = NULL;
	return 0;
}
