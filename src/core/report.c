/* SPDX-License-Identifier: MIT */
/* A snapshot of the device. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/bytes.h"
#include "base/text.h"
#include "core/device_impl.h"
#include "core/handshake.h"
#include "core/mtu_probe.h"

void xt_report_free(struct xt_report *report)
{
	if (!report)
		return;
	if (report->peers)
		xt_wipe(report->peers, report->n_peers * sizeof(*report->peers));
	free(report->peers);
	free(report->allowed);
	xt_wipe(report, sizeof(*report));
	free(report);
}

static void path_report(const struct xt_device *dev, struct xt_time now, const struct xt_peer *peer,
			struct xt_peer_report *out)
{
	const struct xt_path_mtu *state = peer->search ? &peer->search->state : NULL;

	if (!state || state->source == XT_PATH_MTU_UNKNOWN)
		return;
	out->path_mtu = (uint16_t)XT_MIN(state->found, dev->mtu);
	out->path_mtu_source = (enum xt_path_mtu_source)state->source;
	out->path_mtu_age_s = (now.mono - state->since) / XT_SECOND;
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
	xt_peer_heard(peer, 4, &out->heard4);
	xt_peer_heard(peer, 6, &out->heard6);
	out->last_handshake_wall_ns = peer->last_handshake_wall;
	out->tx_bytes = peer->tx_bytes;
	out->rx_bytes = peer->rx_bytes;
	out->keepalive_s = peer->timers.persistent_s;
	path_report(dev, now, peer, out);
	out->session = xt_keypair_may_send(peer->keypairs.current, now.mono);
	out->handshaking = peer->timers.retransmit != XT_NEVER;
	out->handshake_attempts = peer->timers.attempts;
	out->staged = peer->staged.n;
	out->first_allowed = r->n_allowed;
	for (uint32_t at = 0;
	     xt_allowedips_next(&dev->allowed, &peer->allowed, &at, &r->allowed[r->n_allowed]);)
		r->n_allowed++;
	out->n_allowed = r->n_allowed - out->first_allowed;
}

int xt_device_report(const struct xt_device *dev, struct xt_time now, struct xt_report **out)
{
	struct xt_report *r = calloc(1, sizeof(*r));
	struct xt_peer *peer;
	size_t n_allowed = 0;

	if (!r)
		return XT_E_NOMEM;
	DL_FOREACH(dev->peers, peer)
	n_allowed += peer->allowed.n;
	r->peers = calloc(dev->n_peers + 1, sizeof(*r->peers));
	r->allowed = calloc(n_allowed + 1, sizeof(*r->allowed));
	if (!r->peers || !r->allowed) {
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
