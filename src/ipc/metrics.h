/* SPDX-License-Identifier: MIT */
/* The state of instances, as `show --json` has it, in the text formats of Prometheus, as the status
 * page's JSON, and as one verdict of health. Families: metrics.def. Pure; holds no secret. */
#ifndef XT_IPC_METRICS_H
#define XT_IPC_METRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/secbuf.h"

struct xt_metrics;

/* TEXT         Prometheus text format 0.0.4
 * OPENMETRICS  OpenMetrics 1.0.0 */
enum xt_metrics_format { XT_METRICS_TEXT, XT_METRICS_OPENMETRICS };

const char *xt_metrics_content_type(enum xt_metrics_format format);

/* version: of this program, for the build's metric; borrowed. XT_E_NOMEM. */
int xt_metrics_new(struct xt_metrics **out, const char *version);
void xt_metrics_free(struct xt_metrics *metrics); /* NULL does nothing */

/* Take in an instance: its object of `show --json`, or the first part of it. What is missing or has
 * another type is left out, but for numbers of a "brief" one (ipc/status.h). An object that says
 * that its instance does not run counts as silent. XT_E_INVALID: it has no name; XT_E_NOMEM. */
int xt_metrics_add(struct xt_metrics *metrics, const json_t *status);
/* A further part with "peers" of the instance that was added last (ipc/chunks.h). */
int xt_metrics_add_peers(struct xt_metrics *metrics, const json_t *part);
/* An instance that does not answer, and why. One of that name that was begun is taken back. */
int xt_metrics_add_silent(struct xt_metrics *metrics, const char *name, const char *reason);

/* Where a reading is. Zeroed at its begin; xt_metrics_read_end releases it at any time. */
struct xt_metrics_reading {
	enum xt_metrics_format format;
	size_t family, instance, peer;
	bool headed, complete;
	struct xt_secbuf text;
	size_t taken;
};
/* The next bytes of the text, at most len. 0: the end, or no memory (text.error is set). Nothing
 * may be added between. */
size_t xt_metrics_read(const struct xt_metrics *metrics, struct xt_metrics_reading *reading,
		       char *buf, size_t len);
void xt_metrics_read_end(struct xt_metrics_reading *reading);

/* A line for each instance that is silent. */
void xt_metrics_silent(const struct xt_metrics *metrics, struct xt_secbuf *reasons);
/* False: an instance is silent, or a peer whose file says Critical = yes is not up. reasons gets a
 * line for each. */
bool xt_metrics_healthy(const struct xt_metrics *metrics, struct xt_secbuf *reasons);

/* For the status page: {"version", "healthy", "instances": [{"name", "up", "reason", numbers,
 * "peers": [...], "omitted"}]}, with at most this many peers an instance, those with a problem
 * first. */
#define XT_METRICS_PAGE_PEERS 500u
void xt_metrics_status(const struct xt_metrics *metrics, struct xt_secbuf *json);

#endif
