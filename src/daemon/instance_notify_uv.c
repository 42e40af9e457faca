/* SPDX-License-Identifier: MIT */
/* Reports of the instance's state: to the service manager, and the interface's name to the file
 * that WG_TUN_NAME_FILE names. */
#include "daemon/instance_uv.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/message.h"
#include "host/notify.h"

#define STATUS_DELAY_MS 500
#define PEERS_MANY	256u /* they are counted on a worker thread */
#define PEERS_PER_MS	20u  /* of many peers there is a status less often: 5.5 s at 100,000 */

/* A status on its way. */
struct status {
	struct xt_instance *instance;
	struct xt_notice notice;
	struct xt_report *report;
	uv_work_t work;
};

static void notice_ask(struct xt_instance *instance, const struct xt_notice *notice)
{
	xt_request(instance->requests,
		   &(struct xt_request){.kind = XT_REQUEST_NOTIFY, .notice = *notice}, NULL, NULL);
}

static void sessions_count(uv_work_t *work)
{
	struct status *status = work->data;
	struct xt_report *report = status->report;

	for (size_t i = 0; i < report->n_peers; i++)
		status->notice.up += report->peers[i].session;
	status->notice.n = report->n_peers;
	status->notice.counted = true;
	xt_report_free(report);
}

static void on_counted(uv_work_t *work, int error)
{
	struct status *status = work->data;
	struct xt_instance *instance = status->instance;

	(void)error;
	if (instance->notifies) {
		instance->notify_delay_ms = STATUS_DELAY_MS + status->notice.n / PEERS_PER_MS;
		notice_ask(instance, &status->notice);
	}
	free(status);
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct status *status = ctx;

	if (error) {
		if (status->notice.kind == XT_NOTICE_READY && status->instance->notifies)
			notice_ask(status->instance, &status->notice);
		free(status);
		return;
	}
	status->report = report;
	status->work.data = status;
	if (report->n_peers > PEERS_MANY &&
	    uv_queue_work(&status->instance->uv, &status->work, sessions_count, on_counted) == 0)
		return;
	sessions_count(&status->work);
	on_counted(&status->work, 0);
}

static void status_notify(struct xt_instance *instance, enum xt_notice_kind kind)
{
	struct status *status = calloc(1, sizeof(*status));

	if (!status)
		return;
	*status = (struct status){.instance = instance, .notice = {.kind = kind}};
	xt_instance_report(instance, on_report, status);
}

static void on_timer(uv_timer_t *timer)
{
	status_notify(timer->data, XT_NOTICE_STATUS);
}

static void on_name_file(void *ctx, const struct xt_reply *reply)
{
	(void)ctx;
	if (reply->text)
		xt_log_warning("%s", reply->text);
}

static void on_watchdog(uv_timer_t *timer)
{
	notice_ask(timer->data, &(struct xt_notice){.kind = XT_NOTICE_WATCHDOG});
}

/* From the loop that moves packets: when that one hangs, the service manager hears nothing. Without
 * a watchdog the timer does not run, and nothing wakes. */
static void watchdog_start(struct xt_instance *instance)
{
	uint32_t ms = xt_notify_watchdog_ms((long)xt_instance_pid(instance));

	uv_timer_init(&instance->uv, &instance->watchdog_timer);
	instance->watchdog_timer.data = instance;
	if (ms > 0)
		uv_timer_start(&instance->watchdog_timer, on_watchdog, ms, ms);
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
	status_notify(instance, XT_NOTICE_READY);
	watchdog_start(instance);
}

/* Sessions come and go in bursts: one report a moment later covers them. */
void xt_instance_notify_change(struct xt_instance *instance)
{
	if (instance->notifies && !uv_is_active((uv_handle_t *)&instance->status_timer))
		uv_timer_start(&instance->status_timer, on_timer, instance->notify_delay_ms, 0);
}

/* A pair for each reload, also for one that fails: the service manager waits for its end. */
void xt_instance_notify_reload(struct xt_instance *instance, bool begins)
{
	enum xt_notice_kind kind = begins ? XT_NOTICE_RELOADING : XT_NOTICE_READY;

	if (!instance->notifies)
		return;
	notice_ask(instance, &(struct xt_notice){.kind = kind});
	if (!begins)
		xt_instance_notify_change(instance);
}

void xt_instance_notify_end(struct xt_instance *instance)
{
	if (!instance->notifies)
		return;
	instance->notifies = false;
	uv_close((uv_handle_t *)&instance->status_timer, NULL);
	uv_close((uv_handle_t *)&instance->watchdog_timer, NULL);
	if (!instance->handed_over)
		notice_ask(instance, &(struct xt_notice){.kind = XT_NOTICE_STOPPING});
}

/* The log has it where no terminal does. */
void xt_instance_emit_ready(struct xt_instance *instance)
{
	size_t n = instance->conf->n_peers;

	xt_instance_emit(instance, XT_CODE_READY, NULL, NULL, !instance->options.quiet,
			 "ready: UDP port %u, MTU %u, %zu peer%s",
			 (unsigned)xt_tunnel_udp(instance->tunnel)->port,
			 (unsigned)xt_tunnel_tun(instance->tunnel)->mtu, n, n == 1 ? "" : "s");
}

void xt_instance_print_ready(const struct xt_instance *instance)
{
	const struct xt_conf *conf = instance->conf;

	if (instance->options.dropin) { /* as quiet as the programs it replaces */
		xt_log_verbose("%s is ready", conf->name);
		return;
	}

	xt_message("%s is ready: UDP port %u, MTU %u, %zu peer%s", conf->name,
		   (unsigned)xt_tunnel_udp(instance->tunnel)->port,
		   (unsigned)xt_tunnel_tun(instance->tunnel)->mtu, conf->n_peers,
		   conf->n_peers == 1 ? "" : "s");
}
