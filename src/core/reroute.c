/* SPDX-License-Identifier: MIT */
/* The host's network has changed: which peers are reached by another way, and what they get.
 *
 *   xt_device_network_changed  every peer is to be looked at
 *   xt_device_review           looks at some: a peer that had a session and has another way now
 *                              gets a keepalive, by which it learns the new endpoint, and a
 *                              handshake
 *   xt_device_note_ways        the ways of new sessions and endpoints, to be compared later
 *
 * The handshake finds out at once what a timer would after 15 seconds: that the peer has lost the
 * session too, or a NAT the mapping. Peers wait for it in a row, at the rate of
 * XT_REROUTE_INTERVAL. */
#include <utlist.h>

#include "base/bytes.h"
#include "core/device_impl.h"

void xt_device_network_changed(struct xt_device *dev, bool suspended)
{
	dev->suspends += suspended;
	dev->review_left = dev->n_peers;
}

static void peer_reach(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	xt_peer_path_moved(dev, peer);
	peer->cut = true; /* until it answers */
	if (xt_keypair_may_send(peer->keypairs.current, now.mono)) {
		peer->keepalive_pending = !peer->staged.n;
		xt_peer_set_tx_ready(dev, peer);
	}
	if (peer->timers.urgent != XT_NEVER)
		return; /* it has its place in the row */
	dev->reroute_next = XT_MAX(dev->reroute_next, now.mono);
	xt_timers_urgent(&peer->timers, dev->reroute_next);
	dev->reroute_next += XT_REROUTE_INTERVAL;
	xt_peer_mark_dirty(dev, peer);
}

/* true: it is reached by another way than before, or slept through its own. */
static bool peer_review(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			const struct xt_ways *ways)
{
	bool suspended = peer->suspends != dev->suspends, moved;
	uint64_t way;

	peer->suspends = dev->suspends;
	if (!peer->path.remote.ip.family || !(peer->cut || xt_keypairs_present(&peer->keypairs))) {
		peer->way = 0;
		return false;
	}
	xt_peer_forget_wayless(dev, peer);
	way = ways->find(ways->ctx, &peer->path);
	moved = peer->way && way != peer->way;
	peer->way = way;
	/* Without a way, the change that brings one counts; but a list may have an address that
	 * can be reached. */
	if (way == XT_WAY_NONE && !(moved && peer->candidates))
		return false;
	if (!moved && !suspended)
		return false;
	peer_reach(dev, now, peer);
	return true;
}

bool xt_device_review(struct xt_device *dev, struct xt_time now, size_t max,
		      const struct xt_ways *ways, size_t *reached)
{
	for (; max && dev->review_left; max--, dev->review_left--) {
		struct xt_peer *peer = dev->review ? dev->review : dev->peers;

		if (!peer) {
			dev->review_left = 0;
			break;
		}
		dev->review = peer->next;
		*reached += peer_review(dev, now, peer, ways);
	}
	xt_peers_update_deadlines(dev);
	return dev->review_left > 0;
}

bool xt_device_note_ways(struct xt_device *dev, size_t max, const struct xt_ways *ways)
{
	for (; max && dev->wayless; max--) {
		struct xt_peer *peer = dev->wayless;

		xt_peer_forget_wayless(dev, peer);
		if (peer->path.remote.ip.family && xt_keypairs_present(&peer->keypairs))
			peer->way = ways->find(ways->ctx, &peer->path);
	}
	return dev->wayless != NULL;
}
