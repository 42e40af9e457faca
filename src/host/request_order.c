/* SPDX-License-Identifier: MIT */
/* The order of requests: a row for each kind. */
#include "host/request_order.h"

enum {
	TUN = 1 << 0,
	STATE = 1 << 1,
	POLICY = 1 << 2,
	KEYLOG = 1 << 3,
	LINK = 1 << 4,
	RELOAD = 1 << 5,
	UNDONE = 1 << 6,
	CLOSED = 1 << 7,
};

/* A kind that has no row is refused. */
enum when { NO_ROW, ON_SUCCESS, ALWAYS };

/* needs, never  what must, and must not, have been done
 * reaches       what has been done when it was answered, by when */
static const struct row {
	unsigned needs, never, reaches;
	enum when when;
} rows[XT_REQUESTS] = {
    [XT_REQUEST_RUN_DIRECTORY] = {0, 0, 0, ON_SUCCESS},
    [XT_REQUEST_TUN_OPEN] = {0, TUN, TUN, ON_SUCCESS},
    [XT_REQUEST_TUN_REMOVE] = {TUN | CLOSED, 0, 0, ON_SUCCESS},
    [XT_REQUEST_STATE] = {TUN, STATE | UNDONE, STATE, ON_SUCCESS},
    [XT_REQUEST_POLICY] = {STATE, POLICY | UNDONE, POLICY, ON_SUCCESS},
    [XT_REQUEST_KEYLOG] = {STATE, KEYLOG | UNDONE, KEYLOG, ALWAYS},
    [XT_REQUEST_UDP_OPEN] = {STATE, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_UDP_MARK] = {STATE, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_LISTEN] = {STATE, 0, 0, ON_SUCCESS},
    [XT_REQUEST_SOCKET_REMOVE] = {0, 0, 0, ON_SUCCESS},
    [XT_REQUEST_FIREWALL] = {POLICY, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_LINK] = {POLICY, LINK | UNDONE, LINK, ALWAYS},
    [XT_REQUEST_LINK_RESTORE] = {POLICY, CLOSED, 0, ON_SUCCESS},
    [XT_REQUEST_ROUTE_MTU] = {POLICY, CLOSED, 0, ON_SUCCESS},
    [XT_REQUEST_DNS] = {POLICY, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_UNDO] = {0, UNDONE, UNDONE, ALWAYS},
    [XT_REQUEST_LINK_UNDO] = {UNDONE, CLOSED, CLOSED, ALWAYS},
    [XT_REQUEST_WATCH] = {STATE, CLOSED, 0, ON_SUCCESS},
    [XT_REQUEST_ADDRESSES] = {STATE, CLOSED, 0, ON_SUCCESS},
    [XT_REQUEST_HOOKS] = {STATE, 0, 0, ON_SUCCESS},
    [XT_REQUEST_CONF_SAVE] = {POLICY, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_RELOAD_READ] = {POLICY, RELOAD | UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_RELOAD_STEP] = {RELOAD, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_RELOAD_UNDO] = {RELOAD, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_RELOAD_COMMIT] = {RELOAD, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_RELOAD_END] = {RELOAD, 0, 0, ON_SUCCESS},
    [XT_REQUEST_ROUTES] = {POLICY, RELOAD | UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_DETACH] = {POLICY, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_NAME_FILE] = {STATE, 0, 0, ON_SUCCESS},
    [XT_REQUEST_NOTIFY] = {STATE, 0, 0, ON_SUCCESS},
    [XT_REQUEST_BOUND_READ] = {STATE, 0, 0, ON_SUCCESS},
    [XT_REQUEST_BOUND_WRITE] = {STATE, 0, 0, ON_SUCCESS},
    [XT_REQUEST_PEERS_WRITE] = {STATE, 0, 0, ON_SUCCESS},
    [XT_REQUEST_UPGRADE] = {POLICY, RELOAD | UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_UPGRADE_END] = {POLICY, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_TAKE_OVER] = {POLICY, UNDONE, 0, ON_SUCCESS},
    [XT_REQUEST_RESOLVE] = {STATE, 0, 0, ON_SUCCESS},
};

/* Steps of one reload and routes touch the same link: one at a time. */
static const enum xt_request_kind link_kinds[] = {XT_REQUEST_LINK,	  XT_REQUEST_LINK_UNDO,
						  XT_REQUEST_RELOAD_READ, XT_REQUEST_RELOAD_STEP,
						  XT_REQUEST_RELOAD_UNDO, XT_REQUEST_RELOAD_COMMIT,
						  XT_REQUEST_ROUTES};

/* What sets or takes back firewall and DNS: one at a time, but UNDO cuts the first two short. */
static const enum xt_request_kind host_kinds[] = {XT_REQUEST_FIREWALL,	  XT_REQUEST_DNS,
						  XT_REQUEST_UNDO,	  XT_REQUEST_RELOAD_STEP,
						  XT_REQUEST_RELOAD_UNDO, XT_REQUEST_RELOAD_COMMIT};
static const enum xt_request_kind undo_waits[] = {XT_REQUEST_RELOAD_STEP, XT_REQUEST_RELOAD_UNDO,
						  XT_REQUEST_RELOAD_COMMIT};

#define LEN(array) (sizeof(array) / sizeof(*(array)))

/* It is of a group of which only one may be open, and another one is. */
static bool group_busy(const struct xt_request_order *order, enum xt_request_kind kind,
		       const enum xt_request_kind *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (kinds[i] == kind)
			return xt_request_order_busy(order, kinds, n);
	return false;
}

static bool others_busy(const struct xt_request_order *order, enum xt_request_kind kind)
{
	if (group_busy(order, kind, link_kinds, LEN(link_kinds)))
		return true;
	if (kind == XT_REQUEST_UNDO)
		return xt_request_order_busy(order, undo_waits, LEN(undo_waits));
	return group_busy(order, kind, host_kinds, LEN(host_kinds));
}

/* Each hook runs once, and the lists in their order. */
static bool hooks_accept(struct xt_request_order *order, const struct xt_request *request)
{
	enum xt_hook_list list = request->hooks.list;
	bool down = list == XT_HOOKS_POST_DOWN;

	if (list < order->hook_list ||
	    (list == order->hook_list && request->hooks.from < order->hook_from))
		return false;
	if (down != ((order->reached & CLOSED) != 0) ||
	    (list != XT_HOOKS_PRE_UP && !(order->reached & POLICY)))
		return false;
	order->hook_list = list;
	order->hook_from = request->hooks.from + 1;
	return true;
}

/* A bound takes the place of one that is being written. */
static bool kind_is_many(enum xt_request_kind kind)
{
	return kind == XT_REQUEST_RESOLVE || kind == XT_REQUEST_BOUND_WRITE;
}

bool xt_request_order_accept(struct xt_request_order *order, const struct xt_request *request)
{
	const struct row *row;
	bool many = kind_is_many(request->kind);

	if ((unsigned)request->kind >= XT_REQUESTS || rows[request->kind].when == NO_ROW)
		return false;
	row = &rows[request->kind];
	if (order->open[request->kind] && !many)
		return false;
	if ((order->reached & row->needs) != row->needs || (order->reached & row->never) != 0)
		return false;
	if (others_busy(order, request->kind))
		return false;
	if (request->kind == XT_REQUEST_RELOAD_END && order->open[XT_REQUEST_RELOAD_READ])
		return false;
	if (request->kind == XT_REQUEST_HOOKS && !hooks_accept(order, request))
		return false;
	if (request->kind == XT_REQUEST_RELOAD_READ)
		order->reached |= RELOAD;
	order->open[request->kind] = !many;
	return true;
}

void xt_request_order_answered(struct xt_request_order *order, enum xt_request_kind kind,
			       const struct xt_reply *reply)
{
	const struct row *row = &rows[kind];

	order->open[kind] = false;
	if (kind == XT_REQUEST_UNDO) /* it has cut them short */
		order->open[XT_REQUEST_FIREWALL] = order->open[XT_REQUEST_DNS] = false;
	if (row->when == ALWAYS || reply->error == 0)
		order->reached |= row->reaches;
	if (kind == XT_REQUEST_RELOAD_END || (kind == XT_REQUEST_RELOAD_READ && !reply->reload))
		order->reached &= ~(unsigned)RELOAD;
}

bool xt_request_order_busy(const struct xt_request_order *order, const enum xt_request_kind *kinds,
			   size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (order->open[kinds[i]])
			return true;
	return false;
}

bool xt_request_order_reloads(const struct xt_request_order *order)
{
	return (order->reached & RELOAD) != 0;
}

bool xt_request_order_undone(const struct xt_request_order *order)
{
	return (order->reached & UNDONE) != 0;
}

bool xt_request_order_closed(const struct xt_request_order *order)
{
	return (order->reached & CLOSED) != 0;
}

bool xt_request_unanswered(enum xt_request_kind kind)
{
	return kind == XT_REQUEST_SOCKET_REMOVE || kind == XT_REQUEST_UDP_MARK ||
	       kind == XT_REQUEST_RELOAD_END || kind == XT_REQUEST_BOUND_WRITE ||
	       kind == XT_REQUEST_RUN_DIRECTORY || kind == XT_REQUEST_NOTIFY;
}
