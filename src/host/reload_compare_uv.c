/* SPDX-License-Identifier: MIT */
/* See reload_compare_uv.h. */
#include "host/reload_compare_uv.h"

#include <stdlib.h>

#include "platform/malloc.h"

struct xt_reload_comparison {
	uv_loop_t *loop;
	uv_work_t work;
	struct xt_reload *reload;
	struct xt_reload_comparison_options options;
	int error;
	xt_reload_compared *done;
	void *ctx;
};

/* A report is the caller's to give, and const to the comparison. */
static void report_free(struct xt_reload_running *running)
{
	xt_report_free((struct xt_report *)running->report);
	running->report = NULL;
}

static void compare_work(uv_work_t *work)
{
	struct xt_reload_comparison *comparison = work->data;

	comparison->error = xt_reload_compare(comparison->reload, &comparison->options.running,
					      comparison->options.error);
	report_free(&comparison->options.running);
	free(xt_memory_mark());
}

static void on_worked(uv_work_t *work, int status)
{
	struct xt_reload_comparison *comparison = work->data;

	comparison->done(comparison->ctx, status < 0 ? status : comparison->error,
			 comparison->reload);
}

static void comparison_clear(struct xt_reload_comparison *comparison)
{
	xt_reload_clear(comparison->reload, comparison->options.drop);
	free(comparison->reload);
	report_free(&comparison->options.running);
	free(xt_memory_mark());
}

int xt_reload_comparison_start(struct xt_reload_comparison **out, uv_loop_t *loop,
			       struct xt_reload *reload,
			       const struct xt_reload_comparison_options *options,
			       xt_reload_compared *done, void *ctx)
{
	struct xt_reload_comparison *comparison = calloc(1, sizeof(*comparison));
	int rc;

	if (!comparison) {
		xt_reload_clear(reload, options->drop);
		free(reload);
		xt_report_free((struct xt_report *)options->running.report);
		return XT_E_NOMEM;
	}
	comparison->loop = loop;
	comparison->reload = reload;
	comparison->options = *options;
	comparison->done = done;
	comparison->ctx = ctx;
	comparison->work.data = comparison;
	rc = uv_queue_work(loop, &comparison->work, compare_work, on_worked);
	if (rc < 0) {
		comparison_clear(comparison);
		free(comparison);
		return rc;
	}
	*out = comparison;
	return 0;
}

static void clear_work(uv_work_t *work)
{
	comparison_clear(work->data);
}

static void on_cleared(uv_work_t *work, int status)
{
	(void)status;
	free(work->data);
}

void xt_reload_comparison_end(struct xt_reload_comparison *comparison)
{
	if (!comparison)
		return;
	if (uv_queue_work(comparison->loop, &comparison->work, clear_work, on_cleared) < 0) {
		comparison_clear(comparison);
		free(comparison);
	}
}
