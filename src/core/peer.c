/* SPDX-License-Identifier: MIT */
/* Peers: creation and removal, and the tables and lists that hold them. */
#include "core/peer.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "core/device_impl.h"

static void endpoint_key_set(struct xt_endpoint_key *key, const struct xt_endpoint *ep)
{
	memset(key, 0, sizeof(*key));
	key->b[0] = ep->ip.family;
	memcpy(key->b + 1, ep->ip.b, sizeof(ep->ip.b));
	xt_be16_put(key->b + 17, ep->port);
	xt_be32_put(key->b + 19, ep->scope);
}

struct xt_peer *xt_peer_new(struct xt_device *dev, const struct xt_public *key)
{
	struct xt_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->secret = xt_secret_get(dev->peer_slab);
	if (!peer->secret) {
		free(peer);
		return NULL;
	}
	peer->key = *key;
	xt_timers_init(&peer->timers);
	xt_cookie_maker_init(&peer->cookie, key);
	peer->last_consumed = XT_NEVER;
	peer->sample_least = UINT16_MAX;
	xt_facts_init(&peer->facts, &peer->traffic);
	return peer;
}

void xt_peer_join(struct xt_device *dev, struct xt_peer *peer)
{
	DL_APPEND(dev->peers, peer);
	dev->n_peers++;
	peer->identity = dev->identity;
}

static void peer_unlink_endpoint(struct xt_device *dev, struct xt_peer *peer)
{
	struct xt_peer *first, *other;

	if (!peer->in_endpoints)
		return;
	peer->in_endpoints = false;
	HASH_FIND(by_endpoint, dev->peers_by_endpoint, &peer->endpoint_key,
		  sizeof(peer->endpoint_key), first);
	if (first != peer) {
		DL_DELETE2(first, peer, prev_same, next_same);
		return;
	}
	HASH_DELETE(by_endpoint, dev->peers_by_endpoint, peer);
	DL_DELETE2(first, peer, prev_same, next_same);
	if (!first)
		return;
	HASH_ADD(by_endpoint, dev->peers_by_endpoint, endpoint_key, sizeof(first->endpoint_key),
		 first);
	if (!first->by_endpoint.tbl) /* without memory only restart detection is lost */
		DL_FOREACH2(first, other, next_same)
	other->in_endpoints = false;
}

/* Peers at one endpoint are in a list, of which the first is in the table: equal keys would form
 * one long chain. */
static void peer_join_endpoints(struct xt_device *dev, struct xt_peer *peer)
{
	struct xt_peer *first;

	HASH_FIND(by_endpoint, dev->peers_by_endpoint, &peer->endpoint_key,
		  sizeof(peer->endpoint_key), first);
	peer->in_endpoints = true;
	if (first) {
		DL_APPEND2(first, peer, prev_same, next_same);
		return;
	}
	DL_APPEND2(first, peer, prev_same, next_same);
	HASH_ADD(by_endpoint, dev->peers_by_endpoint, endpoint_key, sizeof(peer->endpoint_key),
		 peer);
	/* Without memory the peer is not in the table, and only restart detection is lost. */
	peer->in_endpoints = peer->by_endpoint.tbl != NULL;
	if (peer->in_endpoints) /* those that a change adds are in the table of keys already */
		xt_table_reserve(by_endpoint, dev->peers_by_endpoint,
				 HASH_CNT(by_key, dev->peers_by_key));
}

void xt_peer_place(struct xt_device *dev, struct xt_peer *peer, const struct xt_path *path)
{
	peer->path = *path;
	if (!path->remote.ip.family)
		return;
	endpoint_key_set(&peer->endpoint_key, &path->remote);
	peer_join_endpoints(dev, peer);
}

void xt_peer_rotate_endpoint(struct xt_device *dev, struct xt_peer *peer)
{
	if (!peer->next_same)
		return;
	peer_unlink_endpoint(dev, peer);
	peer_join_endpoints(dev, peer);
}

void xt_peer_remember(struct xt_device *dev, struct xt_peer *peer)
{
	if (peer->unsaved)
		return;
	peer->unsaved = true;
	DL_APPEND2(dev->unsaved, peer, prev_unsaved, next_unsaved);
}

void xt_peer_forget_unsaved(struct xt_device *dev, struct xt_peer *peer)
{
	if (!peer->unsaved)
		return;
	DL_DELETE2(dev->unsaved, peer, prev_unsaved, next_unsaved);
	peer->unsaved = false;
}

/* While a review is to come, the way of before is what it compares with. */
void xt_peer_forget_way(struct xt_device *dev, struct xt_peer *peer)
{
	if (peer->way && dev->review_left)
		return;
	peer->way = 0;
	if (peer->wayless || !xt_keypairs_present(&peer->keypairs))
		return;
	peer->wayless = true;
	DL_APPEND2(dev->wayless, peer, prev_wayless, next_wayless);
}

void xt_peer_forget_wayless(struct xt_device *dev, struct xt_peer *peer)
{
	if (!peer->wayless)
		return;
	DL_DELETE2(dev->wayless, peer, prev_wayless, next_wayless);
	peer->wayless = false;
}

/* In constant time: a change may remove every peer. */
static void peer_unlink_lists(struct xt_device *dev, struct xt_peer *peer)
{
	if (peer->tx_ready) {
		DL_DELETE2(dev->tx_ready, peer, prev_tx_ready, next_tx_ready);
		peer->tx_ready = false;
	}
	if (peer->dirty) {
		DL_DELETE2(dev->dirty, peer, prev_dirty, next_dirty);
		peer->dirty = false;
	}
	xt_peer_forget_unsaved(dev, peer);
	xt_peer_forget_wayless(dev, peer);
	if (dev->review == peer)
		dev->review = peer->next;
}

/* Remove peer from everything but the table of keys and the list of all peers. */
static void peer_detach(struct xt_device *dev, struct xt_peer *peer)
{
	if (dev->env.removed)
		dev->env.removed(dev->env.ctx, peer);
	xt_peer_erase(dev, peer);
	dev->verdicts[XT_DROP_STAGED_LOST] += xt_staged_clear(dev->staged, &peer->staged);
	xt_allowedips_remove_peer(&dev->allowed, peer);
	xt_heap_remove(&dev->deadlines, &peer->node);
	peer_unlink_endpoint(dev, peer);
	peer_unlink_lists(dev, peer);
}

void xt_peer_forget_path(struct xt_device *dev, struct xt_peer *peer)
{
	uint16_t before = peer->mtu;

	free(peer->search);
	peer->search = NULL;
	peer->mtu = 0;
	xt_facts_forget_too_large(&peer->facts);
	peer->sample_least = UINT16_MAX;
	peer->sample_waits = peer->path_moved = peer->path_suspected = false;
	if (before && dev->env.mtu_changed)
		dev->env.mtu_changed(dev->env.ctx, peer, before, 0);
}

void xt_peer_recreate(struct xt_device *dev, struct xt_peer *peer)
{
	xt_peer_forget_path(dev, peer);
	peer_detach(dev, peer);
	DL_DELETE(dev->peers, peer);
	DL_APPEND(dev->peers, peer);
	memset(&peer->path, 0, sizeof(peer->path));
	xt_timers_init(&peer->timers);
	xt_cookie_maker_clear(&peer->cookie);
	xt_cookie_maker_init(&peer->cookie, &peer->key);
	xt_wipe(&peer->secret->noise.psk, sizeof(peer->secret->noise.psk));
	memset(peer->last_timestamp, 0, sizeof(peer->last_timestamp));
	peer->last_consumed = XT_NEVER;
	peer->tx_bytes = peer->rx_bytes = peer->last_handshake_wall = peer->heard_wall = 0;
	xt_facts_init(&peer->facts, &peer->traffic);
	peer->endpoint_learned = false;
	peer->keepalive_pending = false;
	peer->cut = false;
	peer->way = 0;
	peer->endpoint_set = false;
	memset(&peer->probe_address, 0, sizeof(peer->probe_address));
	peer->critical = false;
	xt_candidates_free(peer->candidates);
	peer->candidates = NULL;
	free(peer->name);
	peer->name = NULL;
}

void xt_peer_unlink(struct xt_device *dev, struct xt_peer *peer)
{
	/* The peer may be added again, and remembers the greatest timestamp. */
	dev->timestamp_floor = XT_MAX(dev->timestamp_floor, peer->timestamp_next);
	peer_detach(dev, peer);
	HASH_DELETE(by_key, dev->peers_by_key, peer);
	if (dev->port_next == peer)
		dev->port_next = peer->next;
	DL_DELETE(dev->peers, peer);
	dev->n_peers--;
}

void xt_peer_free(struct xt_device *dev, struct xt_peer *peer)
{
	xt_secret_put(dev->peer_slab, peer->secret);
	xt_cookie_maker_clear(&peer->cookie);
	free(peer->search);
	xt_candidates_free(peer->candidates);
	free(peer->name);
	free(peer);
}

struct xt_peer *xt_peer_find_pending(struct xt_device *dev, const struct xt_public *key)
{
	struct xt_peer *peer;

	HASH_FIND(by_key, dev->peers_by_key, key, sizeof(*key), peer);
	return peer;
}

struct xt_peer *xt_peer_find(struct xt_device *dev, const struct xt_public *key)
{
	struct xt_peer *peer = xt_peer_find_pending(dev, key);

	return peer && !peer->pending ? peer : NULL;
}

struct xt_peer *xt_peer_find_endpoint(struct xt_device *dev, const struct xt_endpoint *endpoint)
{
	struct xt_endpoint_key key;
	struct xt_peer *peer;

	endpoint_key_set(&key, endpoint);
	HASH_FIND(by_endpoint, dev->peers_by_endpoint, &key, sizeof(key), peer);
	return peer;
}

void xt_peer_path_moved(struct xt_device *dev, struct xt_peer *peer)
{
	if (!peer->search)
		return;
	peer->path_moved = true;
	peer->timers.path_mtu = 0;
	xt_peer_mark_dirty(dev, peer);
}

void xt_peer_set_path(struct xt_device *dev, struct xt_peer *peer, const struct xt_path *path)
{
	struct xt_endpoint_key key;

	if (!xt_endpoint_equal(&peer->path.remote, &path->remote)) {
		peer->way = 0;
		xt_facts_forget_network(&peer->facts, &peer->traffic);
	}
	peer->path = *path;
	xt_peer_forget_way(dev, peer);
	endpoint_key_set(&key, &path->remote);
	if (peer->in_endpoints && !memcmp(&key, &peer->endpoint_key, sizeof(key)))
		return;
	peer_unlink_endpoint(dev, peer);
	peer->loop = false;
	if (!path->remote.ip.family)
		return;
	xt_peer_path_moved(dev, peer);
	peer->endpoint_key = key;
	peer_join_endpoints(dev, peer);
}

void xt_peer_roam(struct xt_device *dev, struct xt_peer *peer, const struct xt_path *path)
{
	bool known = peer->path.remote.ip.family != 0;
	bool moved = !xt_endpoint_equal(&peer->path.remote, &path->remote);

	xt_peer_set_path(dev, peer, path);
	if (!moved)
		return;
	peer->endpoint_learned =
	    !peer->candidates || !xt_candidates_heard(peer->candidates, &path->remote);
	xt_peer_remember(dev, peer);
	xt_event(dev, known ? XT_EVENT_ROAMED : XT_EVENT_CONTACT, peer);
}

bool xt_peer_heard(const struct xt_peer *peer, uint8_t family, struct xt_ip *out)
{
	memset(out, 0, sizeof(*out));
	out->family = family;
	memcpy(out->b, family == 4 ? peer->heard4 : peer->heard6, family == 4 ? 4 : 16);
	if (xt_ip_is_unspecified(out))
		out->family = 0;
	return out->family != 0;
}

bool xt_peer_yields(const struct xt_device *dev, const struct xt_peer *peer,
		    const struct xt_keypair *kp)
{
	return !kp->initiator && peer->timers.last_initiation <= kp->birth &&
	       memcmp(&dev->local->public_key, &peer->key, sizeof(peer->key)) < 0;
}

void xt_peer_mark_dirty(struct xt_device *dev, struct xt_peer *peer)
{
	if (peer->dirty)
		return;
	peer->dirty = true;
	DL_PREPEND2(dev->dirty, peer, prev_dirty, next_dirty);
}

void xt_peers_update_deadlines(struct xt_device *dev)
{
	while (dev->dirty) {
		struct xt_peer *peer = dev->dirty;
		uint64_t next = xt_timers_next(&peer->timers);

		DL_DELETE2(dev->dirty, peer, prev_dirty, next_dirty);
		peer->dirty = false;
		if (next == XT_NEVER)
			xt_heap_remove(&dev->deadlines, &peer->node);
		else if (xt_heap_has(&peer->node))
			xt_heap_update(&dev->deadlines, &peer->node, next);
		else /* cannot fail: xt_device_apply reserved a node for each peer */
			(void)xt_heap_insert(&dev->deadlines, &peer->node, next);
	}
}

void xt_peer_set_tx_ready(struct xt_device *dev, struct xt_peer *peer)
{
	if (peer->tx_ready)
		return;
	peer->tx_ready = true;
	DL_APPEND2(dev->tx_ready, peer, prev_tx_ready, next_tx_ready);
}

void xt_peer_erase(struct xt_device *dev, struct xt_peer *peer)
{
	xt_index_remove(&dev->index, peer->handshake_index);
	peer->handshake_index = 0;
	xt_noise_handshake_clear(&peer->secret->handshake);
	xt_keypairs_erase(&dev->keypairs, &peer->keypairs);
	xt_timers_erased(&peer->timers);
}

size_t xt_peer_networks(const struct xt_device *dev, const struct xt_peer *peer, size_t skip,
			struct xt_cidr *out, size_t max)
{
	struct xt_cidr cidr;
	size_t n = 0;

	for (uint32_t at = 0;
	     n < max && xt_allowedips_next(&dev->allowed, &peer->allowed, &at, &cidr);) {
		if (skip > 0)
			skip--;
		else
			out[n++] = cidr;
	}
	return n;
}

void xt_peer_start_waiting(struct xt_time now, struct xt_peer *peer)
{
	if (peer->path.remote.ip.family &&
	    (peer->staged.n || (peer->timers.persistent_s && peer->timers.persistent == XT_NEVER)))
		peer->timers.start = XT_MIN(peer->timers.start, now.mono);
}

/* No initiation of the new identity was sent: nothing delays the first. */
void xt_peer_change_identity(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	peer->identity = dev->identity;
	peer->secret->ready = false;
	peer->keepalive_pending = false;
	xt_peer_erase(dev, peer);
	xt_timers_identity_changed(&peer->timers);
	xt_facts_session(&peer->facts);
	if (dev->local->has_key) {
		peer->timers.persistent = XT_NEVER;
		xt_peer_start_waiting(now, peer);
	}
	xt_peer_mark_dirty(dev, peer);
}
