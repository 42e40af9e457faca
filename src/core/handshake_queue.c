/* SPDX-License-Identifier: MIT */
/* Handshake messages on their arrival: the MAC and cookie check, before the queue. Wrong mac1:
 * dropped without an answer. Under load without mac2: a cookie reply. With mac2: a rate limit per
 * source. So under load the queue takes only senders that receive at their source address, and a
 * flood from spoofed addresses cannot push them out. Load is judged by the time that handshakes
 * cost (core/load.h). */
#include "core/handshake.h"

#include "base/bytes.h"

bool xt_under_load(const struct xt_device *dev, struct xt_time now)
{
	return dev->queue.n >= XT_QUEUE_BUSY || xt_load_active(&dev->load, now.mono);
}

static void load_begin(struct xt_device *dev, struct xt_time now)
{
	if (xt_load_begin(&dev->load, now.mono))
		xt_event(dev, XT_EVENT_UNDER_LOAD, NULL);
}

/* The MAC and cookie check. XT_PASS: continue; otherwise the verdict of the message. */
static enum xt_verdict macs_check(struct xt_device *dev, struct xt_time now,
				  const struct xt_path *from, const uint8_t *msg, uint32_t len)
{
	enum xt_cookie_result result =
	    xt_cookie_check(&dev->checker, now.mono, msg, len, &from->remote);

	if (result == XT_COOKIE_WRONG) {
		xt_strangers_other(&dev->strangers, now.mono, &from->remote);
		return XT_DROP_MAC1;
	}
	if (!xt_under_load(dev, now)) {
		if (xt_load_admits(&dev->load, now.mono, dev->queue.n))
			return XT_PASS;
		load_begin(dev, now);
	}
	if (result == XT_COOKIE_MAC2)
		return xt_ratelimit_allow(dev->rate, &from->remote.ip, now.mono) ? XT_PASS
										 : XT_DROP_RATE;
	xt_pending_cookies_put(&dev->cookie_replies, from, msg, len);
	if (xt_load_refuse(&dev->load))
		load_begin(dev, now);
	return XT_DROP_UNDER_LOAD;
}

/* Not queued: a reply that names no index of this device is dropped at the cost of one lookup. */
static enum xt_verdict cookie_reply_accept(struct xt_device *dev, struct xt_time now,
					   const uint8_t *bytes)
{
	const struct xt_msg_cookie *msg = (const void *)bytes;
	uint32_t index = xt_le32_load(msg->receiver);
	struct xt_peer *peer;
	void *owner;

	switch (xt_index_find(&dev->index, index, &owner)) {
	case XT_INDEX_HANDSHAKE:
		peer = owner;
		break;
	case XT_INDEX_KEYPAIR: /* the reply is to a response */
		peer = ((struct xt_keypair *)owner)->peer;
		break;
	default:
		return XT_DROP_COOKIE;
	}
	if (!xt_cookie_accept(&peer->cookie, now.mono, msg))
		return XT_DROP_COOKIE;
	peer->rx_bytes += sizeof(*msg);
	xt_facts_cookie(&peer->facts, now.mono);
	xt_facts_count(&peer->facts, XT_TAKEN_HANDSHAKE);
	xt_event(dev, XT_EVENT_COOKIE_RECEIVED, peer);
	xt_count(dev, XT_TAKEN_HANDSHAKE);
	return XT_TAKEN_HANDSHAKE;
}

static bool response_is_expected(const struct xt_device *dev, const uint8_t *bytes)
{
	const struct xt_msg_response *msg = (const void *)bytes;
	void *owner;

	return xt_index_find(&dev->index, xt_le32_load(msg->receiver), &owner) ==
	       XT_INDEX_HANDSHAKE;
}

enum xt_verdict xt_handshake_queue(struct xt_device *dev, struct xt_time now,
				   const struct xt_path *from, const uint8_t *msg, uint32_t len)
{
	enum xt_verdict verdict;

	if (!dev->local->has_key)
		return XT_DROP_MAC1;
	if (msg[0] == XT_MSG_COOKIE)
		return cookie_reply_accept(dev, now, msg);
	if (msg[0] == XT_MSG_RESPONSE && !response_is_expected(dev, msg))
		return XT_DROP_INDEX;
	verdict = macs_check(dev, now, from, msg, len);
	if (verdict != XT_PASS)
		return verdict;
	if (!xt_queue_push(&dev->queue, from, msg, len))
		verdict = XT_DROP_QUEUE;
	if (dev->queue.n >= XT_QUEUE_BUSY)
		load_begin(dev, now);
	return verdict == XT_PASS ? XT_TAKEN_HANDSHAKE : verdict;
}
