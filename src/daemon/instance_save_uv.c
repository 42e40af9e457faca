/* SPDX-License-Identifier: MIT */
/* SaveConfig and `save`: what is in force goes into the file that the instance was started with.
 * The addresses are read back from the host, then the file is read, updated and replaced. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/message.h"

struct xt_instance_save {
	struct xt_instance_save *prev, *next;
	struct xt_instance *instance;
	struct xt_save what;
	xt_instance_saved *done;
	void *ctx;
};

static void save_start(struct xt_instance_save *save);

static void save_finish(struct xt_instance_save *save, int error)
{
	struct xt_instance *instance = save->instance;
	const char *path = instance->conf->path, *name = instance->conf->name;

	if (error == XT_E_SYNTAX)
		xt_message("%s: %s has errors now: it was not replaced (xtunnel check %s)", name,
			   path, path);
	else if (error == -EBUSY)
		xt_message("%s: %s was not replaced: another program is changing it", name, path);
	else if (error < 0)
		xt_message("%s: %s was not replaced: %s", name, path ? path : "a file",
			   xt_strerror(error));
	DL_DELETE(instance->saves, save);
	save->done(save->ctx, error);
	xt_report_free(save->what.report);
	free(save->what.addresses);
	free(save);
	if (instance->saves)
		save_start(instance->saves);
}

static void on_written(void *ctx, const struct xt_reply *reply)
{
	save_finish(ctx, reply->error);
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct xt_instance_save *save = ctx;
	struct xt_instance *instance = save->instance;
	struct xt_request request = {.kind = XT_REQUEST_CONF_SAVE};

	if (error < 0) {
		save_finish(save, error);
		return;
	}
	save->what.report = report;
	save->what.mtu = xt_tunnel_tun(instance->tunnel)->mtu;
	save->what.auto_mark = instance->conf->fwmark == 0 ? instance->policy.table : 0;
	request.save = save->what;
	save->what.report = NULL; /* the host's */
	save->what.addresses = NULL;
	xt_request(instance->requests, &request, on_written, save);
}

static void on_addresses(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance_save *save = ctx;

	if (reply->error < 0) {
		save_finish(save, reply->error);
		return;
	}
	save->what.addresses = reply->addresses.v;
	save->what.n_addresses = reply->addresses.n;
	xt_instance_report(save->instance, on_report, save);
}

static void save_start(struct xt_instance_save *save)
{
	struct xt_instance *instance = save->instance;

	if (instance->conf->path)
		xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_ADDRESSES},
			   on_addresses, save);
	else
		save_finish(save, -ENOENT);
}

/* One after the other: they replace the same file. */
void xt_instance_save(struct xt_instance *instance, bool unasked, xt_instance_saved *done,
		      void *ctx)
{
	struct xt_instance_save *save = calloc(1, sizeof(*save));
	bool first = !instance->saves;

	if (!save) {
		done(ctx, XT_E_NOMEM);
		return;
	}
	*save = (struct xt_instance_save){.instance = instance, .done = done, .ctx = ctx};
	save->what.unasked = unasked;
	DL_APPEND(instance->saves, save);
	if (first)
		save_start(save);
}

static void on_saved(void *ctx, int error)
{
	struct xt_instance *instance = ctx;

	(void)error; /* was reported, and does not delay the end */
	instance->post(instance, XT_INSTANCE_DONE);
}

void xt_instance_save_at_end(struct xt_instance *instance)
{
	if (instance->conf->save_config)
		xt_instance_save(instance, true, on_saved, instance);
	else
		instance->post(instance, XT_INSTANCE_DONE);
}
