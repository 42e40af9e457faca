/* SPDX-License-Identifier: MIT */
/* One collection at a time: requests that come meanwhile get its result, so that many clients load
 * the instances no more than one. */
#include "exporter/collector_uv.h"

#include <stdlib.h>

#include "exporter/collect.h"
#include "platform/malloc.h"

void xt_snapshot_release(struct xt_snapshot *snapshot)
{
	if (!snapshot || --snapshot->references > 0)
		return;
	xt_metrics_free(snapshot->metrics);
	free(snapshot);
	xt_memory_trim(); /* the texts of many peers are many pieces */
}

static void collect(uv_work_t *work)
{
	struct xt_collector *collector = work->data;
	size_t failed;

	if (xt_metrics_new(&collector->metrics, collector->version) < 0)
		return;
	if (xt_collect(collector->metrics, &failed) == 0)
		return;
	xt_metrics_free(collector->metrics);
	collector->metrics = NULL;
}

static void on_collected(uv_work_t *work, int status)
{
	struct xt_collector *collector = work->data;
	struct xt_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	(void)status;
	collector->busy = false;
	if (!snapshot)
		xt_metrics_free(collector->metrics);
	else
		*snapshot = (struct xt_snapshot){collector->metrics, 1};
	collector->metrics = NULL;
	collector->done(collector->ctx, snapshot);
	xt_snapshot_release(snapshot);
}

bool xt_collector_start(struct xt_collector *collector)
{
	if (collector->busy)
		return true;
	collector->work.data = collector;
	collector->busy =
	    uv_queue_work(collector->loop, &collector->work, collect, on_collected) == 0;
	return collector->busy;
}
