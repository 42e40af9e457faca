/* SPDX-License-Identifier: MIT */
/* The receive path.
 *
 *   plan    type and exact length. Data: index -> keypair pinned, job filled. Handshake messages:
 *           checked and queued
 *   (open)  the caller opens the batch's jobs
 *   finish  in order of arrival: tag -> replay window -> session confirmed -> endpoint roams ->
 *           answers to probes taken -> timers -> trimmed to the IP length -> ECN merged -> source
 *           is one of the peer's allowed IPs -> a SYN announces no larger MSS than the path to the
 *           peer carries
 *
 * Restart detection: within the lifetime of a session after the device's start, data for an unknown
 * session from a peer's endpoint means that the peer has a session of before the start. The peer
 * would notice only after 15 s without an answer, so one initiation is sent. The datagram is not
 * authenticated, hence the conditions: without them it would be the sender's way to make this
 * device speak (docs/silence.md). */
#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "core/handshake.h"
#include "core/mtu_probe.h"
#include "packet/mss.h"
#include "packet/probe.h"

/* May an initiation to peer tell it that its session is gone? Not while a confirmed keypair may
 * receive: the peer has a session that works. A session that was answered and never confirmed does
 * not count, because the initiation may have been a replay. While an initiation is in flight, or
 * was just sent, there is nothing to add. */
static bool peer_may_probe(const struct xt_peer *peer, struct xt_time now)
{
	const struct xt_keypairs *keys = &peer->keypairs;
	const struct xt_timers *timers = &peer->timers;

	return peer->probes < XT_RESTART_TRIES && timers->start == XT_NEVER &&
	       timers->probe == XT_NEVER && timers->retransmit == XT_NEVER &&
	       xt_timers_may_initiate(timers, now.mono) &&
	       !xt_keypair_may_recv(keys->current, now.mono) &&
	       !xt_keypair_may_recv(keys->previous, now.mono);
}

/* One of the peers at that endpoint, each in turn. NULL: none. */
static struct xt_peer *peer_to_probe(struct xt_device *dev, struct xt_time now,
				     const struct xt_endpoint *endpoint)
{
	struct xt_peer *peer = xt_peer_find_endpoint(dev, endpoint);

	if (!peer || !peer->next_same)
		return peer && peer_may_probe(peer, now) ? peer : NULL;
	for (unsigned i = 0; peer && i < XT_RESTART_SCAN; i++) {
		xt_peer_rotate_endpoint(dev, peer);
		if (peer_may_probe(peer, now))
			return peer;
		peer = xt_peer_find_endpoint(dev, endpoint);
	}
	return NULL;
}

XT_COLD static enum xt_verdict session_unknown(struct xt_device *dev, struct xt_time now,
					       const struct xt_pkt *pkt)
{
	const struct xt_token_rate rate = xt_token_rate(XT_RESTART_RATE, XT_RESTART_BURST);
	struct xt_peer *peer;

	peer = xt_peer_find_endpoint(dev, &pkt->from->remote);
	for (unsigned i = 0; peer && i < XT_RESTART_SCAN; i++, peer = peer->next_same)
		xt_facts_unknown_session(&peer->facts, now.mono);
	if (now.mono >= dev->restart_until)
		return XT_DROP_INDEX;
	peer = peer_to_probe(dev, now, &pkt->from->remote);
	if (!peer || !xt_token_bucket_take(&dev->probe_budget, &rate, now.mono))
		return XT_DROP_INDEX;
	peer->probes++;
	peer->timers.probe = now.mono;
	xt_peer_mark_dirty(dev, peer);
	xt_event(dev, XT_EVENT_RESTART_NOTICED, peer);
	return XT_DROP_INDEX;
}

static enum xt_verdict data_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
				 struct xt_pkt *pkt)
{
	const struct xt_msg_data *head = (const void *)pkt->data;
	uint8_t *inner = pkt->data + sizeof(*head);
	uint64_t counter = xt_le64_load(head->counter);
	uint32_t at;
	struct xt_keypair *kp;
	void *owner;

	if (xt_index_find(&dev->index, xt_le32_load(head->receiver), &owner) != XT_INDEX_KEYPAIR)
		return session_unknown(dev, now, pkt);
	kp = owner;
	if (!xt_peer_is_current(dev, kp->peer)) {
		xt_peer_follow(dev, now, kp->peer);
		return session_unknown(dev, now, pkt);
	}
	if (!xt_keypair_may_recv(kp, now.mono) || counter >= XT_REJECT_AFTER_MESSAGES)
		return xt_facts_count(&kp->peer->facts, XT_DROP_EXPIRED);
	xt_keypair_pin(kp);
	pkt->keypair = kp;
	pkt->counter = counter;
	at = batch->n_jobs++;
	pkt->job = at;
	batch->jobs[at] = (struct xt_job){.key = kp->recv_key,
					  .src = inner,
					  .dst = inner,
					  .counter = counter,
					  .len = pkt->len - (uint32_t)sizeof(*head) - XT_TAG_LEN};
	return XT_PASS;
}

static enum xt_verdict datagram_plan(struct xt_device *dev, struct xt_time now,
				     struct xt_batch *batch, struct xt_pkt *pkt)
{
	switch (xt_msg_type(pkt->data, pkt->len)) {
	case XT_MSG_NONE:
		return XT_DROP_MESSAGE;
	case XT_MSG_DATA:
		return data_plan(dev, now, batch, pkt);
	default:
		return xt_handshake_queue(dev, now, pkt->from, pkt->data, pkt->len);
	}
}

void xt_recv_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch)
{
	const struct xt_pkt *end = batch->pkts + batch->n;

	for (struct xt_pkt *pkt = batch->pkts + batch->planned; pkt < end; pkt++) {
		enum xt_verdict verdict;

		if (pkt->verdict != XT_PASS)
			continue;
		verdict = datagram_plan(dev, now, batch, pkt);
		if (verdict == XT_PASS)
			continue;
		pkt->verdict = (uint8_t)verdict;
		/* A queued handshake message is counted when it leaves the queue. */
		if (verdict != XT_TAKEN_HANDSHAKE)
			xt_count(dev, verdict);
	}
	batch->planned = batch->n;
	xt_peers_update_deadlines(dev);
}

/* Paper 6.2: an initiator that only receives rekeys before the key is refused. */
static void peer_rekey_if_old(struct xt_time now, struct xt_peer *peer)
{
	const struct xt_keypair *kp = peer->keypairs.current;

	if (peer->timers.last_minute || !kp || !kp->initiator)
		return;
	if (now.mono - kp->birth < XT_REJECT_AFTER_TIME - XT_KEEPALIVE_TIMEOUT - XT_REKEY_TIMEOUT)
		return;
	peer->timers.last_minute = true;
	peer->timers.start = XT_MIN(peer->timers.start, now.mono);
}

XT_COLD static void session_confirm(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
				    struct xt_keypair *kp, const struct xt_endpoint *from)
{
	xt_strangers_session(&dev->strangers, &from->ip);
	if (xt_keypair_confirm(&dev->keypairs, &peer->keypairs, kp, xt_peer_yields(dev, peer, kp)))
		xt_session_complete(dev, now, peer);
}

/* The first message of peer in a pass: what a second one would not change. */
static void peer_heard(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	xt_traffic_rotate(&peer->traffic, now.mono);
	xt_facts_heard(&peer->facts, &peer->traffic, now.mono);
	xt_timers_any_received(&peer->timers, now.mono);
	peer_rekey_if_old(now, peer);
	xt_peer_mark_dirty(dev, peer);
}

static void peer_authenticated(struct xt_device *dev, struct xt_time now, const struct xt_pkt *pkt,
			       struct xt_keypair *kp, struct xt_peer *peer)
{
	bool first = !peer->dirty;

	if (kp == peer->keypairs.next)
		session_confirm(dev, now, peer, kp, &pkt->from->remote);
	if (memcmp(&peer->path, pkt->from, sizeof(peer->path)) != 0) {
		xt_peer_roam(dev, peer, pkt->from);
		peer->heard_wall = now.wall;
	}
	peer->rx_bytes += pkt->len;
	kp->received++;
	if (first)
		peer_heard(dev, now, peer);
}

static enum xt_verdict packet_finish(struct xt_device *dev, struct xt_time now, struct xt_pkt *pkt,
				     struct xt_keypair *kp, const struct xt_job *job)
{
	struct xt_peer *peer = kp->peer, *owner;
	struct xt_ip_view ip;
	uint32_t padding;
	bool inner;

	if (kp->dead || !xt_peer_is_current(dev, peer))
		return XT_DROP_EXPIRED; /* not counted of peer, which may be gone */
	if (!job->ok)
		return xt_facts_count(&peer->facts, XT_DROP_AUTH);
	if (!xt_replay_accept(&kp->replay, pkt->counter))
		return xt_facts_count(&peer->facts, XT_DROP_REPLAY);
	peer_authenticated(dev, now, pkt, kp, peer);
	pkt->data = job->dst;
	pkt->len = job->len;
	pkt->room.head = XT_HEADROOM;
	pkt->peer = peer;
	if (!pkt->len)
		return xt_facts_count(&peer->facts, XT_TAKEN_KEEPALIVE);
	inner = xt_ip_parse_packet(&ip, pkt->data, pkt->len);
	if (inner && peer->search && xt_probe_may_answer(&ip) &&
	    xt_mtu_probe_answered(now, peer, &ip))
		return XT_TAKEN_PROBE;
	xt_timers_data_received(&peer->timers, now.mono);
	if (!inner)
		return xt_facts_count(&peer->facts, XT_DROP_INNER);
	if (peer->sample_waits)
		xt_mtu_sample_heard(dev, now, peer, &ip);
	padding = pkt->len - ip.len;
	pkt->len = ip.len;
	if (!xt_ip_merge_ecn(&ip, pkt->ecn))
		xt_count(dev, XT_PASS_ECN);
	owner = ip.version == 4 ? xt_allowedips_find4(&dev->allowed, ip.src)
				: xt_allowedips_find6(&dev->allowed, ip.src);
	if (owner != peer) {
		xt_facts_source_refused(&peer->facts, now.mono, &ip);
		return XT_DROP_SOURCE;
	}
	if (padding < XT_PADDING) { /* else a probe of the path's MTU: no content */
		peer->traffic.received++;
		peer->traffic.data_received = now.mono;
		peer->traffic.requests = 0;
	}
	if (ip.protocol == XT_PROTO_TCP && xt_peer_mtu(peer) && xt_mss_is_syn(&ip))
		(void)xt_mss_clamp(&ip, xt_peer_mtu(peer), false);
	return XT_PASS;
}

/* Note where the newest packet of the batch came from, so that its peer can be pinged by name. Once
 * a batch: the address need not be that of the very last packet. */
static void source_note(const struct xt_batch *batch)
{
	const struct xt_pkt *pkt = batch->n ? &batch->pkts[batch->n - 1] : NULL;

	if (!pkt || pkt->verdict != XT_PASS || !pkt->peer)
		return;
	if (pkt->data[0] >> 4 == 4)
		memcpy(pkt->peer->heard4, pkt->data + 12, 4);
	else
		memcpy(pkt->peer->heard6, pkt->data + 8, 16);
}

void xt_recv_finish(struct xt_device *dev, struct xt_time now, struct xt_batch *batch)
{
	const struct xt_pkt *end = batch->pkts + batch->n;
	const struct xt_job *jobs = batch->jobs;

	assert(!dev->dirty);
	for (struct xt_pkt *pkt = batch->pkts; pkt < end; pkt++) {
		struct xt_keypair *kp = pkt->keypair;

		if (!kp)
			continue;
		pkt->verdict = (uint8_t)packet_finish(dev, now, pkt, kp, &jobs[pkt->job]);
		xt_count(dev, pkt->verdict);
		xt_keypair_unpin(&dev->keypairs, kp);
		pkt->keypair = NULL;
	}
	source_note(batch);
	batch->n_jobs = 0; /* opening a job twice would run over its plaintext */
	xt_peers_update_deadlines(dev);
}
