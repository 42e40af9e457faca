/* SPDX-License-Identifier: MIT */
/* The device: construction, deadline, tick, and lookups for its owner. */
#include "core/device_impl.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/bytes.h"
#include "core/endpoints.h"
#include "core/handshake.h"
#include "core/mtu_probe.h"
#include "core/send.h"
#include "crypto/init.h"

static struct xt_allowedips_list *peer_allowed_list(struct xt_peer *peer)
{
	return &peer->allowed;
}

const char *xt_event_text(enum xt_event event)
{
	static const char *const texts[] = {
	    [XT_EVENT_INITIATION_SENT] = "handshake initiation sent",
	    [XT_EVENT_INITIATION_RECEIVED] = "handshake initiation received",
	    [XT_EVENT_SESSION_NEW] = "session established",
	    [XT_EVENT_HANDSHAKE_GAVE_UP] = "no answer to the handshake, giving up for now",
	    [XT_EVENT_ROAMED] = "peer moved to another endpoint",
	    [XT_EVENT_CONTACT] = "peer heard for the first time, its endpoint is known now",
	    [XT_EVENT_LOOP] = "datagrams to the peer come back into the tunnel",
	    [XT_EVENT_COOKIE_RECEIVED] = "cookie received, the peer is under load",
	    [XT_EVENT_UNDER_LOAD] = "under load, cookies are asked for",
	    [XT_EVENT_RESTART_NOTICED] = "data for a session from before our start, handshaking",
	    [XT_EVENT_KEYS_ERASED] = "keys of an old session erased",
	    [XT_EVENT_UNANSWERED] = "no answer to the handshake initiation",
	    [XT_EVENT_ADDRESS_SILENT] = "no answer from one of the peer's addresses",
	};
	return event < XT_LEN(texts) && texts[event] ? texts[event] : "unknown event";
}

static int device_allocate(struct xt_device *dev)
{
	int err;

	dev->local = sodium_malloc(sizeof(*dev->local));
	if (!dev->local)
		return XT_E_NOMEM;
	memset(dev->local, 0, sizeof(*dev->local));
	dev->keypairs.index = &dev->index;
	dev->staged = xt_staged_pool_new(XT_STAGED_POOL);
	if (!dev->staged || !xt_queue_init(&dev->queue) ||
	    !xt_pending_cookies_init(&dev->cookie_replies))
		return XT_E_NOMEM;
	err = xt_secret_pool_new(&dev->peer_slab, sizeof(struct xt_peer_secret), 64);
	if (!err)
		err = xt_secret_pool_new(&dev->keypairs.slab, sizeof(struct xt_keypair), 16);
	if (err)
		return err;
	return xt_ratelimit_new(&dev->rate, XT_RATELIMIT_RATE, XT_RATELIMIT_BURST,
				XT_RATELIMIT_SOURCES);
}

int xt_device_new(struct xt_device **out, const struct xt_env *env)
{
	struct xt_device *dev;
	int err = xt_crypto_init();

	if (err)
		return err;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return XT_E_NOMEM;
	dev->env = *env;
	dev->mtu = 1420;
	dev->timestamp_bound = XT_NEVER;
	xt_load_init(&dev->load);
	xt_allowedips_init(&dev->allowed, peer_allowed_list);
	xt_heap_init(&dev->deadlines);
	xt_index_init(&dev->index);
	err = device_allocate(dev);
	if (err) {
		xt_device_free(dev);
		return err;
	}
	*out = dev;
	return 0;
}

void xt_device_free(struct xt_device *dev)
{
	if (!dev)
		return;
	while (dev->peers) {
		struct xt_peer *peer = dev->peers;
		xt_peer_unlink(dev, peer);
		xt_peer_free(dev, peer);
	}
	xt_secret_pool_free(dev->peer_slab);
	xt_secret_pool_free(dev->keypairs.slab);
	xt_staged_pool_free(dev->staged);
	xt_queue_clear(&dev->queue);
	xt_pending_cookies_clear(&dev->cookie_replies);
	xt_ratelimit_free(dev->rate);
	xt_allowedips_clear(&dev->allowed);
	xt_heap_clear(&dev->deadlines);
	xt_index_clear(&dev->index);
	xt_cookie_checker_clear(&dev->checker);
	sodium_free(dev->local); /* wipes */
	free(dev);
}

uint64_t xt_device_deadline(const struct xt_device *dev)
{
	const struct xt_heap_node *min = xt_heap_min(&dev->deadlines);

	if (dev->queue.n || dev->cookie_replies.n)
		return 0;
	return min ? min->key : XT_NEVER;
}

static void local_forget(struct xt_device *dev, struct xt_peer *peer)
{
	memset(&peer->path.local, 0, sizeof(peer->path.local));
	peer->path.ifindex = 0;
	xt_peer_forget_way(dev, peer);
}

static void peer_run_timers(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			    struct xt_tx *tx)
{
	xt_peer_follow(dev, now, peer);
	unsigned due = xt_timers_due(&peer->timers, now.mono);
	uint32_t lost;

	xt_peer_mark_dirty(dev, peer);
	if (due & XT_DUE_ERASE) {
		/* The peer is reached when its turn in the review comes, or the way is back. */
		peer->cut |= xt_keypairs_present(&peer->keypairs) &&
			     (dev->review_left || peer->way == XT_WAY_NONE);
		/* A handshake in progress is younger than these keys: keep it. */
		if (peer->timers.retransmit == XT_NEVER)
			xt_peer_erase(dev, peer);
		else
			xt_keypairs_erase(&dev->keypairs, &peer->keypairs);
		xt_event(dev, XT_EVENT_KEYS_ERASED, peer);
	}
	if (due & XT_DUE_GIVE_UP) {
		xt_endpoint_unanswered(now, dev, peer);
		lost = xt_staged_clear(dev->staged, &peer->staged);
		dev->verdicts[XT_DROP_STAGED_LOST] += lost;
		xt_facts_count_n(&peer->facts, XT_DROP_STAGED_LOST, lost);
		xt_facts_gave_up(&peer->facts, now.mono);
		xt_timers_gave_up(&peer->timers, now.mono);
		peer->cut &= peer->way == XT_WAY_NONE;
		xt_event(dev, XT_EVENT_HANDSHAKE_GAVE_UP, peer);
	}
	/* Silence may mean that the local address of the path no longer works. */
	if (due & (XT_DUE_RETRANSMIT | XT_DUE_NEW_HANDSHAKE))
		local_forget(dev, peer);
	/* Or that what was sent is too large for the path: the next session asks. */
	if (due & XT_DUE_NEW_HANDSHAKE)
		peer->path_suspected = true;
	if (due & XT_DUE_RETRANSMIT)
		xt_handshake_start(dev, now, peer, true, tx);
	if (due & XT_DUE_URGENT)
		xt_handshake_urgent(dev, now, peer, tx);
	if (due & (XT_DUE_NEW_HANDSHAKE | XT_DUE_START))
		xt_handshake_start(dev, now, peer, false, tx);
	if (due & XT_DUE_SECOND)
		xt_handshake_second(dev, now, peer, tx);
	if (due & XT_DUE_PROBE)
		xt_handshake_probe(dev, now, peer, tx);
	if (due & XT_DUE_PATH_MTU)
		xt_mtu_probe_tick(dev, now, peer);
	if (due & (XT_DUE_KEEPALIVE | XT_DUE_PERSISTENT))
		xt_send_keepalive(dev, now, peer, tx);
	/* Without key or endpoint it stays off: the change that brings them starts a handshake. */
	if ((due & XT_DUE_PERSISTENT) && dev->local->has_key && peer->path.remote.ip.family)
		xt_timers_persistent_done(&peer->timers, now.mono);
}

void xt_device_tick(struct xt_device *dev, struct xt_time now, struct xt_tx *tx)
{
	uint32_t before = tx->n_vecs;

	xt_peers_update_deadlines(dev);
	for (unsigned n = 0; n < XT_TICK_PEERS && tx->n_vecs - before < XT_TICK_INITIATIONS; n++) {
		struct xt_heap_node *min = xt_heap_min(&dev->deadlines);
		struct xt_peer *peer;

		if (!min || min->key > now.mono || !xt_tx_has_room(tx))
			break;
		peer = XT_CONTAINER(min, struct xt_peer, node);
		peer_run_timers(dev, now, peer, tx);
		xt_peers_update_deadlines(dev);
	}
	xt_handshake_drain(dev, now, tx);
	xt_peers_update_deadlines(dev);
}

void xt_device_timestamp_limits(struct xt_device *dev, uint64_t floor_ns, uint64_t bound_ns)
{
	uint64_t floor = xt_tai64n_floor(floor_ns);

	if (floor < floor_ns)
		floor = xt_tai64n_next(floor_ns);
	dev->timestamp_floor = XT_MAX(dev->timestamp_floor, floor);
	dev->timestamp_next = XT_MAX(dev->timestamp_next, floor);
	dev->timestamp_bound = bound_ns;
}

uint64_t xt_device_timestamp(const struct xt_device *dev)
{
	return dev->timestamp_next;
}

void xt_device_set_mtu(struct xt_device *dev, uint32_t mtu)
{
	struct xt_peer *peer;

	/* Padding must not make a packet too large for a datagram. */
	mtu = XT_MIN(mtu, XT_DATAGRAM_MAX - XT_HEADROOM - XT_TAG_LEN);
	if (mtu == dev->mtu)
		return;
	dev->mtu = mtu;
	DL_FOREACH(dev->peers, peer)
	xt_peer_path_moved(dev, peer);
	xt_peers_update_deadlines(dev);
}

void xt_device_search_mtu(struct xt_device *dev, const struct xt_cidr *local, size_t n)
{
	struct xt_peer *peer;

	dev->n_local_nets = XT_MIN(n, XT_LEN(dev->local_nets));
	if (n)
		memcpy(dev->local_nets, local, dev->n_local_nets * sizeof(*local));
	else
		DL_FOREACH(dev->peers, peer)
	xt_peer_forget_path(dev, peer);
}

void xt_device_suspect_mtu(struct xt_device *dev, struct xt_time now,
			   const struct xt_endpoint *remote)
{
	const struct xt_token_rate rate = xt_token_rate(XT_HINT_RATE, XT_HINT_BURST);
	struct xt_peer *peer = xt_peer_find_endpoint(dev, remote);

	for (unsigned i = 0; peer && i < XT_RESTART_SCAN; i++, peer = peer->next_same)
		if (peer->search && xt_token_bucket_take(&dev->hint_budget, &rate, now.mono))
			xt_mtu_probe_suspect(dev, now, peer);
	xt_peers_update_deadlines(dev);
}

struct xt_peer *xt_device_route(struct xt_device *dev, const struct xt_ip *ip)
{
	return xt_allowedips_find(&dev->allowed, ip);
}

struct xt_peer *xt_device_peer(struct xt_device *dev, const struct xt_public *key)
{
	return xt_peer_find(dev, key);
}

struct xt_public xt_peer_key(const struct xt_peer *peer)
{
	return peer->key;
}

bool xt_peer_has_endpoint(const struct xt_peer *peer)
{
	return peer->path.remote.ip.family != 0;
}

void xt_device_unstick(struct xt_device *dev, const struct xt_path *path)
{
	struct xt_peer *peer = xt_peer_find_endpoint(dev, &path->remote);
	const struct xt_ip local = path->local; /* path may be that of a peer */

	for (; peer; peer = peer->next_same) {
		if (memcmp(&peer->path.local, &local, sizeof(local)) != 0)
			continue;
		local_forget(dev, peer);
	}
}

void xt_device_count(struct xt_device *dev, enum xt_verdict verdict, uint64_t n)
{
	dev->verdicts[verdict] += n;
}

uint64_t xt_device_counted(const struct xt_device *dev, enum xt_verdict verdict)
{
	return dev->verdicts[verdict];
}
