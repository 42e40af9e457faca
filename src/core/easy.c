/* SPDX-License-Identifier: MIT */
/* The easy interface over the batch interface: one packet a call.
 *
 *   send      packet copied to out -> plan, seal, finish -> datagram in tx
 *   recv      datagram copied to in -> plan, open, finish -> packet stays in in
 *   after each, and poll: tick and device traffic -> datagrams in tx
 *
 * Both batches fill up over several calls. A batch is reset by the first call after its last packet
 * or datagram was taken, so what the caller took stays valid until that call. */
#include <xtunnel/easy.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "core/device_impl.h"

#define PACKETS 256
/* Room for the largest packet beside many of the usual size; unused pages cost nothing. */
#define SLAB (PACKETS * 2048u + 2 * XT_SLOT_MAX)
/* tx holds every packet of out and every handshake message that the arena holds: a sealed packet
 * that found tx full would be lost. */
#define HANDSHAKES 64
#define ARENA	   (HANDSHAKES * sizeof(struct xt_msg_initiation))
#define DATAGRAMS  (PACKETS + ARENA / sizeof(struct xt_msg_cookie))

struct xt_easy {
	struct xt_device *dev;
	struct xt_aead *aead;
	struct xt_batch *out, *in;
	struct xt_tx *tx;
	struct xt_public from[PACKETS]; /* senders: a packet of in may outlive its peer */
	uint32_t next_vec, next_run;	/* of tx, to be taken */
	uint32_t next_pkt;		/* of in, likewise */
	bool more;			/* out had no room left for device traffic */
	struct xt_time now;		/* of the latest call */
};

int xt_easy_new(struct xt_easy **out, const struct xt_env *env, const struct xt_private *key)
{
	struct xt_easy *easy = calloc(1, sizeof(*easy));
	const struct xt_time start = {0};
	struct xt_change change;
	int err;

	if (!easy)
		return XT_E_NOMEM;
	err = xt_device_new(&easy->dev, env);
	if (!err)
		err = xt_aead_new(&easy->aead, NULL);
	if (!err)
		err = xt_batch_new(&easy->out, PACKETS, SLAB);
	if (!err)
		err = xt_batch_new(&easy->in, PACKETS, SLAB);
	if (!err)
		err = xt_tx_new(&easy->tx, DATAGRAMS, ARENA);
	if (err)
		goto fail;
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	if (key)
		change.private_key = *key;
	else
		env->random(env->ctx, change.private_key.b, sizeof(change.private_key.b));
	err = xt_device_apply(easy->dev, start, &change);
	xt_change_clear(&change);
	if (err)
		goto fail;
	*out = easy;
	return 0;
fail:
	xt_easy_free(easy);
	return err;
}

void xt_easy_free(struct xt_easy *easy)
{
	if (!easy)
		return;
	xt_tx_free(easy->tx);
	xt_batch_free(easy->in);
	xt_batch_free(easy->out);
	xt_aead_free(easy->aead);
	xt_device_free(easy->dev);
	free(easy);
}

struct xt_public xt_easy_key(const struct xt_easy *easy)
{
	return easy->dev->local->public_key;
}

struct xt_device *xt_easy_device(struct xt_easy *easy)
{
	return easy->dev;
}

int xt_easy_add_peer(struct xt_easy *easy, struct xt_time now, const struct xt_public *key,
		     const struct xt_endpoint *endpoint, const struct xt_cidr *allowed, size_t n)
{
	struct xt_peer_change *peer;
	struct xt_change change;
	int err = XT_E_NOMEM;

	xt_change_init(&change);
	peer = xt_change_peer(&change, key);
	if (!peer)
		goto out;
	if (endpoint) {
		peer->set = XT_PEER_ENDPOINT;
		peer->endpoint = *endpoint;
	}
	for (size_t i = 0; i < n; i++) {
		err = xt_change_allowed(peer, &allowed[i], false);
		if (err)
			goto out;
	}
	err = xt_device_apply(easy->dev, now, &change);
out:
	xt_change_clear(&change);
	return err;
}

/* The packets of batch from the given one on, with the batch's jobs. The earlier ones are finished,
 * so no job is in use. */
static struct xt_batch batch_tail(const struct xt_batch *batch, uint32_t from)
{
	struct xt_batch tail = *batch;

	tail.pkts += from;
	tail.n -= from;
	tail.planned = 0;
	tail.n_jobs = 0;
	return tail;
}

/* Seal and finish what was planned of out from the given packet on. */
static void easy_transmit(struct xt_easy *easy, struct xt_time now, uint32_t from)
{
	struct xt_batch tail = batch_tail(easy->out, from);

	xt_aead_seal(easy->aead, easy->out->jobs, easy->out->n_jobs);
	xt_send_finish(easy->dev, now, &tail, easy->tx);
	easy->out->n_jobs = 0;
}

static void easy_device_traffic(struct xt_easy *easy, struct xt_time now)
{
	struct xt_batch *out = easy->out;
	uint32_t from = out->n;

	xt_device_tick(easy->dev, now, easy->tx);
	xt_send_device_traffic(easy->dev, now, out);
	easy_transmit(easy, now, from);
	easy->more = out->n == out->cap || out->slab_len - out->slab_used < XT_SLOT_MAX;
}

/* Every call begins here: buffers whose contents were taken are empty again. */
static void easy_begin(struct xt_easy *easy, struct xt_time now)
{
	easy->now = now;
	if (easy->next_vec == easy->tx->n_vecs) {
		xt_tx_reset(easy->tx);
		xt_batch_reset(easy->out);
		easy->next_vec = easy->next_run = 0;
	}
	if (easy->next_pkt == easy->in->n) {
		xt_batch_reset(easy->in);
		easy->next_pkt = 0;
	}
}

int xt_easy_send(struct xt_easy *easy, struct xt_time now, const void *packet, size_t len)
{
	struct xt_pkt *pkt;
	enum xt_verdict verdict;

	if (!len || len > XT_PACKET_MAX)
		return XT_E_INVALID;
	easy_begin(easy, now);
	/* The packet may start a handshake. */
	if (!xt_tx_has_room(easy->tx))
		return XT_E_FULL;
	pkt = xt_batch_add(easy->out, len);
	if (!pkt)
		return XT_E_FULL;
	memcpy(pkt->data, packet, len);
	pkt->len = (uint32_t)len;
	xt_batch_trim(easy->out);
	xt_send_plan(easy->dev, now, easy->out, easy->tx);
	easy_transmit(easy, now, easy->out->n - 1);
	verdict = pkt->verdict;
	if (verdict != XT_PASS)
		xt_batch_drop_last(easy->out);
	easy_device_traffic(easy, now);
	return (int)verdict;
}

/* Plan, open and finish the newest datagram of in. */
static enum xt_verdict easy_receive(struct xt_easy *easy, struct xt_time now)
{
	struct xt_batch tail = batch_tail(easy->in, easy->in->n - 1);

	xt_recv_plan(easy->dev, now, &tail);
	xt_aead_open(easy->aead, tail.jobs, tail.n_jobs);
	xt_recv_finish(easy->dev, now, &tail);
	return tail.pkts[0].verdict;
}

int xt_easy_recv(struct xt_easy *easy, struct xt_time now, const struct xt_easy_datagram *datagram)
{
	struct xt_batch *in = easy->in;
	struct xt_pkt *pkt;
	enum xt_verdict verdict;

	if (datagram->len > XT_PACKET_MAX)
		return XT_E_INVALID;
	easy_begin(easy, now);
	if (!xt_tx_has_room(easy->tx))
		return XT_E_FULL;
	pkt = xt_batch_add(in, datagram->len);
	if (!pkt)
		return XT_E_FULL;
	if (datagram->len)
		memcpy(pkt->data, datagram->data, datagram->len);
	pkt->len = (uint32_t)datagram->len;
	xt_batch_trim(in);
	in->paths[in->n - 1] = datagram->path;
	pkt->from = &in->paths[in->n - 1];
	pkt->ecn = datagram->ecn;
	verdict = easy_receive(easy, now);
	if (verdict == XT_PASS)
		easy->from[in->n - 1] = xt_peer_key(pkt->peer);
	else
		xt_batch_drop_last(in);
	easy_device_traffic(easy, now);
	return (int)verdict;
}

uint64_t xt_easy_poll(struct xt_easy *easy, struct xt_time now)
{
	easy_begin(easy, now);
	easy_device_traffic(easy, now);
	return xt_device_deadline(easy->dev);
}

bool xt_easy_take_datagram(struct xt_easy *easy, struct xt_easy_datagram *out)
{
	struct xt_tx *tx = easy->tx;
	const struct xt_run *run;

	while (easy->next_vec == tx->n_vecs) {
		if (!easy->more)
			return false;
		easy_begin(easy, easy->now);
		easy_device_traffic(easy, easy->now);
	}
	run = &tx->runs[easy->next_run];
	*out = (struct xt_easy_datagram){.data = tx->vecs[easy->next_vec].base,
					 .len = tx->vecs[easy->next_vec].len,
					 .path = run->path,
					 .ecn = run->tos & 3};
	easy->next_vec++;
	if (easy->next_vec == run->first + run->n)
		easy->next_run++;
	return true;
}

bool xt_easy_take_packet(struct xt_easy *easy, struct xt_easy_packet *out)
{
	const struct xt_pkt *pkt;

	if (easy->next_pkt == easy->in->n)
		return false;
	pkt = &easy->in->pkts[easy->next_pkt];
	*out = (struct xt_easy_packet){
	    .data = pkt->data, .len = pkt->len, .peer = easy->from[easy->next_pkt]};
	easy->next_pkt++;
	return true;
}
