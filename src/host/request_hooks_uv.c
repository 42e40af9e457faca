/* SPDX-License-Identifier: MIT */
/* Requests for hooks: of the configuration, run here or by the runner. */
#include "host/request_impl_uv.h"

static void on_hooks(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_requests *requests = ctx;
	struct xt_reply reply = {.error = result->error, .hooks = *result};

	requests->hooks = NULL;
	request_answer(requests, XT_REQUEST_HOOKS, &reply);
}

int xt_request_hooks(struct xt_requests *requests, const struct xt_request *request,
		     struct xt_reply *reply)
{
	const struct xt_conf *conf = requests->conf;
	const struct xt_conf_hooks *const lists[] = {
	    [XT_HOOKS_PRE_UP] = &conf->pre_up,
	    [XT_HOOKS_POST_UP] = &conf->post_up,
	    [XT_HOOKS_PRE_DOWN] = &conf->pre_down,
	    [XT_HOOKS_POST_DOWN] = &conf->post_down,
	};
	struct xt_hooks_options options = {.hooks = lists[request->hooks.list],
					   .from = request->hooks.from,
					   .name = conf->name,
					   .capture = request->hooks.capture,
					   .runner = requests->options.runner,
					   .list = request->hooks.list};
	int rc = xt_hooks_start(&requests->hooks, requests->loop, &options, on_hooks, requests);

	reply->hooks.error = rc;
	return rc < 0 ? rc : LATER;
}
