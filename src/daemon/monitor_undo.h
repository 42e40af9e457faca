/* SPDX-License-Identifier: MIT */
/* What the monitor takes back once the tunnel process has ended, and in which order. Pure. */
#ifndef XT_DAEMON_MONITOR_UNDO_H
#define XT_DAEMON_MONITOR_UNDO_H

#include "host/request_order.h"

/* All zero at the start. */
struct xt_monitor_undo {
	bool reload_undone;
};

enum xt_monitor_undo_step {
	XT_UNDO_WAITS,	 /* for an answer */
	XT_UNDO_ASKS,	 /* carry out *kind now */
	XT_UNDO_IS_OVER, /* nothing is left; after a clean end at once */
};

/* The next step. order: what the tunnel process has asked for, and what was taken back since. */
enum xt_monitor_undo_step xt_monitor_undo_next(struct xt_monitor_undo *undo,
					       const struct xt_request_order *order,
					       enum xt_request_kind *kind);

#endif
