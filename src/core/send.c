/* SPDX-License-Identifier: MIT */
/* The transmit path.
 *
 *   plan    destination -> peer -> keypair pinned, counter taken -> header and padding written, job
 *           filled. Without a session the packet is staged and a handshake starts
 *   (seal)  the caller seals the batch's jobs
 *   finish  keypair unpinned, packet counted, timers moved -> datagram to tx -> a key near its end
 *           starts a handshake
 *
 * xt_send_device_traffic plans the device's own traffic: staged packets, keepalives and probes. */
#include "core/send.h"

#include <assert.h>
#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/handshake.h"
#include "core/loop.h"
#include "core/mtu_probe.h"
#include "packet/ip.h"
#include "packet/room.h"

/* Padding to a multiple of 16 hides the length, but must not push a packet over the link's MTU, nor
 * over what the path to the peer carries, a multiple of 16 (0, not known: no limit). */
static uint32_t len_padded(const struct xt_device *dev, const struct xt_peer *peer, uint32_t len)
{
	uint32_t to = XT_ALIGN_UP(len, XT_PADDING);

	if (len >= dev->mtu || len > xt_peer_mtu(peer) - 1u)
		return len;
	return XT_MIN(to, dev->mtu);
}

/* len: with padding. Values are read once into locals: the header is bytes, of which the compiler
 * has to assume that they lie in pkt or kp. */
static inline void job_fill(struct xt_batch *batch, struct xt_pkt *pkt, struct xt_keypair *kp,
			    uint32_t len)
{
	uint8_t *data = pkt->data;
	struct xt_msg_data *head = (void *)(data - XT_HEADROOM);
	uint32_t at = batch->n_jobs++;
	struct xt_job *job = &batch->jobs[at];
	uint64_t counter = kp->send_counter++;

	assert(xt_pkt_has_room(pkt, pkt->len) && len - pkt->len < XT_TAG_LEN);
	xt_keypair_pin(kp);
	pkt->keypair = kp;
	pkt->counter = counter;
	pkt->job = at;
	/* As many bytes as padding has at most, in one store: those behind it are the tag's. */
	memset(data + pkt->len, 0, XT_TAG_LEN);
	head->type = xt_le32_of(XT_MSG_DATA);
	head->receiver = xt_le32_of(kp->remote_index);
	head->counter = xt_le64_of(counter);
	*job = (struct xt_job){
	    .key = kp->send_key, .src = data, .dst = data, .counter = counter, .len = len};
}

/* The same for the device's own traffic. */
static void packet_add_job(struct xt_device *dev, struct xt_batch *batch, struct xt_pkt *pkt,
			   struct xt_peer *peer)
{
	pkt->peer = peer;
	job_fill(batch, pkt, peer->keypairs.current,
		 pkt->probe ? pkt->len : len_padded(dev, peer, pkt->len));
}

XT_COLD static enum xt_verdict packet_stage(struct xt_device *dev, struct xt_time now,
					    struct xt_peer *peer, const struct xt_pkt *pkt,
					    struct xt_tx *tx)
{
	uint32_t pushed_out;
	bool kept = xt_staged_push(dev->staged, &peer->staged, pkt->data, pkt->len, XT_STAGED_MAX,
				   &pushed_out);

	dev->verdicts[XT_DROP_STAGED_FULL] += pushed_out;
	xt_facts_count_n(&peer->facts, XT_DROP_STAGED_FULL, pushed_out);
	if (xt_keypair_may_send(peer->keypairs.current, now.mono))
		xt_peer_set_tx_ready(dev, peer);
	else
		xt_handshake_start(dev, now, peer, false, tx);
	return xt_facts_count(&peer->facts, kept ? XT_STAGED : XT_DROP_STAGED_FULL);
}

/* Hosts send multicast and broadcast unprompted: a verdict of its own, not a missing route. */
static bool destination_is_group(const struct xt_ip_view *ip)
{
	struct xt_ip dst;

	xt_ip_destination(ip, &dst);
	return xt_ip_is_multicast(&dst) || xt_ip_is_limited_broadcast(&dst);
}

XT_COLD static enum xt_verdict route_missing(struct xt_device *dev, struct xt_time now,
					     const struct xt_ip_view *ip)
{
	struct xt_ip to;

	if (destination_is_group(ip))
		return XT_DROP_MULTICAST;
	xt_ip_destination(ip, &to);
	xt_strangers_no_route(&dev->strangers, now.mono, &to);
	return XT_DROP_NO_ROUTE;
}

static enum xt_verdict packet_plan(struct xt_device *dev, struct xt_time now,
				   struct xt_batch *batch, struct xt_pkt *pkt, struct xt_tx *tx)
{
	struct xt_ip_view ip;
	struct xt_peer *peer = pkt->peer;

	if (!xt_ip_parse_packet(&ip, pkt->data, pkt->len))
		return XT_DROP_MALFORMED;
	pkt->len = ip.len;
	pkt->ecn = ip.ecn;
	if (xt_packet_is_loop(dev, &ip))
		return XT_DROP_LOOP;
	if (!peer)
		peer = ip.version == 4 ? xt_allowedips_find4(&dev->allowed, ip.dst)
				       : xt_allowedips_find6(&dev->allowed, ip.dst);
	if (!peer)
		return route_missing(dev, now, &ip);
	pkt->peer = peer;
	xt_peer_follow(dev, now, peer);
	if (!peer->path.remote.ip.family)
		return xt_facts_count(&peer->facts, XT_DROP_NO_ENDPOINT);
	if (ip.len + XT_HEADROOM + XT_TAG_LEN > XT_DATAGRAM_MAX)
		return xt_facts_count(&peer->facts, XT_DROP_TOO_BIG);
	if (!xt_keypair_may_send(peer->keypairs.current, now.mono) || peer->staged.n)
		return packet_stage(dev, now, peer, pkt, tx);
	if (ip.len >= peer->sample_least && ip.protocol == XT_PROTO_TCP &&
	    xt_mtu_sample_wanted(peer, now))
		xt_mtu_sample_sent(dev, now, peer, &ip);
	if (ip.len < XT_REQUEST_MAX && now.mono >= peer->traffic.request_next)
		xt_facts_request(&peer->facts, &peer->traffic, now.mono, &ip);
	job_fill(batch, pkt, peer->keypairs.current, len_padded(dev, peer, ip.len));
	return XT_PASS;
}

void xt_send_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		  struct xt_tx *tx)
{
	const struct xt_pkt *end = batch->pkts + batch->n;

	for (struct xt_pkt *pkt = batch->pkts + batch->planned; pkt < end; pkt++) {
		enum xt_verdict verdict;

		if (pkt->verdict != XT_PASS || pkt->job != XT_NO_JOB)
			continue;
		assert(xt_pkt_has_room(pkt, pkt->len));
		verdict = packet_plan(dev, now, batch, pkt, tx);
		if (verdict == XT_PASS)
			continue;
		pkt->verdict = (uint8_t)verdict;
		xt_count(dev, verdict);
	}
	batch->planned = batch->n;
	xt_peers_update_deadlines(dev);
}

/* false: the batch is full. */
static bool staged_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
			struct xt_peer *peer)
{
	uint32_t len = xt_staged_len(&peer->staged);
	struct xt_pkt *pkt = xt_batch_add(batch, len);
	struct xt_ip_view ip;

	if (!pkt)
		return false;
	pkt->len = len;
	xt_staged_pop(dev->staged, &peer->staged, pkt->data);
	if (xt_ip_parse_packet(&ip, pkt->data, pkt->len)) {
		pkt->ecn = ip.ecn;
		xt_facts_request(&peer->facts, &peer->traffic, now.mono, &ip);
	}
	packet_add_job(dev, batch, pkt, peer);
	return true;
}

static bool keepalive_plan(struct xt_device *dev, struct xt_batch *batch, struct xt_peer *peer)
{
	struct xt_pkt *pkt = xt_batch_add(batch, 0);

	if (!pkt)
		return false;
	packet_add_job(dev, batch, pkt, peer);
	return true;
}

/* A probe of the size that it is to have: its packet is a small request, and zeros behind it. */
static bool probe_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		       struct xt_peer *peer)
{
	struct xt_pkt *pkt = xt_batch_add(batch, XT_PACKET_MAX);

	if (!pkt)
		return false;
	pkt->len = xt_mtu_probe_write(dev, now, peer, pkt->data);
	xt_batch_trim(batch);
	if (!pkt->len) {
		xt_batch_drop_last(batch);
		return true;
	}
	pkt->probe = true;
	packet_add_job(dev, batch, pkt, peer);
	return true;
}

/* Without a session probes wait for the next one. */
static bool peer_plan_probes(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
			     struct xt_peer *peer)
{
	while (xt_mtu_probe_due(peer, now) && xt_keypair_may_send(peer->keypairs.current, now.mono))
		if (!probe_plan(dev, now, batch, peer))
			return false;
	return true;
}

/* Plan all traffic of peer. false: the batch is full. */
static bool peer_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		      struct xt_peer *peer)
{
	xt_peer_follow(dev, now, peer);
	while (peer->staged.n || peer->keepalive_pending) {
		if (!xt_keypair_may_send(peer->keypairs.current, now.mono)) {
			peer->timers.start = XT_MIN(peer->timers.start, now.mono);
			xt_peer_mark_dirty(dev, peer);
			peer->keepalive_pending = false;
			return true;
		}
		if (peer->staged.n) {
			if (!staged_plan(dev, now, batch, peer))
				return false;
			peer->keepalive_pending = false;
		} else {
			if (!keepalive_plan(dev, batch, peer))
				return false;
			peer->keepalive_pending = false;
		}
	}
	return true;
}

size_t xt_send_device_traffic(struct xt_device *dev, struct xt_time now, struct xt_batch *batch)
{
	uint32_t before = batch->n;

	while (dev->tx_ready) {
		struct xt_peer *peer = dev->tx_ready;

		if (!peer_plan(dev, now, batch, peer) || !peer_plan_probes(dev, now, batch, peer))
			break;
		DL_DELETE2(dev->tx_ready, peer, prev_tx_ready, next_tx_ready);
		peer->tx_ready = false;
	}
	xt_peers_update_deadlines(dev);
	return batch->n - before;
}

/* Paper 6.2: the initiator rekeys by age and both sides by the number of messages. Both sides also
 * rekey shortly before the key expires, in case the initiator did not. */
static bool keypair_needs_rekey(const struct xt_keypair *kp, struct xt_time now)
{
	uint64_t age = now.mono - kp->birth;

	return kp->send_counter >= XT_REKEY_AFTER_MESSAGES ||
	       (kp->initiator && age >= XT_REKEY_AFTER_TIME) ||
	       age >= XT_REJECT_AFTER_TIME - XT_KEEPALIVE_TIMEOUT - XT_REKEY_TIMEOUT;
}

XT_COLD static enum xt_verdict probe_finish(struct xt_peer *peer, struct xt_pkt *pkt, uint32_t len,
					    struct xt_tx *tx)
{
	if (xt_tx_view_whole(tx, &peer->path, pkt->data - XT_HEADROOM, len))
		return XT_DROP_UDP;
	peer->tx_bytes += len;
	return XT_PASS_PROBE;
}

/* The first datagram to peer in a pass: what a second one would not change. */
static void peer_sends(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	xt_traffic_rotate(&peer->traffic, now.mono);
	xt_timers_any_sent(&peer->timers, now.mono);
	xt_peer_mark_dirty(dev, peer);
}

static enum xt_verdict packet_finish(struct xt_device *dev, struct xt_time now, struct xt_pkt *pkt,
				     struct xt_keypair *kp, uint32_t sealed, struct xt_tx *tx)
{
	struct xt_peer *peer = kp->peer;
	uint32_t len = XT_HEADROOM + sealed + XT_TAG_LEN;

	/* The session ended after the packet was planned. */
	if (kp->dead || !xt_peer_is_current(dev, peer))
		return XT_DROP_EXPIRED; /* not counted of peer, which may be gone */
	if (pkt->probe)
		return probe_finish(peer, pkt, len, tx);
	if (xt_tx_view(tx, &peer->path, pkt->ecn, pkt->data - XT_HEADROOM, len))
		return XT_DROP_UDP;
	peer->tx_bytes += len;
	if (!peer->dirty)
		peer_sends(dev, now, peer);
	if (pkt->len) {
		peer->traffic.sent++;
		peer->traffic.data_sent = now.mono;
		if (peer->timers.new_handshake == XT_NEVER)
			xt_timers_data_sent(&peer->timers, now.mono, xt_jitter(dev));
	}
	if (keypair_needs_rekey(kp, now))
		xt_handshake_start(dev, now, peer, false, tx);
	return XT_PASS;
}

void xt_send_finish(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		    struct xt_tx *tx)
{
	const struct xt_pkt *end = batch->pkts + batch->n;
	const struct xt_job *jobs = batch->jobs;

	assert(!dev->dirty);
	for (struct xt_pkt *pkt = batch->pkts; pkt < end; pkt++) {
		struct xt_keypair *kp = pkt->keypair;

		if (!kp)
			continue;
		pkt->verdict = (uint8_t)packet_finish(dev, now, pkt, kp, jobs[pkt->job].len, tx);
		xt_count(dev, pkt->verdict);
		xt_keypair_unpin(&dev->keypairs, kp);
		pkt->keypair = NULL;
	}
	batch->n_jobs = 0; /* sealing a job twice would encrypt two plaintexts under one nonce */
	xt_peers_update_deadlines(dev);
}

void xt_send_keepalive(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
		       struct xt_tx *tx)
{
	if (!xt_keypair_may_send(peer->keypairs.current, now.mono)) {
		xt_handshake_start(dev, now, peer, false, tx);
		return;
	}
	peer->keepalive_pending = !peer->staged.n;
	xt_peer_set_tx_ready(dev, peer);
}
