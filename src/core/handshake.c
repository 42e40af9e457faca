/* SPDX-License-Identifier: MIT */
/* Handshake messages.
 *
 * Initiate:  xt_handshake_start -> xt_noise_initiate -> xt_cookie_add_macs -> tx
 *
 * Response:  macs_check -> queue -> xt_noise_read_response -> keypair installed as current -> a
 *            packet or a keepalive is sent with it
 *
 * Respond:   macs_check -> queue -> read initiation -> find peer -> timestamp is newer ->
 *            xt_noise_respond -> keypair installed as next
 *
 * A cookie reply is stored for the next retry.
 *
 * The MAC and cookie check comes before the queue (handshake_queue.c). Cookie replies are made in
 * the tick, one per source endpoint.
 *
 * Both sides may begin at once: their handshakes share no state, and neither waits for a timer. */
#include "core/handshake.h"

#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "core/endpoints.h"
#include "core/mtu_probe.h"

/* DSCP AF41 and no ECN, as those of the kernel: apart from bulk data. Cookie replies carry 0. */
#define HANDSHAKE_TOS 0x88

/* Draw a session index for peer's handshake. 0: there is none. */
static uint32_t index_draw(struct xt_device *dev, struct xt_peer *peer)
{
	uint32_t index;

	if (xt_index_insert(&dev->index, XT_INDEX_HANDSHAKE, peer, dev->env.random, dev->env.ctx,
			    &index))
		return 0;
	return index;
}

static uint64_t timestamp_least(const struct xt_device *dev, struct xt_time now,
				const struct xt_peer *peer)
{
	uint64_t at = XT_MAX(xt_tai64n_floor(now.wall), dev->timestamp_floor);

	return XT_MAX(at, peer->timestamp_next);
}

/* Paper 5.1: never less than the clock, and to one peer never the same twice. Each peer compares
 * its own timestamps only, so initiations to many peers in one step of the clock carry the same
 * one. false: the bound is reached. */
static bool timestamp_next(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			   uint64_t *timestamp)
{
	uint64_t at = timestamp_least(dev, now, peer);

	if (at >= dev->timestamp_bound)
		return false;
	*timestamp = at;
	peer->timestamp_next = xt_tai64n_next(at);
	dev->timestamp_next = XT_MAX(dev->timestamp_next, peer->timestamp_next);
	return true;
}

/* The static-static secret is computed at the first handshake, so that configuring many peers does
 * not cost a Diffie-Hellman for each. */
static const struct xt_noise_peer *peer_noise(struct xt_device *dev, struct xt_peer *peer)
{
	struct xt_peer_secret *secret = peer->secret;

	if (!secret->ready)
		xt_noise_peer_set(&secret->noise, dev->local, &peer->key);
	secret->ready = true;
	return &secret->noise;
}

static void keylog_write(struct xt_device *dev, const struct xt_peer *peer,
			 const struct xt_private *ephemeral)
{
	struct xt_keylog keys = {.local_static = &dev->local->private_key,
				 .local_ephemeral = ephemeral,
				 .remote_static = &peer->key,
				 .psk = &peer->secret->noise.psk};

	if (dev->env.keylog)
		dev->env.keylog(dev->env.ctx, &keys);
}

/* probe: for restart detection. */
static void initiation_send(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			    bool probe, struct xt_tx *tx)
{
	struct xt_path path = probe ? peer->path : xt_endpoint_path(peer);
	struct xt_msg_initiation msg;
	struct xt_private ephemeral;
	uint8_t timestamp[XT_TIMESTAMP_LEN];
	uint64_t wall_ns;
	uint32_t index;

	if (!timestamp_next(dev, now, peer, &wall_ns))
		return;
	index = index_draw(dev, peer);
	if (!index)
		return;
	xt_index_remove(&dev->index, peer->handshake_index);
	peer->handshake_index = index;

	xt_tai64n_encode(timestamp, wall_ns);
	dev->env.random(dev->env.ctx, ephemeral.b, sizeof(ephemeral.b));
	if (!xt_noise_initiate(&peer->secret->handshake, dev->local, peer_noise(dev, peer),
			       &ephemeral, timestamp, index, &msg)) {
		keylog_write(dev, peer, &ephemeral);
		xt_cookie_add_macs(&peer->cookie, now.mono, &msg, sizeof(msg));
		if (!xt_tx_copy(tx, &path, HANDSHAKE_TOS, &msg, sizeof(msg))) {
			peer->tx_bytes += sizeof(msg);
			xt_timers_any_sent(&peer->timers, now.mono);
			/* An unauthenticated datagram has caused a probe: it says nothing. */
			if (!probe)
				xt_facts_initiated(&peer->facts, &peer->traffic, now.mono);
			xt_event(dev, XT_EVENT_INITIATION_SENT, peer);
		}
		if (!probe)
			xt_endpoint_sent(now, peer, &msg);
	}
	xt_wipe(&ephemeral, sizeof(ephemeral));
}

/* The clock has reached the bound of timestamps: it was set forth, or the host was suspended. The
 * next bound is being written, or none was read yet. The initiation waits for it, and not for
 * REKEY_TIMEOUT. timer: when it is tried again. */
static bool bound_holds(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			uint64_t *timer)
{
	if (timestamp_least(dev, now, peer) < dev->timestamp_bound) {
		peer->bound_waits = 0;
		return false;
	}
	if (*timer == XT_NEVER) {
		*timer = now.mono + (XT_BOUND_WAIT << peer->bound_waits);
		if (peer->bound_waits < XT_BOUND_WAITS)
			peer->bound_waits++;
	}
	return true;
}

/* While the session lives and the peer is heard, the message or its answer was lost, and that is
 * no more than a delay. */
static void unanswered_note(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	const uint64_t heard = peer->traffic.heard;

	if (heard != XT_NEVER && heard >= peer->timers.last_initiation &&
	    xt_keypair_may_send(peer->keypairs.current, now.mono))
		return;
	if (xt_facts_unanswered(&peer->facts))
		xt_event(dev, XT_EVENT_UNANSWERED, peer);
}

/* silent: an initiation of before had REKEY_TIMEOUT to be answered. */
static void handshake_begin(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			    bool retry, bool silent, struct xt_tx *tx)
{
	if (bound_holds(dev, now, peer, &peer->timers.urgent))
		return;
	if (!xt_tx_has_room(tx)) { /* leave it to the next tick */
		peer->timers.start = now.mono;
		return;
	}
	if (silent) {
		unanswered_note(dev, now, peer);
		xt_endpoint_unanswered(now, dev, peer);
	} else {
		xt_endpoint_choose(now, dev, peer);
	}
	if (!retry)
		peer->timers.attempts = 0;
	/* If anything below fails, the retransmission timer retries. */
	xt_timers_initiated(&peer->timers, now.mono, xt_jitter(dev));
	initiation_send(dev, now, peer, false, tx);
}

void xt_handshake_second(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			 struct xt_tx *tx)
{
	struct xt_path path;
	struct xt_msg_initiation *msg = xt_endpoint_second(peer, &path);

	if (!msg || !dev->local->has_key)
		return;
	/* A cookie that came meanwhile is for the address that sent it. */
	xt_cookie_add_mac2(&peer->cookie, now.mono, msg, sizeof(*msg));
	if (xt_tx_copy(tx, &path, HANDSHAKE_TOS, msg, sizeof(*msg)))
		return;
	peer->tx_bytes += sizeof(*msg);
	xt_timers_any_sent(&peer->timers, now.mono);
	xt_event(dev, XT_EVENT_INITIATION_SENT, peer);
}

void xt_handshake_start(struct xt_device *dev, struct xt_time now, struct xt_peer *peer, bool retry,
			struct xt_tx *tx)
{
	if (!dev->local->has_key || !peer->path.remote.ip.family)
		return;
	xt_peer_mark_dirty(dev, peer);
	/* A packet may begin the attempt again before the retransmission timer is due. */
	if (xt_timers_may_initiate(&peer->timers, now.mono))
		handshake_begin(dev, now, peer, retry, retry || peer->timers.retransmit != XT_NEVER,
				tx);
	else if (peer->timers.retransmit == XT_NEVER)
		peer->timers.start = peer->timers.last_initiation + XT_REKEY_TIMEOUT;
}

void xt_handshake_urgent(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			 struct xt_tx *tx)
{
	if (!dev->local->has_key || !peer->path.remote.ip.family)
		return;
	xt_peer_mark_dirty(dev, peer);
	xt_endpoint_network(peer);
	handshake_begin(dev, now, peer, false, false, tx);
}

void xt_handshake_probe(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			struct xt_tx *tx)
{
	if (!dev->local->has_key || !peer->path.remote.ip.family ||
	    peer->timers.retransmit != XT_NEVER || !xt_timers_may_initiate(&peer->timers, now.mono))
		return;
	xt_peer_mark_dirty(dev, peer);
	if (bound_holds(dev, now, peer, &peer->timers.probe))
		return;
	if (!xt_tx_has_room(tx)) { /* leave it to the next tick */
		peer->timers.probe = now.mono;
		return;
	}
	xt_timers_probed(&peer->timers, now.mono);
	initiation_send(dev, now, peer, true, tx);
}

/* An authenticated handshake message of peer was received. Its source becomes the peer's endpoint
 * only when the message proves that the session is alive: an initiation may be a replay, when this
 * device has lost the timestamps of before. */
static void peer_received(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			  const struct xt_queued *q)
{
	peer->rx_bytes += q->len;
	xt_facts_heard(&peer->facts, &peer->traffic, now.mono);
	xt_timers_any_received(&peer->timers, now.mono);
	xt_peer_mark_dirty(dev, peer);
}

static bool timestamp_is_fresh(struct xt_peer *peer, struct xt_time now, const uint8_t *timestamp)
{
	if (xt_tai64n_compare(timestamp, peer->last_timestamp) <= 0)
		return false;
	return peer->last_consumed == XT_NEVER ||
	       now.mono - peer->last_consumed >= XT_INITIATION_GAP;
}

static enum xt_verdict initiation_respond(struct xt_device *dev, struct xt_time now,
					  struct xt_peer *peer, struct xt_noise_handshake *hs,
					  const struct xt_queued *q, struct xt_tx *tx)
{
	struct xt_msg_response msg;
	struct xt_private ephemeral;
	struct xt_noise_keys keys;
	struct xt_keypair *kp = NULL;
	uint32_t index = index_draw(dev, peer);
	enum xt_verdict verdict = XT_DROP_HANDSHAKE;

	if (!index)
		return XT_DROP_QUEUE;
	dev->env.random(dev->env.ctx, ephemeral.b, sizeof(ephemeral.b));
	if (xt_noise_respond(hs, peer_noise(dev, peer), &ephemeral, index, &msg, &keys))
		goto out;
	keylog_write(dev, peer, &ephemeral);
	kp = xt_keypair_new(&dev->keypairs, peer, &keys, index, hs->remote_index, false, now.mono);
	if (!kp)
		goto out;
	peer_received(dev, now, peer, q);
	xt_facts_answered(&peer->facts, now.mono, &q->from.remote);
	xt_keypair_install(&dev->keypairs, &peer->keypairs, kp);
	xt_timers_derived(&peer->timers, now.mono);
	xt_cookie_add_macs(&peer->cookie, now.mono, &msg, sizeof(msg));
	/* To where the initiation came from. The peer's endpoint moves with the first data message
	 * of the session. */
	if (!xt_tx_copy(tx, &q->from, HANDSHAKE_TOS, &msg, sizeof(msg))) {
		peer->tx_bytes += sizeof(msg);
		xt_timers_any_sent(&peer->timers, now.mono);
	}
	verdict = XT_TAKEN_HANDSHAKE;
out:
	if (!kp)
		xt_index_remove(&dev->index, index);
	xt_wipe(&keys, sizeof(keys));
	xt_wipe(&ephemeral, sizeof(ephemeral));
	return verdict;
}

static enum xt_verdict initiation_process(struct xt_device *dev, struct xt_time now,
					  const struct xt_queued *q, struct xt_tx *tx)
{
	const struct xt_msg_initiation *msg = (const void *)q->msg;
	struct xt_noise_handshake hs;
	struct xt_public remote;
	uint8_t timestamp[XT_TIMESTAMP_LEN];
	struct xt_peer *peer = NULL;
	enum xt_verdict verdict = XT_DROP_HANDSHAKE;

	if (xt_noise_read_initiation(&hs, dev->local, msg, &remote))
		goto out;
	peer = xt_peer_find(dev, &remote);
	if (!peer) {
		verdict = XT_DROP_UNKNOWN_PEER;
		xt_strangers_key(&dev->strangers, now.mono, &remote, &q->from.remote);
		goto out;
	}
	xt_peer_follow(dev, now, peer);
	if (xt_noise_read_timestamp(&hs, peer_noise(dev, peer), msg, timestamp))
		goto out;
	if (!timestamp_is_fresh(peer, now, timestamp)) {
		verdict = XT_DROP_HANDSHAKE_OLD;
		xt_facts_initiation_old(&peer->facts, now, timestamp, peer->last_timestamp);
		goto out;
	}
	memcpy(peer->last_timestamp, timestamp, sizeof(timestamp));
	peer->last_consumed = now.mono;
	xt_facts_initiation(&peer->facts, now, timestamp);
	xt_peer_remember(dev, peer);
	xt_event(dev, XT_EVENT_INITIATION_RECEIVED, peer);
	verdict = initiation_respond(dev, now, peer, &hs, q, tx);
out:
	if (peer)
		xt_facts_count(&peer->facts, verdict);
	xt_noise_handshake_clear(&hs);
	return verdict;
}

void xt_session_complete(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	xt_timers_complete(&peer->timers);
	peer->suspends = dev->suspends;
	if (peer->way == XT_WAY_NONE)
		peer->way = 0;
	if (!peer->way)
		xt_peer_forget_way(dev, peer);
	peer->cut = false;
	peer->last_handshake_wall = now.wall;
	peer->heard_wall = now.wall;
	peer->loop = false;
	xt_facts_session(&peer->facts);
	xt_peer_remember(dev, peer);
	xt_event(dev, XT_EVENT_SESSION_NEW, peer);
	if (peer->staged.n)
		xt_peer_set_tx_ready(dev, peer);
	xt_mtu_probe_session(dev, now, peer);
}

/* Install the keypair of a handshake that the device initiated. After simultaneous handshakes the
 * peer's session may already be in use and be the one to keep. */
static void keypair_install_initiated(struct xt_device *dev, struct xt_peer *peer,
				      struct xt_keypair *kp)
{
	const struct xt_keypair *current = peer->keypairs.current;

	if (current && xt_peer_yields(dev, peer, current))
		xt_keypair_drop(&dev->keypairs, kp);
	else
		xt_keypair_install(&dev->keypairs, &peer->keypairs, kp);
}

static enum xt_verdict response_process(struct xt_device *dev, struct xt_time now,
					const struct xt_queued *q)
{
	const struct xt_msg_response *msg = (const void *)q->msg;
	struct xt_noise_keys keys;
	struct xt_keypair *kp;
	uint32_t index = xt_le32_load(msg->receiver);
	struct xt_peer *peer;
	void *owner;
	enum xt_verdict verdict = XT_DROP_HANDSHAKE;

	if (xt_index_find(&dev->index, index, &owner) != XT_INDEX_HANDSHAKE)
		return XT_DROP_INDEX;
	peer = owner;
	xt_peer_follow(dev, now, peer);
	if (peer->handshake_index != index)
		return XT_DROP_INDEX;
	if (xt_noise_read_response(&peer->secret->handshake, dev->local, peer_noise(dev, peer), msg,
				   &keys)) {
		xt_facts_response_bad(&peer->facts, now.mono);
		return xt_facts_count(&peer->facts, XT_DROP_HANDSHAKE);
	}
	peer->facts.rtt = now.mono - peer->timers.last_initiation;
	peer->handshake_index = 0; /* the index now belongs to the keypair */
	kp = xt_keypair_new(&dev->keypairs, peer, &keys, index, xt_le32_load(msg->sender), true,
			    now.mono);
	if (!kp) {
		xt_index_remove(&dev->index, index);
		goto out;
	}
	keypair_install_initiated(dev, peer, kp);
	if (memcmp(&peer->path, &q->from, sizeof(q->from)) != 0)
		xt_peer_roam(dev, peer, &q->from);
	xt_endpoint_answered(now, peer);
	peer_received(dev, now, peer, q);
	xt_timers_derived(&peer->timers, now.mono);
	/* The responder may not send before it has received a message of the session. */
	if (!peer->staged.n)
		peer->keepalive_pending = true;
	xt_peer_set_tx_ready(dev, peer);
	xt_strangers_session(&dev->strangers, &q->from.remote.ip);
	xt_session_complete(dev, now, peer);
	verdict = xt_facts_count(&peer->facts, XT_TAKEN_HANDSHAKE);
out:
	xt_wipe(&keys, sizeof(keys));
	return verdict;
}

/* One message of the queue. It was checked when it arrived: what was queued before the load began
 * is worked off, or the peers that come first in a burst would have to begin again as well. */
static enum xt_verdict queued_process(struct xt_device *dev, struct xt_time now,
				      const struct xt_queued *q, struct xt_tx *tx)
{
	if (!dev->local->has_key)
		return XT_DROP_MAC1;
	return q->msg[0] == XT_MSG_INITIATION ? initiation_process(dev, now, q, tx)
					      : response_process(dev, now, q);
}

/* Process queued messages, up to the budget of one tick, and measure what they cost. */
static void queue_process(struct xt_device *dev, struct xt_time now, struct xt_tx *tx)
{
	bool measures = dev->env.clock && dev->queue.n;
	uint64_t start = measures ? dev->env.clock(dev->env.ctx) : 0, ns;
	const struct xt_queued *q;
	unsigned n = 0;

	while (n < XT_QUEUE_BUDGET && xt_tx_has_room(tx) && (q = xt_queue_pop(&dev->queue))) {
		enum xt_verdict verdict = queued_process(dev, now, q, tx);

		xt_count(dev, verdict);
		if (dev->env.handshake)
			dev->env.handshake(dev->env.ctx, &q->from, q->msg, q->len, verdict);
		n++;
	}
	ns = measures ? dev->env.clock(dev->env.ctx) - start : 0;
	if (n)
		xt_load_worked(&dev->load, now.mono, ns, n);
}

static void cookie_reply_send(struct xt_device *dev, struct xt_time now, const struct xt_queued *q,
			      uint16_t len, struct xt_tx *tx)
{
	struct xt_msg_cookie reply;

	if (!dev->local->has_key)
		return;
	xt_cookie_reply(&dev->checker, now.mono, q->msg, len, &q->from.remote, &reply);
	(void)xt_tx_copy(tx, &q->from, 0, &reply, sizeof(reply));
}

void xt_handshake_drain(struct xt_device *dev, struct xt_time now, struct xt_tx *tx)
{
	const struct xt_queued *q;
	uint16_t len;

	queue_process(dev, now, tx);
	for (unsigned n = 0; n < XT_QUEUE_CHEAP && xt_tx_has_room(tx); n++) {
		q = xt_pending_cookies_take(&dev->cookie_replies, &len);
		if (!q)
			break;
		cookie_reply_send(dev, now, q, len, tx);
	}
}
