/* SPDX-License-Identifier: MIT */
/* Reports of the instance's state: to the service manager, and the interface's name to the file
 * that WG_TUN_NAME_FILE names. */
#include "daemon/instance_uv.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/notify.h"

#define STATUS_DELAY_MS 500

static void notify_status(struct xt_instance *instance, const char *head)
{
	struct xt_report *report;
	size_t up = 0;

	if (!instance->tunnel || !instance->loop || xt_tunnel_report(instance->tunnel, &report) < 0)
		return;
	for (size_t i = 0; i < report->n_peers; i++)
		up += report->peers[i].session;
	xt_notify("%sSTATUS=%zu of %zu peer%s up\n", head, up, report->n_peers,
		  report->n_peers == 1 ? "" : "s");
	xt_report_free(report);
}

static void on_timer(uv_timer_t *timer)
{
	notify_status(timer->data, "");
}

static void on_name_file(void *ctx, const struct xt_reply *reply)
{
	(void)ctx;
	if (reply->text)
		xt_log_warning("%s", reply->text);
}

void xt_instance_notify_ready(struct xt_instance *instance)
{
	char head[64];

	/* The caller of a drop-in may have asked for "utun" and not know the name it got. */
	if (instance->options.dropin)
		xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_NAME_FILE},
			   on_name_file, instance);
	if (!xt_notify_wanted())
		return;
	uv_timer_init(&instance->uv, &instance->status_timer);
	instance->status_timer.data = instance;
	instance->notifies = true;
	snprintf(head, sizeof(head), "READY=1\nMAINPID=%ld\n", (long)getpid());
	notify_status(instance, head);
}

/* Sessions come and go in bursts: one report a moment later covers them. */
void xt_instance_notify_change(struct xt_instance *instance)
{
	if (instance->notifies && !uv_is_active((uv_handle_t *)&instance->status_timer))
		uv_timer_start(&instance->status_timer, on_timer, STATUS_DELAY_MS, 0);
}

void xt_instance_notify_end(struct xt_instance *instance)
{
	if (!instance->notifies)
		return;
	instance->notifies = false;
	uv_close((uv_handle_t *)&instance->status_timer, NULL);
	xt_notify("STOPPING=1\nSTATUS=going down\n");
}
