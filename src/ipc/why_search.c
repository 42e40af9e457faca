/* SPDX-License-Identifier: MIT */
/* Facts that the present configuration may have decided: what a later change covers is not said any
 * more. */
#include <string.h>

#include "base/addr.h"
#include "ipc/why_impl.h"

/* More peers and AllowedIPs are not searched for a second holder of an address: it would be
 * quadratic. */
#define SEARCHED 4096
/* One lost datagram in so many is no overload. */
#define LOST_ONE_IN 10000u

static const struct xt_cidr *network_find(const struct xt_report *r, const struct xt_peer_report *p,
					  const struct xt_ip *ip)
{
	const struct xt_cidr *best = NULL;

	for (size_t i = 0; i < p->n_allowed; i++) {
		const struct xt_cidr *c = &r->allowed[p->first_allowed + i];

		if (xt_cidr_contains(c, ip) && (!best || c->bits > best->bits))
			best = c;
	}
	return best;
}

void xt_why_holder_find(struct xt_why_view *view)
{
	const struct xt_report *r = view->report;
	const struct xt_ip *ip = &view->peer->facts.source;
	const struct xt_cidr *best = network_find(r, view->peer, ip);

	if (r->n_peers + r->n_allowed > SEARCHED)
		return;
	for (size_t i = 0; i < r->n_peers; i++) {
		const struct xt_cidr *c = network_find(r, &r->peers[i], ip);

		if (c && (!best || c->bits > best->bits)) {
			best = c;
			view->network = c;
			view->holder = &r->peers[i];
		}
	}
}

bool xt_why_source_missing(const struct xt_report *report, const struct xt_peer_report *peer)
{
	struct xt_why_view view = {.report = report, .peer = peer};

	if (!network_find(report, peer, &peer->facts.source))
		return true;
	xt_why_holder_find(&view);
	return view.holder != NULL;
}

bool xt_why_no_route_holds(const struct xt_report *r, const struct xt_no_route *no_route)
{
	if (!xt_why_is_recent(no_route->age))
		return false;
	for (size_t i = 0; i < r->n_allowed; i++)
		if (xt_cidr_contains(&r->allowed[i], &no_route->to))
			return false;
	return true;
}

bool xt_why_stranger_holds(const struct xt_report *r, const struct xt_stranger *stranger)
{
	if (!xt_why_is_recent(stranger->age))
		return false;
	for (size_t i = 0; stranger->unknown_key && i < r->n_peers; i++)
		if (memcmp(&r->peers[i].key, &stranger->key, sizeof(stranger->key)) == 0)
			return false;
	return true;
}

const struct xt_stranger *xt_why_stranger_of(const struct xt_report *report,
					     const struct xt_peer_report *peer)
{
	const struct xt_device_facts *f = &report->facts;

	for (size_t i = 0; i < f->n_strangers; i++)
		if (xt_endpoint_equal(&f->strangers[i].from, &peer->endpoint) &&
		    xt_why_is_recent(f->strangers[i].age))
			return &f->strangers[i];
	return NULL;
}

static uint64_t since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static uint64_t lost_count(const struct xt_status *s, const struct xt_report *r, uint64_t lost)
{
	return lost > since(r->verdicts[XT_PASS], s->before.passed) / LOST_ONE_IN ? lost : 0;
}

uint64_t xt_why_overruns(const struct xt_status *status, const struct xt_report *r)
{
	return lost_count(status, r, since(status->udp_overruns, status->before.udp_overruns));
}

uint64_t xt_why_tun_drops(const struct xt_status *status, const struct xt_report *r)
{
	return lost_count(status, r, since(r->verdicts[XT_DROP_TUN], status->before.tun_drops));
}
