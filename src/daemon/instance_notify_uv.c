/* SPDX-License-Identifier: MIT */
/* Reports of the instance's state: to the service manager, and the interface's name to the file
 * that WG_TUN_NAME_FILE names. */
#include "daemon/instance_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/message.h"
#include "daemon/notify.h"

#define STATUS_DELAY_MS 500
#define PEERS_MANY	256u /* they are counted on a worker thread */
#define PEERS_PER_MS	20u  /* of many peers there is a status less often: 5.5 s at 100,000 */

/* A status on its way.
 * ready  the first one */
struct notice {
	struct xt_instance *instance;
	bool ready;
	struct xt_report *report;
	size_t up, n;
	uv_work_t work;
};

static void sessions_count(uv_work_t *work)
{
	struct notice *notice = work->data;
	struct xt_report *report = notice->report;

	for (size_t i = 0; i < report->n_peers; i++)
		notice->up += report->peers[i].session;
	notice->n = report->n_peers;
	xt_report_free(report);
}

static void on_counted(uv_work_t *work, int status)
{
	struct notice *notice = work->data;
	struct xt_instance *instance = notice->instance;
	char head[64] = "";

	(void)status;
	if (notice->ready)
		snprintf(head, sizeof(head), "READY=1\nMAINPID=%ld\n", (long)getpid());
	if (instance->notifies) {
		instance->notify_delay_ms = STATUS_DELAY_MS + notice->n / PEERS_PER_MS;
		xt_notify("%sSTATUS=%zu of %zu peer%s up\n", head, notice->up, notice->n,
			  notice->n == 1 ? "" : "s");
	}
	free(notice);
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct notice *notice = ctx;

	if (error) {
		if (notice->ready && notice->instance->notifies)
			xt_notify("READY=1\nMAINPID=%ld\n", (long)getpid());
		free(notice);
		return;
	}
	notice->report = report;
	notice->work.data = notice;
	if (report->n_peers > PEERS_MANY &&
	    uv_queue_work(&notice->instance->uv, &notice->work, sessions_count, on_counted) == 0)
		return;
	sessions_count(&notice->work);
	on_counted(&notice->work, 0);
}

static void status_notify(struct xt_instance *instance, bool ready)
{
	struct notice *notice = calloc(1, sizeof(*notice));

	if (!notice)
		return;
	*notice = (struct notice){.instance = instance, .ready = ready};
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
