/* The outgoing story.
 *
 *   plan    destination -> peer -> keypair pinned, counter taken -> header and padding written,
 *           job filled; no session: the packet is staged and a handshake starts
 *   (seal)  the caller does the batch's jobs
 *   finish  unpinned, counted, stamped; datagrams to the tx; a key near its end asks for a new one
 *
 * xt_send_device_traffic plans what the device itself has to say: staged packets and keepalives. */
#include "core/send.h"

#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/handshake.h"
#include "packet/ip.h"

/* Padding hides lengths up to 16, but must not push a full packet over the link's MTU. */
static uint32_t padded(const struct xt_device *dev, uint32_t len)
{
	uint32_t to = XT_ALIGN_UP(len, 16u);

	if (len >= dev->mtu)
		return len;
	return XT_MIN(to, dev->mtu);
}

static void fill_job(struct xt_device *dev, struct xt_batch *batch, struct xt_pkt *pkt,
		     struct xt_keypair *kp)
{
	struct xt_msg_data *head = (void *)(pkt->data - XT_HEADROOM);
	struct xt_job *job = &batch->jobs[batch->n_jobs];
	uint32_t len = padded(dev, pkt->len);

	xt_keypair_pin(kp);
	pkt->keypair = kp;
	pkt->peer = kp->peer;
	pkt->counter = kp->send_counter++;
	pkt->job = batch->n_jobs++;
	memset(pkt->data + pkt->len, 0, len - pkt->len);
	head->type = xt_le32_of(XT_MSG_DATA);
	head->receiver = xt_le32_of(kp->remote_index);
	head->counter = xt_le64_of(pkt->counter);
	*job = (struct xt_job){.key = kp->send_key,
			       .src = pkt->data,
			       .dst = pkt->data,
			       .counter = pkt->counter,
			       .len = len};
}

static enum xt_verdict stage(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			     const struct xt_pkt *pkt, struct xt_tx *tx)
{
	uint32_t pushed_out;
	bool kept = xt_staged_push(dev->staged, &peer->staged, pkt->data, pkt->len, XT_STAGED_MAX,
				   &pushed_out);

	dev->verdicts[XT_DROP_STAGED_FULL] += pushed_out;
	if (xt_keypair_may_send(peer->keypairs.current, now.mono))
		xt_peer_set_tx_ready(dev, peer);
	else
		xt_handshake_start(dev, now, peer, false, tx);
	return kept ? XT_STAGED : XT_DROP_STAGED_FULL;
}

/* What hosts say to their link unasked: not a sign of a route that is missing. */
static bool to_many(const struct xt_ip_view *ip)
{
	struct xt_ip dst;

	xt_ip_destination(ip, &dst);
	return xt_ip_is_multicast(&dst) || xt_ip_is_limited_broadcast(&dst);
}

static enum xt_verdict plan_one(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
				struct xt_pkt *pkt, struct xt_tx *tx)
{
	struct xt_ip_view ip;
	struct xt_peer *peer = pkt->peer;

	if (!xt_ip_parse_packet(&ip, pkt->data, pkt->len))
		return XT_DROP_MALFORMED;
	pkt->len = ip.len;
	pkt->ecn = ip.ecn;
	if (!peer)
		peer = ip.version == 4 ? xt_allowedips_find4(&dev->allowed, ip.dst)
				       : xt_allowedips_find6(&dev->allowed, ip.dst);
	if (!peer)
		return to_many(&ip) ? XT_DROP_MULTICAST : XT_DROP_NO_ROUTE;
	pkt->peer = peer;
	if (!peer->path.remote.ip.family)
		return XT_DROP_NO_ENDPOINT;
	if (pkt->len + XT_HEADROOM + XT_TAG_LEN > XT_DATAGRAM_MAX)
		return XT_DROP_TOO_BIG;
	if (!xt_keypair_may_send(peer->keypairs.current, now.mono) || peer->staged.n)
		return stage(dev, now, peer, pkt, tx);
	fill_job(dev, batch, pkt, peer->keypairs.current);
	return XT_PASS;
}

void xt_send_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		  struct xt_tx *tx)
{
	for (uint32_t i = batch->planned; i < batch->n; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];

		if (pkt->verdict != XT_PASS || pkt->job != XT_NO_JOB)
			continue;
		pkt->verdict = (uint8_t)plan_one(dev, now, batch, pkt, tx);
		if (pkt->verdict != XT_PASS)
			xt_count(dev, pkt->verdict);
	}
	batch->planned = batch->n;
	xt_peers_update_deadlines(dev);
}

/* false: the batch is full. */
static bool plan_staged(struct xt_device *dev, struct xt_batch *batch, struct xt_peer *peer)
{
	uint32_t len = xt_staged_len(&peer->staged);
	struct xt_pkt *pkt = xt_batch_add(batch, len);
	struct xt_ip_view ip;

	if (!pkt)
		return false;
	pkt->len = len;
	xt_staged_pop(dev->staged, &peer->staged, pkt->data);
	if (xt_ip_parse_packet(&ip, pkt->data, pkt->len))
		pkt->ecn = ip.ecn;
	fill_job(dev, batch, pkt, peer->keypairs.current);
	return true;
}

static bool plan_keepalive(struct xt_device *dev, struct xt_batch *batch, struct xt_peer *peer)
{
	struct xt_pkt *pkt = xt_batch_add(batch, 0);

	if (!pkt)
		return false;
	fill_job(dev, batch, pkt, peer->keypairs.current);
	return true;
}

/* All that peer has to say. false: the batch is full. */
static bool plan_peer(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		      struct xt_peer *peer)
{
	while (peer->staged.n || peer->owes_keepalive) {
		if (!xt_keypair_may_send(peer->keypairs.current, now.mono)) {
			peer->timers.start = XT_MIN(peer->timers.start, now.mono);
			xt_peer_mark_dirty(dev, peer);
			peer->owes_keepalive = false;
			return true;
		}
		if (peer->staged.n) {
			if (!plan_staged(dev, batch, peer))
				return false;
			peer->owes_keepalive = false;
		} else {
			if (!plan_keepalive(dev, batch, peer))
				return false;
			peer->owes_keepalive = false;
		}
	}
	return true;
}

size_t xt_send_device_traffic(struct xt_device *dev, struct xt_time now, struct xt_batch *batch)
{
	uint32_t before = batch->n;

	while (dev->speaking) {
		struct xt_peer *peer = dev->speaking;

		if (!plan_peer(dev, now, batch, peer))
			break;
		DL_DELETE2(dev->speaking, peer, prev_speaking, next_speaking);
		peer->speaking = false;
	}
	xt_peers_update_deadlines(dev);
	return batch->n - before;
}

/* Paper 6.2: the initiator renews a key by age, either side by the number of messages; and either
 * side before the key ends, should the initiator not have managed. */
static bool key_grows_old(const struct xt_keypair *kp, struct xt_time now)
{
	uint64_t age = now.mono - kp->birth;

	return kp->send_counter >= XT_REKEY_AFTER_MESSAGES ||
	       (kp->initiator && age >= XT_REKEY_AFTER_TIME) ||
	       age >= XT_REJECT_AFTER_TIME - XT_KEEPALIVE_TIMEOUT - XT_REKEY_TIMEOUT;
}

static enum xt_verdict finish_one(struct xt_device *dev, struct xt_time now, struct xt_pkt *pkt,
				  uint32_t sealed, struct xt_tx *tx)
{
	struct xt_keypair *kp = pkt->keypair;
	struct xt_peer *peer = kp->peer;
	uint32_t len = XT_HEADROOM + sealed + XT_TAG_LEN;

	/* A session that ended meanwhile sends no more. */
	if (kp->dead)
		return XT_DROP_EXPIRED;
	if (xt_tx_view(tx, &peer->path, pkt->ecn, pkt->data - XT_HEADROOM, len))
		return XT_DROP_UDP;
	peer->tx_bytes += len;
	if (pkt->len && peer->timers.new_handshake == XT_NEVER)
		xt_timers_data_sent(&peer->timers, now.mono, xt_jitter(dev));
	xt_timers_any_sent(&peer->timers, now.mono);
	xt_peer_mark_dirty(dev, peer);
	if (key_grows_old(kp, now))
		xt_handshake_start(dev, now, peer, false, tx);
	return XT_PASS;
}

void xt_send_finish(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		    struct xt_tx *tx)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];

		if (!pkt->keypair)
			continue;
		pkt->verdict = (uint8_t)finish_one(dev, now, pkt, batch->jobs[pkt->job].len, tx);
		xt_count(dev, pkt->verdict);
		xt_keypair_unpin(&dev->keypairs, pkt->keypair);
		pkt->keypair = NULL;
	}
	batch->n_jobs = 0; /* done once: a second time would be another plaintext under one nonce */
	xt_peers_update_deadlines(dev);
}

void xt_send_keepalive(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
		       struct xt_tx *tx)
{
	if (!xt_keypair_may_send(peer->keypairs.current, now.mono)) {
		xt_handshake_start(dev, now, peer, false, tx);
		return;
	}
	peer->owes_keepalive = !peer->staged.n;
	xt_peer_set_tx_ready(dev, peer);
}
