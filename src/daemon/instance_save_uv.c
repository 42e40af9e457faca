/* SPDX-License-Identifier: MIT */
/* SaveConfig and `save`: what is in force goes into the file that the instance was started with.
 * The addresses are read back from the host, then the file is read, updated and replaced. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdlib.h>

#include "base/message.h"
#include "base/text.h"
#include "config/conf_write.h"

struct save {
	struct xt_instance *instance;
	bool unasked;
	struct xt_link_address *addresses;
	size_t n_addresses;
	xt_instance_saved *done;
	void *ctx;
};

static void save_finish(struct save *save, int error)
{
	const char *path = save->instance->conf->path, *name = save->instance->conf->name;

	if (error == XT_E_SYNTAX)
		xt_message("%s: %s has errors now: it was not replaced (xtunnel check %s)", name,
			   path, path);
	else if (error < 0)
		xt_message("%s: %s was not replaced: %s", name, path ? path : "a file",
			   xt_strerror(error));
	save->done(save->ctx, error);
	free(save->addresses);
	free(save);
}

static void on_written(void *ctx, const struct xt_reply *reply)
{
	save_finish(ctx, reply->error);
}

static int conf_update(const struct save *save, struct xt_conf *file)
{
	const struct xt_instance *instance = save->instance;
	struct xt_report *report;
	struct xt_conf_force force = {
	    .addresses = save->addresses,
	    .n_addresses = save->n_addresses,
	    .mtu = xt_tunnel_tun(instance->tunnel)->mtu,
	    .auto_mark = instance->conf->fwmark == 0 ? instance->policy.table : 0,
	};
	int rc = xt_tunnel_report(instance->tunnel, &report);

	if (rc < 0)
		return rc;
	force.report = report;
	rc = xt_conf_update(file, &force);
	xt_report_free(report);
	return rc;
}

/* Hooks and the like may have been edited meanwhile: they stay as they stand in the file. */
static void on_conf(void *ctx, const struct xt_reply *reply)
{
	struct save *save = ctx;
	struct xt_request request = {.kind = XT_REQUEST_CONF_WRITE};
	char *text = NULL;
	size_t len = 0;
	int rc = reply->error;

	if (rc == 0 && save->unasked && !reply->conf->save_config) {
		save_finish(save, 0);
		return;
	}
	if (rc == 0)
		rc = conf_update(save, reply->conf);
	if (rc == 0)
		rc = xt_conf_write(reply->conf, &text, &len);
	if (rc < 0) {
		save_finish(save, rc);
		return;
	}
	request.bytes.v = text;
	request.bytes.n = len;
	xt_request(save->instance->requests, &request, on_written, save);
	xt_wipe(text, len);
	free(text);
}

static void on_addresses(void *ctx, const struct xt_reply *reply)
{
	struct save *save = ctx;

	if (reply->error < 0) {
		save_finish(save, reply->error);
		return;
	}
	save->addresses = reply->addresses.v;
	save->n_addresses = reply->addresses.n;
	xt_request(save->instance->requests, &(struct xt_request){.kind = XT_REQUEST_CONF_READ},
		   on_conf, save);
}

void xt_instance_save(struct xt_instance *instance, bool unasked, xt_instance_saved *done,
		      void *ctx)
{
	struct save *save = calloc(1, sizeof(*save));

	if (!save) {
		done(ctx, XT_E_NOMEM);
		return;
	}
	*save = (struct save){.instance = instance, .unasked = unasked, .done = done, .ctx = ctx};
	if (instance->conf->path)
		xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_ADDRESSES},
			   on_addresses, save);
	else
		save_finish(save, -ENOENT);
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
