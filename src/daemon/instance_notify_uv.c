/* SPDX-License-Identifier: MIT */
/* Reports of the instance's state: to the service manager, and the interface's name to the file
 * that WG_TUN_NAME_FILE names. */
#include "daemon/instance_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/notify.h"

#define STATUS_DELAY_MS 500
#define PEERS_PER_MS	20u /* of many peers there is a status less often: 5.5 s at 100,000 */

struct notice {
	struct xt_instance *instance;
	bool ready; /* the first one */
};

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct notice *notice = ctx;
	struct xt_instance *instance = notice->instance;
	char head[64] = "";
	size_t up = 0;

	if (notice->ready)
		snprintf(head, sizeof(head), "READY=1\nMAINPID=%ld\n", (long)getpid());
	for (size_t i = 0; !error && i < report->n_peers; i++)
		up += report->peers[i].session;
	if (instance->notifies && !error) {
		instance->notify_delay_ms = STATUS_DELAY_MS + report->n_peers / PEERS_PER_MS;
		xt_notify("%sSTATUS=%zu of %zu peer%s up\n", head, up, report->n_peers,
			  report->n_peers == 1 ? "" : "s");
	} else if (instance->notifies && notice->ready) {
		xt_notify("%s", head);
	}
	if (!error)
		xt_report_free(report);
	free(notice);
}

static void status_notify(struct xt_instance *instance, bool ready)
{
	struct notice *notice = calloc(1, sizeof(*notice));

	if (!notice)
		return;
	*notice = (struct notice){instance, ready};
	xt_instance_report(instance, on_report, notice);
}

static void on_timer(uv_timer_t *timer)
{
	status_notify(timer->data, false);
}

static void on_name_file(void *ctx, const struct xt_reply *reply)
{
	(void)ctx;
	if (reply->text)
		xt_log_warning("%s", reply->text);
}

void xt_instance_notify_ready(struct xt_instance *instance)
{
	/* The caller of a drop-in may have asked for "utun" and not know the name it got. */
	if (instance->options.dropin)
		xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_NAME_FILE},
			   on_name_file, instance);
	if (!xt_notify_wanted())
		return;
	uv_timer_init(&instance->uv, &instance->status_timer);
	instance->status_timer.data = instance;
	instance->notifies = true;
	instance->notify_delay_ms = STATUS_DELAY_MS;
	status_notify(instance, true);
}

/* Sessions come and go in bursts: one report a moment later covers them. */
void xt_instance_notify_change(struct xt_instance *instance)
{
	if (instance->notifies && !uv_is_active((uv_handle_t *)&instance->status_timer))
		uv_timer_start(&instance->status_timer, on_timer, instance->notify_delay_ms, 0);
}

void xt_instance_notify_end(struct xt_instance *instance)
{
	if (!instance->notifies)
		return;
	instance->notifies = false;
	uv_close((uv_handle_t *)&instance->status_timer, NULL);
	xt_notify("STOPPING=1\nSTATUS=going down\n");
}
