/* SPDX-License-Identifier: MIT */
/* Routes follow AllowedIPs that a program has changed by the socket for wg(8). It is a short
 * XT_STATE_RELOAD, so that no reload and no end meets it half way: a report of the device, then one
 * request to the host. Changes that come meanwhile are followed together afterwards. */
#include "daemon/instance_uv.h"

#include <stdlib.h>

#include <utlist.h>

#include <xtunnel/error.h>

#include "base/log.h"
#include "platform/link.h"

/* A client whose answer waits for the routes.
 * begun  the present run is for it */
struct xt_instance_route_wait {
	struct xt_instance_route_wait *prev, *next;
	xt_instance_applied *done;
	void *ctx;
	bool begun;
};

static void waits_answer(struct xt_instance *instance, bool all)
{
	struct xt_instance_route_wait *wait, *next;

	DL_FOREACH_SAFE(instance->route_waits, wait, next)
	{
		if (!wait->begun && !all)
			continue;
		DL_DELETE(instance->route_waits, wait);
		wait->done(wait->ctx, 0); /* the change is applied whatever became of its routes */
		free(wait);
	}
}

bool xt_instance_change_moves_routes(const struct xt_change *change)
{
	bool moves = (change->set & XT_SET_REPLACE_PEERS) != 0;

	for (size_t i = 0; i < change->n_peers && !moves; i++)
		moves = change->peers[i].n_allowed > 0 ||
			(xt_link_follows() && (change->peers[i].set & XT_PEER_ENDPOINT) != 0) ||
			(change->peers[i].set & (XT_PEER_REMOVE | XT_PEER_REPLACE_ALLOWED)) != 0;
	return moves;
}

/* Only while no hook runs: one that calls wg(8) would wait for itself. */
static bool wait_add(struct xt_instance *instance, xt_instance_applied *done, void *ctx)
{
	struct xt_instance_route_wait *wait;

	if (instance->state != XT_STATE_RUN && instance->state != XT_STATE_RELOAD)
		return false;
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		return false;
	wait->done = done;
	wait->ctx = ctx;
	DL_APPEND(instance->route_waits, wait);
	return true;
}

void xt_instance_follow_routes(struct xt_instance *instance, xt_instance_applied *done, void *ctx)
{
	bool follows = !instance->options.dropin && instance->conf->table != XT_TABLE_OFF &&
		       instance->state <= XT_STATE_RELOAD;

	instance->routes_due |= follows;
	if (!follows || instance->held || !wait_add(instance, done, ctx))
		done(ctx, 0);
	if (follows)
		instance->post(instance, XT_INSTANCE_RELOAD);
}

static void followed(void *ctx, int error)
{
	(void)ctx;
	(void)error; /* it was said in the log */
}

void xt_instance_follow_endpoints(struct xt_instance *instance)
{
	if (xt_link_follows())
		xt_instance_follow_routes(instance, followed, NULL);
}

static void routes_finish(struct xt_instance *instance)
{
	waits_answer(instance, false);
	instance->post(instance, XT_INSTANCE_DONE);
}

/* It stays in the device until it is removed: said once. */
static void defaults_tell(struct xt_instance *instance, unsigned defaults)
{
	static const char *const networks[] = {"0.0.0.0/0", "::/0"};

	for (unsigned family = 0; family < 2; family++)
		if (defaults & ~instance->unrouted_defaults & 1u << family)
			xt_log_warning(
			    "%s: %s came by the socket for wg(8) and is not routed: it would take "
			    "this host's default route; write it into the file and reload",
			    instance->conf->name, networks[family]);
	instance->unrouted_defaults = defaults;
}

static void on_routes(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	defaults_tell(instance, reply->routes.defaults);
	instance->routes_missed = reply->error < 0 || reply->text;
	if (instance->routes_missed)
		xt_log_warning("%s: routes of AllowedIPs that were changed: %s",
			       instance->conf->name,
			       reply->text ? reply->text : xt_strerror(reply->error));
	routes_finish(instance);
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_ROUTES, .report = report};

	if (error == 0) {
		xt_request(instance->requests, &request, on_routes, instance);
		return;
	}
	xt_log_warning("%s: routes of AllowedIPs that were changed: %s", instance->conf->name,
		       xt_strerror(error));
	routes_finish(instance);
}

void xt_instance_routes(struct xt_instance *instance)
{
	struct xt_instance_route_wait *wait;

	instance->routes_due = false;
	DL_FOREACH(instance->route_waits, wait)
	wait->begun = true;
	xt_instance_report(instance, on_report, instance);
}

void xt_instance_drop_routes(struct xt_instance *instance)
{
	waits_answer(instance, true);
}

void xt_instance_cancel_reload(struct xt_instance *instance)
{
	xt_instance_drop_routes(instance); /* PreDown may call wg(8) */
	xt_instance_notify_end(instance);
}
