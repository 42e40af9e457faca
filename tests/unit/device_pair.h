/* SPDX-License-Identifier: MIT */
/* Two devices in memory, each of which gets the datagrams of the other. Included after cmocka. */
#ifndef XT_TESTS_DEVICE_PAIR_H
#define XT_TESTS_DEVICE_PAIR_H

#include <string.h>

#include <sodium.h>
#include <xtunnel/xtunnel.h>

#include "core/limits.h"
#include "device_peers.h"

struct end {
	struct xt_device *dev;
	struct xt_private key;
	struct xt_public pub;
	struct xt_ip inner;
	struct xt_path path; /* as the other side sees it */
	struct xt_batch *batch;
	struct xt_tx *tx;
};

struct pair {
	struct end a, b;
	struct xt_aead *aead;
	struct xt_time now;
	unsigned datagrams;
	unsigned delivered; /* packets that came out */
	uint8_t last[XT_PACKET_MAX];
	uint32_t last_len;
};

static void fill_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	randombytes_buf(buf, n);
}

static void end_open(struct end *e, uint8_t id)
{
	struct xt_env env = {.random = fill_random};

	assert_int_equal(xt_device_new(&e->dev, &env), 0);
	randombytes_buf(e->key.b, 32);
	crypto_scalarmult_base(e->pub.b, e->key.b);
	e->inner = (struct xt_ip){.family = 4, .b = {10, 7, 0, id}};
	memset(&e->path, 0, sizeof(e->path));
	e->path.remote.ip = (struct xt_ip){.family = 4, .b = {198, 18, 0, id}};
	e->path.remote.port = 51820;
	assert_int_equal(xt_batch_new(&e->batch, 64, 4 * XT_SLOT_MAX), 0);
	assert_int_equal(xt_tx_new(&e->tx, 128, 128 * 160), 0);
}

static void end_configure(struct pair *p, struct end *e, const struct end *other)
{
	const struct xt_cidr inner = {.ip = other->inner, .bits = 32};

	device_configure(e->dev, p->now, &e->key, &other->pub, &other->path.remote, &inner);
}

static int setup(void **state)
{
	static struct pair pair;
	struct pair *p = &pair;

	memset(p, 0, sizeof(*p));
	p->now = (struct xt_time){.mono = 1000 * XT_SECOND, .wall = 1700000000 * XT_SECOND};
	end_open(&p->a, 1);
	end_open(&p->b, 2);
	assert_int_equal(xt_aead_new(&p->aead, NULL), 0);
	end_configure(p, &p->a, &p->b);
	end_configure(p, &p->b, &p->a);
	*state = p;
	return 0;
}

static void end_close(struct end *e)
{
	xt_device_free(e->dev);
	xt_batch_free(e->batch);
	xt_tx_free(e->tx);
}

static int teardown(void **state)
{
	struct pair *p = *state;

	end_close(&p->a);
	end_close(&p->b);
	xt_aead_free(p->aead);
	return 0;
}

/* Plan a datagram that to has received by a path, and do no more. */
static inline struct xt_pkt *datagram_plan(struct pair *p, struct end *to,
					   const struct xt_path *from, const uint8_t *msg,
					   size_t len)
{
	struct xt_pkt *pkt = xt_batch_add(to->batch, len);

	memcpy(pkt->data, msg, len);
	pkt->len = (uint32_t)len;
	pkt->from = from;
	xt_recv_plan(to->dev, p->now, to->batch);
	return pkt;
}

static void datagram_receive(struct pair *p, struct end *to, const struct end *from,
			     const uint8_t *msg, size_t len)
{
	struct xt_pkt *pkt = datagram_plan(p, to, &from->path, msg, len);

	xt_aead_open(p->aead, to->batch->jobs, to->batch->n_jobs);
	xt_recv_finish(to->dev, p->now, to->batch);
	if (pkt->verdict == XT_PASS) {
		p->delivered++;
		memcpy(p->last, pkt->data, pkt->len);
		p->last_len = pkt->len;
	}
	xt_batch_reset(to->batch);
}

/* Deliver all datagrams of from's tx. */
static void tx_carry(struct pair *p, struct end *from, struct end *to)
{
	for (uint32_t r = 0; r < from->tx->n_runs; r++) {
		struct xt_run *run = &from->tx->runs[r];
		for (uint32_t i = 0; i < run->n; i++) {
			struct xt_vec *v = &from->tx->vecs[run->first + i];
			p->datagrams++;
			datagram_receive(p, to, from, v->base, v->len);
		}
	}
	xt_tx_reset(from->tx);
	xt_batch_reset(from->batch);
}

/* Seal what e has planned: its datagrams lie in its tx. */
static void packets_seal(struct pair *p, struct end *e)
{
	xt_aead_seal(p->aead, e->batch->jobs, e->batch->n_jobs);
	xt_send_finish(e->dev, p->now, e->batch, e->tx);
}

static void traffic_send(struct pair *p, struct end *e, struct end *to)
{
	xt_device_tick(e->dev, p->now, e->tx);
	tx_carry(p, e, to);
	while (xt_send_device_traffic(e->dev, p->now, e->batch)) {
		packets_seal(p, e);
		tx_carry(p, e, to);
	}
}

static void pair_run(struct pair *p)
{
	for (int i = 0; i < 4; i++) {
		traffic_send(p, &p->a, &p->b);
		traffic_send(p, &p->b, &p->a);
	}
}

static uint32_t packet_write(uint8_t *at, const struct end *from, const struct end *to,
			     uint32_t len)
{
	memset(at, 0, 20);
	at[0] = 0x45;
	at[2] = (uint8_t)(len >> 8);
	at[3] = (uint8_t)len;
	at[8] = 64;
	at[9] = 17;
	memcpy(at + 12, from->inner.b, 4);
	memcpy(at + 16, to->inner.b, 4);
	for (uint32_t i = 20; i < len; i++)
		at[i] = (uint8_t)(i + len);
	return len;
}

/* Plan a packet that e sends to another, and do no more. */
static struct xt_pkt *packet_plan(struct pair *p, struct end *e, const struct end *to, uint32_t len)
{
	struct xt_pkt *pkt = xt_batch_add(e->batch, len);

	pkt->len = packet_write(pkt->data, e, to, len);
	xt_send_plan(e->dev, p->now, e->batch, e->tx);
	return pkt;
}

static enum xt_verdict packet_send(struct pair *p, struct end *e, struct end *to, uint32_t len)
{
	struct xt_pkt *pkt = packet_plan(p, e, to, len);
	enum xt_verdict verdict;

	packets_seal(p, e);
	verdict = pkt->verdict;
	tx_carry(p, e, to);
	return verdict;
}

static uint64_t verdict_count(struct end *e, enum xt_verdict v)
{
	struct xt_report *r;
	uint64_t n;
	struct xt_time now = {0};

	assert_int_equal(xt_device_report(e->dev, now, &r), 0);
	n = r->verdicts[v];
	xt_report_free(r);
	return n;
}

#endif
