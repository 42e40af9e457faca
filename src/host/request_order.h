/* SPDX-License-Identifier: MIT */
/* Which request may come when: the process that carries requests out for another one judges each
 * before it does anything. An instance of the daemon never fails it. Pure. */
#ifndef XT_HOST_REQUEST_ORDER_H
#define XT_HOST_REQUEST_ORDER_H

#include "host/request.h"

/* All zero at the start.
 * reached  what has been done, as bits
 * open     requests that are not answered
 * hook_list, hook_from  the first hook that may run now, hook_from of hook_list */
struct xt_request_order {
	unsigned reached;
	bool open[XT_REQUESTS];
	enum xt_hook_list hook_list;
	size_t hook_from;
};

/* true: the request may be carried out, and counts as open until it is answered. */
bool xt_request_order_accept(struct xt_request_order *order, const struct xt_request *request);
/* It was answered, or is of a kind that is not. */
void xt_request_order_answered(struct xt_request_order *order, enum xt_request_kind kind,
			       const struct xt_reply *reply);
/* The process that asks need not wait for an answer. */
bool xt_request_unanswered(enum xt_request_kind kind);
/* One of these is open. */
bool xt_request_order_busy(const struct xt_request_order *order, const enum xt_request_kind *kinds,
			   size_t n);

/* A reload was begun and not ended; firewall and DNS were taken back; so was the link. */
bool xt_request_order_reloads(const struct xt_request_order *order);
bool xt_request_order_undone(const struct xt_request_order *order);
bool xt_request_order_closed(const struct xt_request_order *order);

#endif
