/* SPDX-License-Identifier: MIT */
/* Requests for a reload, carried out here by the process that asks. */
#include <errno.h>

#include "host/request_impl_uv.h"
#include "host/runner_client_uv.h"

/* The file is in force: of a process that has no instance of its own. What was in force stays until
 * the end of the reload, as others may still read it. */
static void conf_update(struct xt_requests *requests)
{
	struct xt_conf *conf = requests->options.update;
	struct xt_reload *reload = xt_reload_data(requests->reload);
	struct xt_conf former;

	if (!conf)
		return;
	former = *conf;
	*conf = reload->file;
	reload->file = former;
}

/* The callback may have ended the reload. */
static void on_read(void *ctx, int error, const char *text)
{
	struct xt_requests *requests = ctx;
	struct xt_reload_run *run = requests->reload;
	struct xt_reply reply = {
	    .error = error, .text = *text ? text : NULL, .reload = xt_reload_data(run)};

	request_answer(requests, XT_REQUEST_RELOAD_READ, &reply);
	if (requests->reload == run)
		xt_reload_file_wipe(xt_reload_data(run));
}

static void on_reload(void *ctx, int error, const char *text)
{
	struct xt_requests *requests = ctx;
	struct xt_reply reply = {.error = error, .text = *text ? text : NULL};

	if (requests->reload_kind == XT_REQUEST_RELOAD_COMMIT && error == 0)
		xt_runner_read(requests->options.runner);
	if (requests->reload_kind == XT_REQUEST_RELOAD_COMMIT && requests->link)
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
	if (requests->reload || !requests->host || !requests->conf->path) {
		xt_report_free(request->report);
		return requests->reload ? XT_E_INVALID : -ENOENT;
	}
	rc = xt_reload_start(&requests->reload, requests->loop, &options, on_read, requests);
	return rc < 0 ? rc : LATER;
}

static void reload_commit(struct xt_requests *requests)
{
	if (!xt_reload_ready(requests->reload)) {
		on_reload(requests, XT_E_INVALID, "");
		return;
	}
	requests->policy = xt_reload_data(requests->reload)->policy;
	conf_update(requests);
	xt_reload_commit(requests->reload, on_reload, requests);
}

/* A process that asks out of order may ask while the file is read. */
int xt_request_reload_go(struct xt_requests *requests, const struct xt_request *request,
			 struct xt_reply *reply)
{
	(void)reply;
	if (!requests->reload || xt_reload_busy(requests->reload))
		return XT_E_INVALID;
	requests->reload_kind = request->kind;
	if (request->kind == XT_REQUEST_RELOAD_STEP)
		xt_reload_step(requests->reload, request->reload.step, &request->reload.hints,
			       on_reload, requests);
	else if (request->kind == XT_REQUEST_RELOAD_UNDO)
		xt_reload_undo(requests->reload, on_reload, requests);
	else
		reload_commit(requests);
	return LATER;
}

int xt_request_reload_end(struct xt_requests *requests, const struct xt_request *request,
			  struct xt_reply *reply)
{
	(void)request;
	(void)reply;
	if (requests->reload && xt_reload_busy(requests->reload))
		return XT_E_INVALID;
	xt_reload_end(requests->reload);
	requests->reload = NULL;
	return 0;
}
