/* SPDX-License-Identifier: MIT */
/* What the program notes of a device's links, and the handshake that it begins to learn more. */
#include "base/bytes.h"
#include "core/device_impl.h"

/* The peers at one endpoint: as many as one datagram may concern. */
static struct xt_peer *peer_next(struct xt_peer *peer, unsigned *n)
{
	return ++*n < XT_RESTART_SCAN ? peer->next_same : NULL;
}

void xt_device_note_icmp(struct xt_device *dev, struct xt_time now,
			 const struct xt_endpoint *remote, enum xt_unreachable kind,
			 const struct xt_ip *from)
{
	unsigned n = 0;

	for (struct xt_peer *peer = xt_peer_find_endpoint(dev, remote); peer;
	     peer = peer_next(peer, &n)) {
		xt_facts_icmp(&peer->facts, now.mono, kind, from);
		peer->traffic.network = true;
	}
}

void xt_device_note_send_error(struct xt_device *dev, struct xt_time now,
			       const struct xt_endpoint *remote, int error)
{
	unsigned n = 0;

	for (struct xt_peer *peer = xt_peer_find_endpoint(dev, remote); peer;
	     peer = peer_next(peer, &n)) {
		xt_facts_send_error(&peer->facts, now.mono, error);
		peer->traffic.network = true;
	}
}

void xt_device_note_too_large(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			      enum xt_verdict verdict, uint32_t len, uint32_t n)
{
	dev->verdicts[verdict] += n;
	xt_facts_count_n(&peer->facts, verdict, n);
	xt_facts_too_large(&peer->facts, now.mono, len, n);
}

int xt_device_start_handshake(struct xt_device *dev, struct xt_time now,
			      const struct xt_public *key)
{
	struct xt_peer *peer = xt_peer_find(dev, key);

	if (!peer)
		return XT_E_INVALID;
	if (!dev->local->has_key || !peer->path.remote.ip.family)
		return XT_E_AGAIN;
	xt_peer_follow(dev, now, peer);
	xt_timers_requested(&peer->timers, now.mono);
	xt_peer_mark_dirty(dev, peer);
	xt_peers_update_deadlines(dev);
	return 0;
}
