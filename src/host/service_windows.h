/* SPDX-License-Identifier: MIT */
/* This process as a service of Windows: what its manager is told, and the event log. */
#ifndef XT_HOST_SERVICE_WINDOWS_H
#define XT_HOST_SERVICE_WINDOWS_H

#include <stdbool.h>

#include "base/log.h"

enum xt_service_state {
	XT_SERVICE_STARTS, /* within 30 s RUNS or ENDED follows, or STARTS again */
	XT_SERVICE_RUNS,
	XT_SERVICE_STOPS,
	XT_SERVICE_ENDED,
};

/* Serve as the service NAME's process: begin runs on a thread of the manager's, and is the life of
 * the service; its result, an enum xt_exit, is what the manager gets. false: the manager has not
 * started this process, and begin was not called. */
bool xt_service_main(const char *name, int (*begin)(void *ctx), void *ctx);
/* The manager has started this process. */
bool xt_service_is(void);
void xt_service_state(enum xt_service_state state);
/* stop is called on a thread of the manager's, when it asks for the end. Before xt_service_main. */
void xt_service_on_stop(void (*stop)(void));

/* A line for the event log, source "xtunnel"; UTF-8. */
void xt_service_log(enum xt_log_level level, const char *text);

#endif
