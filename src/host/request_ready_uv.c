/* SPDX-License-Identifier: MIT */
/* Requests about what other programs see of an instance: the process that started it, and the
 * service manager. */
#include "host/detach.h"
#include "host/name_file.h"
#include "host/request_impl_uv.h"
#include "host/runner_client_uv.h"

int xt_request_detach(struct xt_requests *requests, const struct xt_request *request,
		      struct xt_reply *reply)
{
	int ready = requests->options.ready;

	(void)request;
	(void)reply;
	requests->options.ready = -1;
	if (requests->options.quiet)
		xt_runner_detach(requests->options.runner);
	return xt_detach(ready, requests->options.quiet);
}

int xt_request_name_file(struct xt_requests *requests, const struct xt_request *request,
			 struct xt_reply *reply)
{
	int rc = xt_name_file_write(requests->conf->name, requests->text, sizeof(requests->text));

	(void)request;
	if (rc < 0)
		reply->text = requests->text;
	return rc;
}

int xt_request_notify(struct xt_requests *requests, const struct xt_request *request,
		      struct xt_reply *reply)
{
	(void)requests;
	(void)reply;
	xt_notify(&request->notice);
	return 0;
}
