/* SPDX-License-Identifier: MIT */
/* The state of all instances, asked for on a thread: an instance that does not answer keeps no
 * request waiting that does not need it. */
#ifndef XT_EXPORTER_COLLECTOR_UV_H
#define XT_EXPORTER_COLLECTOR_UV_H

#include <stdbool.h>
#include <uv.h>

#include "ipc/metrics.h"

/* A state that several answers may be made of; on the thread of the loop.
 * metrics  NULL: the instances cannot be listed, or there is no memory */
struct xt_snapshot {
	struct xt_metrics *metrics;
	unsigned references;
};
void xt_snapshot_release(struct xt_snapshot *snapshot);

/* done: snapshot is borrowed; one that stays takes a reference. */
struct xt_collector {
	uv_loop_t *loop;
	const char *version;
	void (*done)(void *ctx, struct xt_snapshot *snapshot);
	void *ctx;
	uv_work_t work;
	struct xt_metrics *metrics;
	bool busy;
};

/* Begin a collection unless one is under way: done follows for both. false: it cannot be begun. */
bool xt_collector_start(struct xt_collector *collector);

#endif
