/* SPDX-License-Identifier: MIT */
/* Which case of a code holds, and what belongs to it. */
#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "ipc/why_impl.h"

static const char *idle_case(const struct xt_peer_report *p)
{
	if (p->facts.initiations)
		return "begun";
	if (p->facts.answered && p->facts.answered_age <= p->facts.heard)
		return "answered";
	if (p->facts.heard != XT_NEVER)
		return "quiet";
	return p->keepalive_s ? "due" : "new";
}

static const char *silent_case(struct xt_why_view *view)
{
	view->stranger = xt_why_stranger_of(view->report, view->peer);
	if (!view->stranger)
		return view->status->clock_behind_ns > 0 ? "clock" : "";
	return view->stranger->unknown_key ? "unknown key" : "other key";
}

static const char *peer_case(struct xt_why_view *view)
{
	static const char *const icmp[] = {
	    [XT_UNREACHABLE_NETWORK] = "network", [XT_UNREACHABLE_HOST] = "host",
	    [XT_UNREACHABLE_PORT] = "port",	  [XT_UNREACHABLE_ADMIN] = "prohibited",
	    [XT_UNREACHABLE_HOPS] = "hops",	  [XT_UNREACHABLE_OTHER] = "other"};
	const struct xt_peer_report *p = view->peer;
	const struct xt_peer_facts *f = &p->facts;

	switch (view->code) {
	case XT_WHY_LOOP:
		return p->loop_network.ip.family ? "AllowedIPs" : "route";
	case XT_WHY_SEND_ERROR:
		return xt_why_errno(f->send_error)->word;
	case XT_WHY_ICMP:
		if (f->icmp_kind == XT_UNREACHABLE_HOST && f->icmp_from.family &&
		    xt_ip_equal(&f->icmp_from, &view->local))
			return "neighbour"; /* the kernel answers itself */
		return (unsigned)f->icmp_kind < XT_LEN(icmp) ? icmp[f->icmp_kind] : "other";
	case XT_WHY_PSK:
		return sodium_is_zero(p->psk.b, sizeof(p->psk.b)) ? "not set" : "set";
	case XT_WHY_LOAD:
		return f->cookies && xt_why_attempt_has(f, f->cookie_age) ? "peer" : "this side";
	case XT_WHY_HALF:
		return xt_why_half_answering(view->status, view->report, p) ? "answering"
									    : "calling";
	case XT_WHY_SILENT:
		return silent_case(view);
	case XT_WHY_ALLOWED_IPS:
		xt_why_holder_find(view);
		return view->holder ? "another peer" : "missing";
	case XT_WHY_ONE_WAY:
		return f->heard < f->requests_age ? "heard" : "quiet";
	case XT_WHY_IDLE:
		return idle_case(p);
	default:
		return "";
	}
}

void xt_why_view_way(struct xt_why_view *view)
{
	const struct xt_peer_report *p = view->peer;
	struct xt_ip source;
	uint32_t ifindex;

	if ((view->code != XT_WHY_SILENT && view->code != XT_WHY_HALF &&
	     view->code != XT_WHY_ICMP) ||
	    (p->local.family && p->ifindex) || !view->status->way ||
	    !view->status->way(&p->endpoint, view->report->fwmark, &source, &ifindex))
		return;
	if (!view->local.family)
		view->local = source;
	if (!view->ifindex)
		view->ifindex = ifindex;
}

struct xt_why_view xt_why_view_peer(const struct xt_status *status, const struct xt_report *report,
				    const struct xt_peer_report *peer)
{
	struct xt_why_view view = {.status = status, .report = report, .peer = peer};

	view.code = xt_why_judge(status, report, peer);
	view.local = peer->local;
	view.ifindex = peer->ifindex;
	if (report->n_peers <= XT_WHY_WAYS)
		xt_why_view_way(&view);
	view.word = peer_case(&view);
	return view;
}

struct xt_why_view xt_why_view_stranger(const struct xt_status *status,
					const struct xt_report *report,
					const struct xt_stranger *stranger)
{
	return (struct xt_why_view){.status = status,
				    .report = report,
				    .stranger = stranger,
				    .code = stranger->unknown_key ? XT_WHY_UNKNOWN_PEER
								  : XT_WHY_OTHER_KEY,
				    .word = ""};
}

struct xt_why_view xt_why_view_device(const struct xt_status *status,
				      const struct xt_report *report, enum xt_why code)
{
	struct xt_why_view view = {.status = status, .report = report, .code = code};
	const struct xt_device_facts *f = &report->facts;

	if (code == XT_WHY_LOCAL_OVERLOAD) {
		bool socket = xt_why_overruns(status, report) > 0;
		bool tun = xt_why_tun_drops(status, report) > 0;

		view.word = socket && tun ? "both" : socket ? "socket" : tun ? "tun" : NULL;
		return view;
	}
	for (size_t i = 0; i < f->n_no_routes && !view.word; i++)
		if (xt_why_no_route_holds(report, &f->no_routes[i]))
			view.word = "";
	return view;
}
