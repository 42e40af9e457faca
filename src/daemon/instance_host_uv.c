/* SPDX-License-Identifier: MIT */
/* The instance and its host: the opening of requests, and what the host reports unasked. */
#include "daemon/instance_uv.h"

#include "ipc/socket.h"

void xt_instance_host_event(void *ctx, const struct xt_host_event *event)
{
	struct xt_instance *instance = ctx;

	switch (event->kind) {
	case XT_HOST_SOCKET_LOST:
		if (event->lost.which == XT_SOCKET_CONTROL)
			xt_instance_control_lost(instance, event->lost.attempt);
		else
			xt_instance_uapi_lost(instance, event->lost.attempt);
		break;
	case XT_HOST_END:
		instance->post(instance, XT_INSTANCE_END);
		break;
	case XT_HOST_RELOAD:
		if (xt_instance_queue_reload(instance, NULL, false) == XT_E_UNSUPPORTED)
			xt_instance_log_status(instance);
		break;
	case XT_HOST_STATUS:
		xt_instance_log_status(instance);
		break;
	}
}

/* The host may see neither ipc nor the run directory's rules: the daemon lends both. */
int xt_instance_requests_open(struct xt_instance *instance)
{
	struct xt_requests_options options = {.conf = instance->conf,
					      .event = xt_instance_host_event,
					      .ctx = instance,
					      .directory = xt_rundir_path,
					      .socket = xt_rundir_listen,
					      .listen = xt_socket_listen,
					      .prepare = xt_instance_names_prepare,
					      .drop = xt_instance_names_drop};

	return xt_requests_open(&instance->requests, &instance->uv, &options);
}
