/* SPDX-License-Identifier: MIT */
/* An unfinished reload first, because it lies upon the rest; then firewall and DNS; then the link.
 * What is being carried out ends before. */
#include "daemon/monitor_undo.h"

#include "base/bytes.h"

enum xt_monitor_undo_step xt_monitor_undo_next(struct xt_monitor_undo *undo,
					       const struct xt_request_order *order,
					       enum xt_request_kind *kind)
{
	static const enum xt_request_kind waits[] = {
	    XT_REQUEST_HOOKS,	    XT_REQUEST_RELOAD_READ,   XT_REQUEST_RELOAD_STEP,
	    XT_REQUEST_RELOAD_UNDO, XT_REQUEST_RELOAD_COMMIT, XT_REQUEST_ROUTES,
	    XT_REQUEST_UNDO,	    XT_REQUEST_CONF_SAVE};

	if (xt_request_order_busy(order, waits, XT_LEN(waits)))
		return XT_UNDO_WAITS;
	if (xt_request_order_reloads(order)) {
		*kind = undo->reload_undone ? XT_REQUEST_RELOAD_END : XT_REQUEST_RELOAD_UNDO;
		undo->reload_undone = true;
	} else if (!xt_request_order_undone(order)) {
		*kind = XT_REQUEST_UNDO;
	} else if (!xt_request_order_closed(order)) {
		*kind = XT_REQUEST_LINK_UNDO;
	} else {
		return XT_UNDO_IS_OVER;
	}
	return XT_UNDO_ASKS;
}
