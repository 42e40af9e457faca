/* SPDX-License-Identifier: MIT */
/* The instance and its host: the opening of requests, and what the host reports unasked. */
#include "daemon/instance_uv.h"

#include <stdio.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/message.h"
#include "core/snapshot.h"
#include "daemon/exit.h"
#include "host/request_remote_uv.h"

void xt_instance_host_event(void *ctx, const struct xt_host_event *event)
{
	struct xt_instance *instance = ctx;
	int rc;

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
		rc = xt_instance_queue_reload(instance, NULL, false);
		if (rc < 0) { /* a service manager that has sent the signal awaits the pair */
			xt_instance_notify_reload(instance, true);
			xt_instance_notify_reload(instance, false);
		}
		if (rc == XT_E_UNSUPPORTED)
			xt_instance_log_status(instance);
		break;
	case XT_HOST_STATUS:
		xt_instance_log_status(instance);
		break;
	}
}

/* Without the monitor nothing can be asked for or taken back. */
static void on_monitor_gone(void *ctx)
{
	const struct xt_instance *instance = ctx;

	xt_message("%s: the monitor has ended; so does this process", instance->conf->name);
	fflush(NULL);
	_exit(XT_EXIT_FAILURE);
}

int xt_instance_requests_open(struct xt_instance *instance)
{
	struct xt_requests_options options = {.conf = instance->conf,
					      .ready = instance->options.ready,
					      .quiet = instance->options.quiet,
					      .event = xt_instance_host_event,
					      .ctx = instance,
					      .prepare = xt_instance_names_prepare,
					      .drop = xt_instance_names_drop,
					      .dropin = instance->options.dropin,
					      .snapshot_version = XT_SNAPSHOT_VERSION,
					      .adoption = instance->options.adoption};

	xt_monitor_lend(&options);
	if (!instance->link)
		return xt_requests_open(&instance->requests, &instance->uv, &options);
	return xt_requests_connect(&instance->requests, &instance->uv, instance->link->requests,
				   &options, on_monitor_gone, instance);
}
