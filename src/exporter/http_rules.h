/* SPDX-License-Identifier: MIT */
/* Which requests are served, and by what. Pure. */
#ifndef XT_EXPORTER_HTTP_RULES_H
#define XT_EXPORTER_HTTP_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/metrics.h"

enum xt_http_route { XT_HTTP_METRICS, XT_HTTP_HEALTH, XT_HTTP_STATUS, XT_HTTP_PAGE };

/* hosts   values of Host; n_hosts: how many the request has
 * accept  NULL: none
 * body    it says that it has one */
struct xt_http_request {
	const char *method, *path, *host, *accept;
	size_t n_hosts;
	bool body;
};

/* address  that is listened on, without port, as text; NULL: a path
 * hosts    as in struct xt_exporter_options */
struct xt_http_rules {
	const char *address, *hosts;
};

/* 0 and the route; else the status code of the refusal. */
int xt_http_judge(const struct xt_http_rules *rules, const struct xt_http_request *request,
		  enum xt_http_route *route);
/* One line for people. */
const char *xt_http_refusal(int code);
/* OpenMetrics when the client names it. */
enum xt_metrics_format xt_http_format(const char *accept);

#endif
