/* SPDX-License-Identifier: MIT */
/* The whole data path in memory: TUN -> scheduler -> wire -> scheduler -> TUN. Two devices with a
 * session, and the program's own scheduler between a TUN and a socket that copy bytes as a kernel
 * would and, once made, allocate nothing. For benchmarks and the test that counts allocations. */
#ifndef XT_TESTS_LOOPBACK_H
#define XT_TESTS_LOOPBACK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <xtunnel/xtunnel.h>

#include "flows.h"
#include "base/bytes.h"
#include "platform/tun.h"
#include "platform/udp.h"
#include "tunnel/scheduler.h"

#define LOOPBACK_WIRE_BYTES (4u << 20)
#define LOOPBACK_WIRE_MAX   4096 /* datagrams on a wire */
#define LOOPBACK_PACKETS    64	 /* that a source repeats */

/* A TUN device.
 * src     what the host sends, again and again; left: how many more of them
 * sink    where what send writes ends; sunk, sunk_bytes: super-packets count by their segments
 * inspect NULL, or sees each packet that is written */
struct loopback_tun {
	struct xt_tun tun; /* first: the scheduler has its address */
	struct {
		uint8_t *data;
		uint32_t len;
		struct xt_gso gso;
	} src[LOOPBACK_PACKETS];
	uint32_t n_src, next;
	uint64_t left;
	uint8_t *sink;
	uint64_t sunk, sunk_bytes, written;
	void (*inspect)(const struct xt_pkt *pkt);
};

struct loopback_wire {
	uint8_t *bytes;
	size_t used;
	uint32_t len[LOOPBACK_WIRE_MAX];
	uint32_t first, n;
	size_t at; /* of datagram first */
	uint64_t carried;
};

/* A socket whose send fills the wire that the other's recv empties. */
struct loopback_udp {
	struct xt_udp udp; /* first */
	struct loopback_wire wire;
	struct loopback_udp *other;
	struct xt_path from; /* how the other sees it */
};

struct loopback_end {
	struct loopback_tun tun;
	struct loopback_udp udp;
	struct xt_device *dev;
	struct xt_scheduler *scheduler;
	struct xt_public key;
};

struct loopback {
	struct loopback_end a, b;
	struct xt_time now;
};

static inline void loopback_check(int err, const char *what)
{
	if (err < 0) {
		fprintf(stderr, "%s: %s\n", what, xt_strerror(err));
		abort();
	}
}

static inline void *loopback_memory(size_t len)
{
	void *p = calloc(1, len);

	if (!p)
		loopback_check(XT_E_NOMEM, "memory");
	return p;
}

static inline int loopback_tun_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget)
{
	struct loopback_tun *self = (struct loopback_tun *)(void *)tun;
	size_t read = 0;
	int n = 0;

	while (self->left > 0 && read < budget) {
		uint32_t at = self->next, len = self->src[at].len;
		struct xt_pkt *pkt = xt_batch_add(batch, len);

		if (!pkt)
			break;
		memcpy(pkt->data, self->src[at].data, len);
		pkt->len = len;
		pkt->gso = self->src[at].gso;
		xt_batch_trim(batch);
		self->next = at + 1 == self->n_src ? 0 : at + 1;
		self->left--;
		read += len;
		n++;
	}
	return n;
}

static inline uint32_t loopback_segments(const struct xt_pkt *pkt)
{
	uint32_t payload;

	if (pkt->gso.kind == XT_GSO_NONE || !pkt->gso.size)
		return 1;
	payload = pkt->len - pkt->gso.header_len;
	return (payload + pkt->gso.size - 1) / pkt->gso.size;
}

static inline int loopback_tun_send(struct xt_tun *tun, struct xt_batch *batch)
{
	struct loopback_tun *self = (struct loopback_tun *)(void *)tun;
	int n = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];

		if (pkt->verdict != XT_PASS)
			continue;
		memcpy(self->sink, pkt->data, pkt->len);
		if (self->inspect)
			self->inspect(pkt);
		self->sunk += loopback_segments(pkt);
		self->sunk_bytes += pkt->len;
		self->written++;
		n++;
	}
	return n;
}

static inline void loopback_tun_close(struct xt_tun *tun)
{
	(void)tun;
}

static inline int loopback_udp_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget)
{
	struct loopback_udp *self = (struct loopback_udp *)(void *)udp;
	struct loopback_wire *wire = &self->other->wire;
	struct xt_path *path = NULL;
	size_t read = 0;
	int n = 0;

	while (wire->n > 0 && read < budget) {
		uint32_t len = wire->len[wire->first];
		struct xt_pkt *pkt = xt_batch_add(batch, len);

		if (!pkt)
			break;
		if (!path) {
			path = &batch->paths[batch->n_paths++];
			*path = self->other->from;
		}
		memcpy(pkt->data, wire->bytes + wire->at, len);
		pkt->len = len;
		pkt->from = path;
		xt_batch_trim(batch);
		wire->at += len;
		wire->first++;
		wire->n--;
		read += len;
		n++;
	}
	if (wire->n == 0) {
		wire->used = wire->at = 0;
		wire->first = 0;
	}
	return n;
}

static inline int loopback_udp_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	struct loopback_wire *wire = &((struct loopback_udp *)(void *)udp)->wire;

	for (; *next < tx->n_runs; (*next)++) {
		const struct xt_run *run = &tx->runs[*next];

		if (wire->first + wire->n + run->n > LOOPBACK_WIRE_MAX ||
		    wire->used + run->bytes > LOOPBACK_WIRE_BYTES)
			return -EAGAIN;
		for (uint32_t i = 0; i < run->n; i++) {
			const struct xt_vec *vec = &tx->vecs[run->first + i];

			memcpy(wire->bytes + wire->used, vec->base, vec->len);
			wire->used += vec->len;
			wire->len[wire->first + wire->n++] = (uint32_t)vec->len;
		}
		wire->carried += run->n;
	}
	return 0;
}

static inline void loopback_udp_close(struct xt_udp *udp)
{
	(void)udp;
}

static const struct xt_tun_ops loopback_tun_ops = {
    .recv = loopback_tun_recv, .send = loopback_tun_send, .close = loopback_tun_close};
static const struct xt_udp_ops loopback_udp_ops = {
    .recv = loopback_udp_recv, .send = loopback_udp_send, .close = loopback_udp_close};

static inline void loopback_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	if (getrandom(buf, n, 0) != (ssize_t)n)
		abort();
}

static inline void loopback_end_new(struct loopback_end *end, struct xt_time now, uint8_t octet)
{
	struct xt_env env = {.random = loopback_random};
	struct xt_report *report;
	struct xt_change change;

	end->tun.tun = (struct xt_tun){.ops = &loopback_tun_ops, .mtu = 1420};
	end->tun.sink = loopback_memory(XT_PACKET_MAX);
	end->udp.udp = (struct xt_udp){.ops = &loopback_udp_ops, .fd = {-1, -1}, .port = 51820};
	end->udp.wire.bytes = loopback_memory(LOOPBACK_WIRE_BYTES);
	end->udp.from.remote = (struct xt_endpoint){{4, {198, 18, 0, octet}}, 51820, 0};
	loopback_check(xt_device_new(&end->dev, &env), "device");
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	loopback_random(NULL, change.private_key.b, sizeof(change.private_key.b));
	loopback_check(xt_device_apply(end->dev, now, &change), "private key");
	xt_change_clear(&change);
	loopback_check(xt_device_report(end->dev, now, &report), "report");
	end->key = report->public_key;
	xt_report_free(report);
}

static inline void loopback_add_peer(struct loopback_end *end, const struct loopback_end *other,
				     struct xt_time now, uint8_t octet)
{
	struct xt_cidr inner4 = {{4, {10, 7, 0, octet}}, 32};
	struct xt_cidr inner6 = {{6, {0xfd, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, octet}}, 128};
	struct xt_peer_change *peer;
	struct xt_change change;

	xt_change_init(&change);
	peer = xt_change_peer(&change, &other->key);
	if (!peer)
		loopback_check(XT_E_NOMEM, "peer");
	peer->set = XT_PEER_ENDPOINT;
	peer->endpoint = other->udp.from.remote;
	loopback_check(xt_change_allowed(peer, &inner4, false), "allowed IP");
	loopback_check(xt_change_allowed(peer, &inner6, false), "allowed IP");
	loopback_check(xt_device_apply(end->dev, now, &change), "peer");
	xt_change_clear(&change);
}

/* What the host behind end sends: n_src packets, again and again. The bytes are copied. */
static inline void loopback_source(struct loopback_end *end, const void *data, size_t len,
				   const struct xt_gso *gso)
{
	uint32_t i = end->tun.n_src++;

	if (i == LOOPBACK_PACKETS)
		loopback_check(XT_E_FULL, "source");
	end->tun.src[i].data = loopback_memory(len);
	memcpy(end->tun.src[i].data, data, len);
	end->tun.src[i].len = (uint32_t)len;
	end->tun.src[i].gso = gso ? *gso : (struct xt_gso){0};
}

static inline void loopback_source_clear(struct loopback_end *end)
{
	for (uint32_t i = 0; i < end->tun.n_src; i++)
		free(end->tun.src[i].data);
	end->tun.n_src = end->tun.next = 0;
}

/* super: TUN devices with all offloads. Both ends use aead and workers (NULL: none). */
static inline void loopback_new(struct loopback *loopback, bool super, struct xt_aead *aead,
				struct xt_worker_pool *workers)
{
	struct loopback_end *ends[2] = {&loopback->a, &loopback->b};

	memset(loopback, 0, sizeof(*loopback));
	loopback->now = (struct xt_time){1000000000u, UINT64_C(1767225600000000000)};
	loopback_end_new(&loopback->a, loopback->now, 1);
	loopback_end_new(&loopback->b, loopback->now, 2);
	loopback->a.udp.other = &loopback->b.udp;
	loopback->b.udp.other = &loopback->a.udp;
	loopback_add_peer(&loopback->a, &loopback->b, loopback->now, 2);
	loopback_add_peer(&loopback->b, &loopback->a, loopback->now, 1);
	for (int i = 0; i < 2; i++) {
		const struct xt_data_path_config config = {.dev = ends[i]->dev,
							   .tun = &ends[i]->tun.tun,
							   .udp = &ends[i]->udp.udp,
							   .aead = aead,
							   .workers = workers};

		if (super)
			ends[i]->tun.tun.tx_offloads = XT_MERGE_TCP | XT_MERGE_UDP;
		loopback_check(xt_scheduler_new(&ends[i]->scheduler, &config), "scheduler");
	}
}

static inline void loopback_free(struct loopback *loopback)
{
	struct loopback_end *ends[2] = {&loopback->a, &loopback->b};

	for (int i = 0; i < 2; i++) {
		xt_scheduler_free(ends[i]->scheduler);
		xt_device_free(ends[i]->dev);
		loopback_source_clear(ends[i]);
		free(ends[i]->tun.sink);
		free(ends[i]->udp.wire.bytes);
	}
}

/* One tx pass at from, then rx passes at to until its wire is empty. The loopback's clock stays
 * as it is, so no timer ever comes in between. */
static inline bool loopback_send(struct loopback *loopback, struct loopback_end *from)
{
	int n = xt_scheduler_on_tun_readable(from->scheduler, loopback->now);

	loopback_check(n, "out");
	return n > 0;
}

static inline void loopback_recv(struct loopback *loopback, struct loopback_end *to)
{
	while (to->udp.other->wire.n > 0) {
		int n = xt_scheduler_on_udp_readable(to->scheduler, loopback->now);

		loopback_check(n, "in");
	}
	if (xt_scheduler_blocked(to->udp.other == &loopback->b.udp ? loopback->b.scheduler
								   : loopback->a.scheduler))
		abort(); /* a pass is larger than the wire */
}

/* All that waits at either end, in both directions, until neither sends any more. */
static inline void loopback_drain(struct loopback *loopback)
{
	bool more;

	do {
		more = loopback_send(loopback, &loopback->a);
		loopback_recv(loopback, &loopback->b);
		more |= loopback_send(loopback, &loopback->b);
		loopback_recv(loopback, &loopback->a);
	} while (more || loopback->a.udp.wire.n > 0 || loopback->b.udp.wire.n > 0);
}

/* A TCP segment or UDP datagram of f with payload bytes of data; more than one segment's: a
 * super-packet of segments of size bytes (0: plain). */
static inline void loopback_flow(struct loopback_end *end, const struct flow *f, uint32_t payload,
				 uint16_t size)
{
	static uint8_t packet[XT_PACKET_MAX], data[XT_PACKET_MAX];
	struct xt_gso gso = {0};
	size_t len;

	for (size_t i = 0; i < payload; i++)
		data[i] = (uint8_t)(i * 31 + f->seq);
	len = flow_packet(packet, f, data, payload);
	if (size && payload > size) {
		gso.kind = f->protocol == 17 ? XT_GSO_UDP
			   : f->version == 4 ? XT_GSO_TCP4
					     : XT_GSO_TCP6;
		gso.size = size;
		gso.flags = XT_GSO_NEEDS_CSUM;
		gso.csum_start = (uint16_t)flow_network(f);
		gso.csum_offset = f->protocol == 6 ? 16 : 6;
		gso.header_len = (uint16_t)flow_headers(f);
		put16(packet + slow_field(packet), slow_pseudo(packet, len));
	}
	loopback_source(end, packet, len, &gso);
}

#endif
