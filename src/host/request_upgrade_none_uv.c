/* SPDX-License-Identifier: MIT */
/* Systems on which no instance goes on in another process: descriptors cannot be handed over. */
#include "host/request_impl_uv.h"

int xt_request_upgrade(struct xt_requests *requests, const struct xt_request *request,
		       struct xt_reply *reply)
{
	(void)requests;
	(void)request;
	(void)reply;
	return XT_E_UNSUPPORTED;
}

int xt_request_upgrade_end(struct xt_requests *requests, const struct xt_request *request,
			   struct xt_reply *reply)
{
	return xt_request_upgrade(requests, request, reply);
}

int xt_request_take_over(struct xt_requests *requests, const struct xt_request *request,
			 struct xt_reply *reply)
{
	return xt_request_upgrade(requests, request, reply);
}

bool xt_requests_upgrading(const struct xt_requests *requests)
{
	(void)requests;
	return false;
}

bool xt_requests_released(const struct xt_requests *requests)
{
	(void)requests;
	return false;
}

void xt_request_upgrade_close(struct xt_requests *requests)
{
	(void)requests;
}
