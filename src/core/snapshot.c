/* SPDX-License-Identifier: MIT */
/* A snapshot of a device: its head, its identity and state, and then its peers; snapshot.h says
 * what is in it.
 *
 *   4 bytes  "xtds"
 *   4 bytes  version, little endian
 *   8 bytes  length of all that follows, little endian
 *            fields, by snapshot_coder.h */
#include "core/snapshot.h"

#include <string.h>

#include <sodium.h>
#include <utlist.h>

#include "base/bytes.h"
#include "base/text.h"
#include "core/snapshot_impl.h"

#define HEAD_LEN   16u
#define PEER_LEAST 100u /* bytes that a peer takes at least: its key, and a byte for each field */
#define QUEUE_MOST 256u /* handshake messages that wait; the senders of others try again */

static const uint8_t magic[4] = {'x', 't', 'd', 's'};

static void identity_code(struct xt_coder *c, struct xt_device *dev)
{
	bool has_key = dev->local->has_key;
	struct xt_private key;

	xt_coder_flag(c, &has_key);
	if (!has_key)
		return;
	if (c->out) {
		xt_coder_bytes(c, dev->local->private_key.b, sizeof(key.b));
		return;
	}
	xt_coder_bytes(c, key.b, sizeof(key.b));
	if (!c->error)
		xt_noise_local_set(dev->local, &key);
	xt_wipe(&key, sizeof(key));
	xt_coder_check(c, dev->local->has_key);
	xt_cookie_checker_init(&dev->checker, &dev->local->public_key, dev->env.random,
			       dev->env.ctx);
}

static void checker_code(struct xt_coder *c, struct xt_device *dev)
{
	struct xt_cookie_checker *checker = &dev->checker;

	xt_coder_flag(c, &checker->has_secret);
	if (!checker->has_secret)
		return;
	xt_coder_bytes(c, checker->secret, sizeof(checker->secret));
	xt_coder_past(c, &checker->secret_born);
	xt_coder_check(c, dev->local->has_key && checker->secret_born != XT_NEVER);
}

static void load_code(struct xt_coder *c, struct xt_load *load)
{
	xt_coder_due(c, &load->until);
	xt_coder_due(c, &load->paid_at);
	xt_coder_u64(c, &load->cost);
	xt_coder_u32(c, &load->refused);
	xt_coder_flag(c, &load->measured);
	xt_coder_check(c, load->until != XT_NEVER && load->paid_at != XT_NEVER &&
			      load->cost >= XT_HANDSHAKE_COST_MIN &&
			      load->cost <= XT_HANDSHAKE_COST_MAX);
}

static void queued_code(struct xt_coder *c, struct xt_queued *q)
{
	uint32_t len = q->len;

	xt_coder_path(c, &q->from);
	xt_coder_up_to(c, &len, XT_QUEUED_LEN);
	q->len = (uint16_t)len;
	xt_coder_bytes(c, q->msg, len);
	if (c->out || c->error)
		return;
	switch (xt_msg_type(q->msg, len)) {
	case XT_MSG_INITIATION:
	case XT_MSG_RESPONSE:
		break;
	default:
		xt_coder_fail(c, XT_E_INVALID);
	}
}

/* Initiations and responses that the device has accepted, and has not looked at yet. */
static void queue_code(struct xt_coder *c, struct xt_queue *queue)
{
	size_t n = xt_coder_count(c, XT_MIN(queue->n, QUEUE_MOST), 32);
	struct xt_queued q;

	xt_coder_check(c, n <= XT_MIN(QUEUE_MOST, XT_QUEUE_MAX));
	for (size_t i = 0; i < n && !c->error; i++) {
		if (c->out) {
			q = queue->ring[(queue->head + i) % XT_QUEUE_MAX];
			queued_code(c, &q);
			continue;
		}
		memset(&q, 0, sizeof(q));
		queued_code(c, &q);
		if (!c->error)
			(void)xt_queue_push(queue, &q.from, q.msg, q.len);
	}
}

/* Walks over the peers begin again: of a review, and of a change of the port. */
static void walks_code(struct xt_coder *c, struct xt_device *dev)
{
	bool reviews = dev->review_left > 0;
	bool port = dev->port_next != NULL;

	xt_coder_flag(c, &reviews);
	xt_coder_flag(c, &port);
	xt_coder_flag(c, &dev->port_marking);
	if (c->out)
		return;
	dev->review_left = reviews ? dev->n_peers : 0;
	dev->port_next = port ? dev->peers : NULL;
}

static void nets_code(struct xt_coder *c, struct xt_device *dev)
{
	uint32_t n = (uint32_t)dev->n_local_nets;

	xt_coder_up_to(c, &n, XT_LEN(dev->local_nets));
	dev->n_local_nets = n;
	for (uint32_t i = 0; i < n; i++)
		xt_coder_cidr(c, &dev->local_nets[i]);
}

static void state_code(struct xt_coder *c, struct xt_device *dev)
{
	xt_coder_u16(c, &dev->listen_port);
	xt_coder_u32(c, &dev->fwmark);
	xt_coder_u32(c, &dev->mtu);
	xt_coder_check(c, dev->mtu <= XT_DATAGRAM_MAX - XT_HEADROOM - XT_TAG_LEN);
	xt_coder_u64(c, &dev->timestamp_floor);
	xt_coder_u64(c, &dev->timestamp_next);
	xt_coder_u64(c, &dev->timestamp_bound);
	xt_coder_due(c, &dev->restart_until);
	xt_coder_due(c, &dev->probe_budget.full_at);
	xt_coder_due(c, &dev->hint_budget.full_at);
	xt_coder_u32(c, &dev->suspends);
	xt_coder_due(c, &dev->reroute_next);
	xt_coder_check(c, dev->restart_until != XT_NEVER && dev->reroute_next != XT_NEVER);
	nets_code(c, dev);
	load_code(c, &dev->load);
	checker_code(c, dev);
	xt_snapshot_strangers(c, &dev->strangers);
	for (size_t i = 0; i < XT_VERDICTS; i++)
		xt_coder_u64(c, &dev->verdicts[i]);
	queue_code(c, &dev->queue);
}

/* A peer of that key, in table and list. NULL: the coder has the error. */
static struct xt_peer *peer_restore(struct xt_coder *c, struct xt_device *dev,
				    const struct xt_public *key, size_t n)
{
	struct xt_peer *peer;

	if (xt_peer_find(dev, key) ||
	    (dev->local->has_key && !memcmp(key, &dev->local->public_key, sizeof(*key)))) {
		xt_coder_fail(c, XT_E_INVALID);
		return NULL;
	}
	peer = xt_peer_new(dev, key);
	if (peer)
		HASH_ADD(by_key, dev->peers_by_key, key, sizeof(peer->key), peer);
	if (!peer || !peer->by_key.tbl) {
		if (peer)
			xt_peer_free(dev, peer);
		xt_coder_fail(c, XT_E_NOMEM);
		return NULL;
	}
	xt_table_reserve(by_key, dev->peers_by_key, n);
	xt_peer_join(dev, peer);
	return peer;
}

static void peers_encode(struct xt_coder *c, struct xt_device *dev)
{
	struct xt_peer *peer;

	(void)xt_coder_count(c, dev->n_peers, PEER_LEAST);
	DL_FOREACH(dev->peers, peer)
	{
		xt_coder_bytes(c, peer->key.b, sizeof(peer->key.b));
		xt_snapshot_peer(c, dev, peer);
	}
}

static void peers_decode(struct xt_coder *c, struct xt_device *dev)
{
	size_t n = xt_coder_count(c, 0, PEER_LEAST), networks = 0;
	struct xt_peer *peer;
	struct xt_public key;

	if (n && xt_heap_reserve(&dev->deadlines, n))
		xt_coder_fail(c, XT_E_NOMEM);
	for (size_t i = 0; i < n && !c->error; i++) {
		xt_coder_bytes(c, key.b, sizeof(key.b));
		peer = c->error ? NULL : peer_restore(c, dev, &key, n);
		if (!peer)
			break;
		xt_snapshot_peer(c, dev, peer);
		networks += peer->allowed.n;
		xt_peer_mark_dirty(dev, peer);
	}
	/* A network of two peers has left the first one. */
	DL_FOREACH(dev->peers, peer)
	networks -= peer->allowed.n;
	xt_coder_check(c, networks == 0);
}

/* Numbers that follow from tables of the program: other tables are another format. */
static void format_code(struct xt_coder *c, struct xt_time now)
{
	uint32_t verdicts = XT_VERDICTS, peer_verdicts = XT_PEER_VERDICT_COUNT;
	uint64_t mono = now.mono;

	xt_coder_u32(c, &verdicts);
	xt_coder_u32(c, &peer_verdicts);
	if (!c->error && (verdicts != XT_VERDICTS || peer_verdicts != XT_PEER_VERDICT_COUNT))
		xt_coder_fail(c, XT_E_UNSUPPORTED);
	xt_coder_past(c, &mono);
	xt_coder_check(c, c->out || (mono != XT_NEVER && now.mono - mono <= XT_SNAPSHOT_AGE));
}

static void device_code(struct xt_coder *c, struct xt_device *dev, struct xt_time now)
{
	format_code(c, now);
	identity_code(c, dev);
	state_code(c, dev);
	if (c->out)
		peers_encode(c, dev);
	else
		peers_decode(c, dev);
	walks_code(c, dev);
}

static void head_write(uint8_t *at, size_t len)
{
	xt_le32 version = xt_le32_of(XT_SNAPSHOT_VERSION);
	xt_le64 rest = xt_le64_of(len - HEAD_LEN);

	memcpy(at, magic, sizeof(magic));
	memcpy(at + 4, version.b, sizeof(version.b));
	memcpy(at + 8, rest.b, sizeof(rest.b));
}

int xt_snapshot_encode(struct xt_device *dev, struct xt_time now, struct xt_secbuf *out)
{
	const uint8_t head[HEAD_LEN] = {0};
	size_t start = out->len;
	struct xt_coder c;
	int err;

	if (dev->applying)
		return XT_E_AGAIN;
	xt_coder_encode(&c, out);
	xt_coder_put(&c, head, sizeof(head));
	device_code(&c, dev, now);
	err = xt_coder_end(&c);
	if (!err) {
		head_write((uint8_t *)out->p + start, out->len - start);
	} else if (out->len > start) {
		xt_wipe(out->p + start, out->len - start);
		out->len = start;
	}
	return err;
}

static int head_read(const uint8_t *bytes, size_t len, uint32_t *version)
{
	xt_le32 number;
	xt_le64 rest;

	*version = 0;
	if (len < HEAD_LEN || memcmp(bytes, magic, sizeof(magic)) != 0)
		return XT_E_INVALID;
	memcpy(number.b, bytes + 4, sizeof(number.b));
	memcpy(rest.b, bytes + 8, sizeof(rest.b));
	*version = xt_le32_load(number);
	if (*version != XT_SNAPSHOT_VERSION)
		return XT_E_UNSUPPORTED;
	return xt_le64_load(rest) == len - HEAD_LEN ? 0 : XT_E_INVALID;
}

int xt_snapshot_decode(struct xt_device **out, const struct xt_env *env, struct xt_time now,
		       const void *bytes, size_t len, uint32_t *version)
{
	struct xt_device *dev;
	struct xt_coder c;
	uint32_t number;
	int err = head_read(bytes, len, &number);

	if (version)
		*version = number;
	if (!err)
		err = xt_device_new(&dev, env);
	if (err)
		return err;
	xt_coder_decode(&c, (const uint8_t *)bytes + HEAD_LEN, len - HEAD_LEN, now.mono);
	device_code(&c, dev, now);
	err = xt_coder_end(&c);
	xt_peers_update_deadlines(dev);
	if (err)
		xt_device_free(dev);
	else
		*out = dev;
	return err;
}

void xt_snapshot_publish(struct xt_device *dev)
{
	struct xt_peer *peer;

	DL_FOREACH(dev->peers, peer)
	if (peer->mtu && dev->env.mtu_changed)
		dev->env.mtu_changed(dev->env.ctx, peer, 0, peer->mtu);
}
