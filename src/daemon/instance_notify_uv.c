/* Reports of the instance's state: to the service manager, and the interface's name to the file that
 * WG_TUN_NAME_FILE names. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

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

/* The name that the interface got; the caller of a drop-in may have asked for "utun". */
static void name_file_write(const struct xt_instance *instance)
{
	const char *path = getenv("WG_TUN_NAME_FILE"), *name = instance->conf->name;
	int fd;

	if (!instance->options.dropin || !path || !*path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || dprintf(fd, "%s\n", name) < 0)
		xt_log_warning("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

void xt_instance_notify_ready(struct xt_instance *instance)
{
	char head[64];

	name_file_write(instance);
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
