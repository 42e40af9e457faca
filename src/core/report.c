/* SPDX-License-Identifier: MIT */
/* A snapshot of the device. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/text.h"
#include "core/device_impl.h"
#include "core/handshake.h"

void xt_report_free(struct xt_report *report)
{
	if (!report)
		return;
	if (report->peers)
		xt_wipe(report->peers, report->n_peers * sizeof(*report->peers));
	free(report->peers);
	free(report->allowed);
	free(report->candidates);
	xt_wipe(report, sizeof(*report));
	free(report);
}

static void candidates_report(const struct xt_peer *peer, uint64_t now, struct xt_report *r)
{
	const struct xt_candidates *c = peer->candidates;

	for (uint32_t i = 0; c && i <= c->n; i++) {
		struct xt_candidate_report *out = &r->candidates[r->n_candidates];
		const struct xt_candidate_slot *slot = &c->v[i];

		if (!slot->endpoint.ip.family)
			continue;
		r->n_candidates++;
		out->endpoint = slot->endpoint;
		out->entry = slot->entry;
		out->learned = i == c->n;
		out->hold_ns = slot->held_until > now ? slot->held_until - now : 0;
		if (xt_endpoint_equal(&slot->endpoint, &peer->path.remote))
			out->state = XT_CANDIDATE_IN_USE;
		else if (i == c->trying)
			out->state = XT_CANDIDATE_TRYING;
		else
			out->state = out->hold_ns ? XT_CANDIDATE_HELD : XT_CANDIDATE_IDLE;
	}
}

static void peer_report(const struct xt_device *dev, struct xt_time now, const struct xt_peer *peer,
			struct xt_report *r, struct xt_peer_report *out)
{
	out->key = peer->key;
	out->psk = peer->secret->noise.psk;
	if (peer->name)
		strncpy(out->name, peer->name, XT_NAME_MAX);
	out->endpoint = peer->path.remote;
	out->local = peer->path.local;
	out->heard4 = peer->heard4;
	out->heard6 = peer->heard6;
	out->last_handshake_wall_ns = peer->last_handshake_wall;
	out->tx_bytes = peer->tx_bytes;
	out->rx_bytes = peer->rx_bytes;
	out->keepalive_s = peer->timers.persistent_s;
	out->session = xt_keypair_may_send(peer->keypairs.current, now.mono);
	out->handshaking = peer->timers.retransmit != XT_NEVER;
	out->handshake_attempts = peer->timers.attempts;
	out->staged = peer->staged.n;
	out->first_allowed = r->n_allowed;
	for (uint32_t at = 0;
	     xt_allowedips_next(&dev->allowed, &peer->allowed, &at, &r->allowed[r->n_allowed]);)
		r->n_allowed++;
	out->n_allowed = r->n_allowed - out->first_allowed;
	out->endpoint_set = peer->endpoint_set;
	out->first_candidate = r->n_candidates;
	candidates_report(peer, now.mono, r);
	out->n_candidates = r->n_candidates - out->first_candidate;
}

int xt_device_report(const struct xt_device *dev, struct xt_time now, struct xt_report **out)
{
	struct xt_report *r = calloc(1, sizeof(*r));
	struct xt_peer *peer;
	size_t n_allowed = 0, n_candidates = 0;

	if (!r)
		return XT_E_NOMEM;
	DL_FOREACH(dev->peers, peer)
	{
		n_allowed += peer->allowed.n;
		n_candidates += peer->candidates ? peer->candidates->n + 1 : 0;
	}
	r->candidates = calloc(n_candidates + 1, sizeof(*r->candidates));
	r->peers = calloc(dev->n_peers + 1, sizeof(*r->peers));
	r->allowed = calloc(n_allowed + 1, sizeof(*r->allowed));
	if (!r->peers || !r->allowed || !r->candidates) {
		xt_report_free(r);
		return XT_E_NOMEM;
	}
	r->has_key = dev->local->has_key;
	r->private_key = dev->local->private_key;
	r->public_key = dev->local->public_key;
	r->listen_port = dev->listen_port;
	r->fwmark = dev->fwmark;
	r->under_load = xt_under_load(dev, now);
	memcpy(r->verdicts, dev->verdicts, sizeof(r->verdicts));
	DL_FOREACH(dev->peers, peer)
	peer_report(dev, now, peer, r, &r->peers[r->n_peers++]);
	*out = r;
	return 0;
}
