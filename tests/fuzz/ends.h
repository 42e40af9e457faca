/* SPDX-License-Identifier: MIT */
/* Two devices whose keys the harness holds, and the wire between them, for fuzz targets. A run
 * depends on its input only. */
#ifndef XT_FUZZ_ENDS_H
#define XT_FUZZ_ENDS_H

#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <xtunnel/xtunnel.h>

#include "base/bytes.h"
#include "crypto/init.h"
#include "packet/room.h"

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)
#define WIRE_MAX 256

/* Replaces libsodium's: without guard pages and locked memory a run is many times faster, and the
 * sanitizer checks the memory. */
void *sodium_malloc(size_t size)
{
	return malloc(size);
}

void sodium_free(void *p)
{
	free(p);
}

/* Replaces X25519, which takes two thirds of a run, by multiplication modulo 2^64, which commutes
 * as well. The secret is the part that clamping does not change. */
int crypto_scalarmult_curve25519(unsigned char *q, const unsigned char *n, const unsigned char *p)
{
	uint64_t scalar, point;

	memcpy(&scalar, n + 8, 8);
	memcpy(&point, p, 8);
	scalar *= point;
	memset(q, 0, 32);
	memcpy(q, &scalar, 8);
	return scalar ? 0 : -1;
}

int crypto_scalarmult_curve25519_base(unsigned char *q, const unsigned char *n)
{
	static const unsigned char base[32] = {9};

	return crypto_scalarmult_curve25519(q, n, base);
}

/* Replaces the self-test, which would fail with that. */
int xt_crypto_init(void)
{
	return sodium_init() < 0 ? XT_E_CRYPTO : 0;
}

struct end {
	struct ends *ends;
	struct xt_device *dev;
	struct xt_private key;
	struct xt_public public;
	struct xt_path path; /* remote: this end's endpoint */
	struct xt_ip inner;
	struct xt_batch *batch;
	struct xt_tx *tx;
};

struct datagram {
	struct end *from;
	size_t len;
	uint8_t *bytes;
};

struct ends {
	struct end end[2];
	struct xt_aead *aead;
	struct xt_time now;
	uint64_t rng;
	struct datagram wire[WIRE_MAX];
	unsigned n_wire;
	/* each packet that comes out; batch is not yet reset */
	void (*out)(struct ends *ends, struct end *end, const struct xt_pkt *pkt);
	/* each datagram that leaves */
	void (*left)(struct ends *ends, struct end *end, const uint8_t *bytes, size_t len);
};

static inline struct end *other(struct end *end)
{
	return &end->ends->end[end == &end->ends->end[0]];
}

static inline void ends_random(void *ctx, void *buf, size_t n)
{
	struct ends *ends = ctx;
	uint8_t *at = buf;

	for (size_t i = 0; i < n; i++) {
		ends->rng = ends->rng * 6364136223846793005ull + 1442695040888963407ull;
		at[i] = (uint8_t)(ends->rng >> 56);
	}
}

/* Large and constant: kept between runs. */
static inline void ends_buffers(struct ends *ends)
{
	static struct xt_aead *aead;
	static struct xt_batch *batch[2];
	static struct xt_tx *tx[2];

	if (!aead)
		MUST(!xt_aead_new(&aead, NULL));
	ends->aead = aead;
	for (unsigned i = 0; i < 2; i++) {
		if (!batch[i])
			MUST(!xt_batch_new(&batch[i], 64, 64 * 2048 + XT_SLOT_MAX));
		if (!tx[i])
			MUST(!xt_tx_new(&tx[i], 192, 192 * 160));
		xt_batch_reset(batch[i]);
		xt_tx_reset(tx[i]);
		ends->end[i].batch = batch[i];
		ends->end[i].tx = tx[i];
	}
}

/* The peer entry for end's other side, as at the start. */
static inline struct xt_peer_change *ends_peer(struct end *end, struct xt_change *change)
{
	struct end *peer = other(end);
	struct xt_peer_change *p = xt_change_peer(change, &peer->public);
	struct xt_cidr cidr = {peer->inner, 32};

	MUST(p && !xt_change_allowed(p, &cidr, false));
	p->set = XT_PEER_ENDPOINT;
	p->endpoint = peer->path.remote;
	return p;
}

static inline void ends_open(struct ends *ends)
{
	struct xt_env env = {.ctx = ends, .random = ends_random};

	memset(ends, 0, sizeof(*ends));
	ends->rng = 1;
	ends->now = (struct xt_time){1000000000000ull, 1800000000000000000ull};
	ends_buffers(ends);
	for (unsigned i = 0; i < 2; i++) {
		struct end *end = &ends->end[i];

		end->ends = ends;
		ends_random(ends, end->key.b, 32);
		(void)crypto_scalarmult_curve25519_base(end->public.b, end->key.b);
		end->path.remote = (struct xt_endpoint){{4, {198, 18, 0, (uint8_t)(i + 1)}}, 7, 0};
		end->inner = (struct xt_ip){4, {10, 7, 0, (uint8_t)(i + 1)}};
		MUST(!xt_device_new(&end->dev, &env));
	}
	for (unsigned i = 0; i < 2; i++) {
		struct xt_change change;

		xt_change_init(&change);
		change.set = XT_SET_PRIVATE_KEY;
		change.private_key = ends->end[i].key;
		ends_peer(&ends->end[i], &change);
		MUST(!xt_device_apply(ends->end[i].dev, ends->now, &change));
		xt_change_clear(&change);
	}
}

static inline void ends_lose(struct ends *ends, unsigned i)
{
	free(ends->wire[i].bytes);
	ends->wire[i] = ends->wire[--ends->n_wire];
}

static inline void ends_close(struct ends *ends)
{
	while (ends->n_wire)
		ends_lose(ends, 0);
	for (unsigned i = 0; i < 2; i++) {
		xt_device_free(ends->end[i].dev);
	}
}

/* Put all datagrams of end's tx on the wire. */
static inline void ends_flush(struct end *end)
{
	struct ends *ends = end->ends;

	for (uint32_t i = 0; i < end->tx->n_vecs; i++) {
		const struct xt_vec *vec = &end->tx->vecs[i];
		struct datagram *d;

		if (ends->left)
			ends->left(ends, end, vec->base, vec->len);
		if (ends->n_wire == WIRE_MAX)
			continue;
		d = &ends->wire[ends->n_wire++];
		d->from = end;
		d->len = vec->len;
		d->bytes = malloc(vec->len);
		MUST(d->bytes);
		memcpy(d->bytes, vec->base, vec->len);
	}
	xt_tx_reset(end->tx);
	xt_batch_reset(end->batch);
}

static inline void ends_seal(struct end *end)
{
	xt_aead_seal(end->ends->aead, end->batch->jobs, end->batch->n_jobs);
	xt_send_finish(end->dev, end->ends->now, end->batch, end->tx);
	ends_flush(end);
}

/* Run timers, handshakes and device traffic until nothing is due. */
static inline void ends_tick(struct end *end)
{
	unsigned rounds = 0;

	do {
		MUST(rounds++ < 1000);
		xt_device_tick(end->dev, end->ends->now, end->tx);
		ends_flush(end);
		while (xt_send_device_traffic(end->dev, end->ends->now, end->batch))
			ends_seal(end);
	} while (xt_device_deadline(end->dev) <= end->ends->now.mono);
}

static inline void ends_send(struct end *end, const void *packet, size_t len)
{
	struct xt_pkt *pkt = xt_batch_add(end->batch, len);

	MUST(pkt);
	memcpy(pkt->data, packet, len);
	pkt->len = (uint32_t)len;
	xt_batch_trim(end->batch);
	xt_send_plan(end->dev, end->ends->now, end->batch, end->tx);
	ends_seal(end);
	ends_tick(end);
}

static inline void ends_hear(struct end *end, const struct xt_path *from, uint8_t ecn,
			     const void *bytes, size_t len)
{
	struct xt_pkt *pkt = xt_batch_add(end->batch, len);

	MUST(pkt);
	memcpy(pkt->data, bytes, len);
	pkt->len = (uint32_t)len;
	pkt->ecn = ecn & 3;
	pkt->from = from;
	xt_batch_trim(end->batch);
	xt_pkt_isolate(pkt); /* as a datagram between others of one read */
	xt_recv_plan(end->dev, end->ends->now, end->batch);
	xt_aead_open(end->ends->aead, end->batch->jobs, end->batch->n_jobs);
	xt_recv_finish(end->dev, end->ends->now, end->batch);
	if (pkt->verdict == XT_PASS && end->ends->out)
		end->ends->out(end->ends, end, pkt);
	ends_flush(end);
	ends_tick(end);
}

/* Deliver the oldest datagram until the wire is empty. */
static inline void ends_exchange(struct ends *ends)
{
	for (unsigned i = 0; ends->n_wire && i < 1000; i++) {
		struct datagram d = ends->wire[0];

		memmove(ends->wire, ends->wire + 1, --ends->n_wire * sizeof(d));
		ends_hear(other(d.from), &d.from->path, 0, d.bytes, d.len);
		free(d.bytes);
	}
}

#endif
