/* SPDX-License-Identifier: MIT */
/* The instance is ready: what follows once. */
#include "daemon/instance_uv.h"

#include "base/log.h"
#include "daemon/exit.h"

/* A short queue loses datagrams while the loop is busy with the other direction. */
static void queue_warn(const struct xt_instance *instance)
{
	uint32_t queue = xt_tunnel_udp(instance->tunnel)->queue;

	if (queue < XT_UDP_QUEUE)
		xt_log_warning("%s: the UDP queue holds %u KiB and not %u: net.core.rmem_max and "
			       "no CAP_NET_ADMIN to pass it",
			       instance->conf->name, (unsigned)queue >> 10,
			       (unsigned)XT_UDP_QUEUE >> 10);
}

/* When the byte cannot be delivered, the process that wanted the instance has ended. */
static void on_detached(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	xt_instance_emit_ready(instance);
	if (reply->error == 0)
		return;
	instance->status = XT_EXIT_FAILURE;
	instance->post(instance, XT_INSTANCE_END);
}

/* The first time, and after each reload. */
void xt_instance_ready(struct xt_instance *instance)
{
	bool first = !instance->was_ready;

	instance->was_ready = true;
	if (instance->reloads || instance->routes_due)
		instance->post(instance, XT_INSTANCE_RELOAD);
	else
		xt_instance_upgrade_resume(instance);
	if (!first)
		return;

	if (instance->disposition == XT_TUN_FOUND || instance->disposition == XT_TUN_MADE)
		instance->disposition = XT_TUN_KEPT;
	queue_warn(instance);
	if (!instance->options.adoption)
		xt_instance_tell_names(instance);
	else if (!instance->options.dropin) { /* those of the device may not be the file's */
		instance->routes_due = true;
		instance->post(instance, XT_INSTANCE_RELOAD);
	}
	xt_instance_notify_ready(instance);
	if (instance->options.ready < 0)
		xt_instance_print_ready(instance);
	xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_DETACH}, on_detached,
		   instance);
}
