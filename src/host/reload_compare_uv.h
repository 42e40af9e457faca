/* SPDX-License-Identifier: MIT */
/* The comparison of a reload on a worker thread, for the process that runs the device while another
 * one reads the file. */
#ifndef XT_HOST_RELOAD_COMPARE_UV_H
#define XT_HOST_RELOAD_COMPARE_UV_H

#include <uv.h>

#include "host/reload.h"

struct xt_reload_comparison;

/* running  as for xt_reload_compare; what it points to is borrowed until done, but the report: it
 *          is freed
 * drop     for what prepare has made; may be NULL if that is
 * error    what reading has returned */
struct xt_reload_comparison_options {
	struct xt_reload_running running;
	void (*drop)(void *prepared);
	int error;
};

/* error: of reading or of the comparison. reload: with both halves, until the end. */
typedef void xt_reload_compared(void *ctx, int error, struct xt_reload *reload);

/* reload: the first half, malloc'ed; taken, also when it fails, and so is the report. done is
 * called once, from the loop. XT_E_NOMEM, -errno. */
int xt_reload_comparison_start(struct xt_reload_comparison **out, uv_loop_t *loop,
			       struct xt_reload *reload,
			       const struct xt_reload_comparison_options *options,
			       xt_reload_compared *done, void *ctx);
/* After done: wipes and frees, on a worker thread. NULL is fine. */
void xt_reload_comparison_end(struct xt_reload_comparison *comparison);

#endif
