/* SPDX-License-Identifier: MIT */
/* Control work over all peers: reports and changes, one after the other, in slices between the
 * passes of packets. So a report never sees a half-made change, and a change of 100,000 peers holds
 * no packet back. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdlib.h>

#include <utlist.h>

#include <xtunnel/error.h>

#define SLICE_NS 1000000u
#define PEERS	 32u /* between two looks at the clock */

struct xt_instance_work {
	struct xt_instance_work *prev, *next;
	bool begun;
	/* a report */
	xt_instance_reported *reported;
	struct xt_report_walk walk;
	/* a change */
	xt_instance_prepare *prepare;
	xt_instance_applied *applied;
	struct xt_tunnel_apply apply;
	void *ctx;
};

static void work_finish(struct xt_instance *instance, struct xt_instance_work *work, int error)
{
	DL_DELETE(instance->work, work);
	if (work->reported)
		work->reported(work->ctx, error, error ? NULL : work->walk.report);
	else
		work->applied(work->ctx, error);
	free(work);
}

#define WAITS XT_INSTANCE_WAITS

static int work_begin(struct xt_instance *instance, struct xt_instance_work *work)
{
	const struct xt_change *change;
	const struct xt_udp_sockets *sockets = NULL;
	int rc;

	if (!xt_instance_answers(instance))
		return -EIO;
	if (work->reported)
		return xt_tunnel_report_begin(instance->tunnel, &work->walk);
	rc = work->prepare(work->ctx, &change, &sockets);
	return rc ? rc : xt_loop_apply_begin(instance->loop, &work->apply, change, sockets);
}

/* 1: there is more; WAITS; 0 or an error: it is over. */
static int work_step(struct xt_instance *instance, struct xt_instance_work *work)
{
	enum xt_tunnel_progress progress;

	if (work->reported)
		return xt_tunnel_report_step(&work->walk, PEERS);
	progress = xt_tunnel_apply_step(&work->apply, PEERS);
	if (progress == XT_TUNNEL_OVER)
		return xt_loop_apply_end(instance->loop, &work->apply);
	return progress == XT_TUNNEL_WAITS ? WAITS : 1;
}

/* false: the first of the work waits. */
static bool work_run(struct xt_instance *instance, uint64_t until_ns)
{
	struct xt_instance_work *work;
	int rc = 0;

	while (rc != WAITS && !instance->parked && (work = instance->work) &&
	       uv_hrtime() < until_ns) {
		rc = work->begun ? work_step(instance, work) : work_begin(instance, work);
		if (!work->begun && rc == 0)
			work->begun = true;
		else if (rc <= 0)
			work_finish(instance, work, rc);
	}
	if (instance->loop && instance->work)
		xt_loop_wake(instance->loop); /* deadlines have changed */
	return rc != WAITS && !instance->parked;
}

static void on_idle(uv_idle_t *idle)
{
	struct xt_instance *instance = idle->data;

	if (!work_run(instance, uv_hrtime() + SLICE_NS) || !instance->work)
		uv_idle_stop(idle);
}

void xt_instance_work_resume(struct xt_instance *instance)
{
	if (instance->work)
		uv_idle_start(&instance->work_idle, on_idle);
}

/* The first slice runs at once, so that a small device answers at once. */
static void work_add(struct xt_instance *instance, struct xt_instance_work *work)
{
	bool first = !instance->work;

	DL_APPEND(instance->work, work);
	if (first && work_run(instance, uv_hrtime() + SLICE_NS))
		xt_instance_work_resume(instance);
}

void xt_instance_report(struct xt_instance *instance, xt_instance_reported *done, void *ctx)
{
	struct xt_instance_work *work = calloc(1, sizeof(*work));

	if (!work) {
		done(ctx, XT_E_NOMEM, NULL);
		return;
	}
	work->reported = done;
	work->ctx = ctx;
	work_add(instance, work);
}

void xt_instance_apply(struct xt_instance *instance, xt_instance_prepare *prepare,
		       xt_instance_applied *done, void *ctx)
{
	struct xt_instance_work *work = calloc(1, sizeof(*work));

	if (!work) {
		done(ctx, XT_E_NOMEM);
		return;
	}
	work->prepare = prepare;
	work->applied = done;
	work->ctx = ctx;
	work_add(instance, work);
}

void xt_instance_work_open(struct xt_instance *instance)
{
	uv_idle_init(&instance->uv, &instance->work_idle);
	instance->work_idle.data = instance;
}

void xt_instance_work_end(struct xt_instance *instance)
{
	struct xt_instance_work *work;

	while (instance->work) {
		if (work_run(instance, UINT64_MAX))
			continue;
		work = instance->work; /* what it waits for is not waited for any more */
		work_finish(instance, work,
			    work->begun ? xt_loop_apply_end(instance->loop, &work->apply) : -EIO);
	}
	uv_idle_stop(&instance->work_idle);
}

void xt_instance_work_close(struct xt_instance *instance)
{
	xt_instance_work_end(instance);
	uv_close((uv_handle_t *)&instance->work_idle, NULL);
}
