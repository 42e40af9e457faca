/* The whole road in memory: TUN -> pump -> wire -> pump -> TUN, two devices with a session, the
 * program's own pump between devices that copy bytes as a kernel would. Once made, these devices
 * allocate nothing. For benches and for the test that counts allocations. */
#ifndef XT_TESTS_ROAD_H
#define XT_TESTS_ROAD_H

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
#include "tunnel/pump.h"

#define ROAD_WIRE_BYTES (4u << 20)
#define ROAD_WIRE_MAX	4096 /* datagrams on a wire */
#define ROAD_PACKETS	64   /* that a source repeats */

/* A kernel's end of a TUN device.
 * src     what the host sends, in turns; left: how many more of them
 * sink    where what send writes ends; sunk, sunk_bytes: super-packets count by their segments
 * judge   NULL, or sees each packet that is written */
struct road_tun {
	struct xt_tun tun; /* first: the face that the pump holds */
	struct {
		uint8_t *data;
		uint32_t len;
		struct xt_gso gso;
	} src[ROAD_PACKETS];
	uint32_t n_src, next;
	uint64_t left;
	uint8_t *sink;
	uint64_t sunk, sunk_bytes, written;
	void (*judge)(const struct xt_pkt *pkt);
};

struct road_wire {
	uint8_t *bytes;
	size_t used;
	uint32_t len[ROAD_WIRE_MAX];
	uint32_t first, n;
	size_t at; /* of datagram first */
	uint64_t carried;
};

/* A socket whose send fills the wire that the other's recv empties. */
struct road_udp {
	struct xt_udp udp; /* first */
	struct road_wire wire;
	struct road_udp *other;
	struct xt_path from; /* how the other sees it */
};

struct road_end {
	struct road_tun tun;
	struct road_udp udp;
	struct xt_device *dev;
	struct xt_pump *pump;
	struct xt_public key;
};

struct road {
	struct road_end a, b;
	struct xt_time now;
};

static inline void road_check(int err, const char *what)
{
	if (err < 0) {
		fprintf(stderr, "%s: %s\n", what, xt_strerror(err));
		abort();
	}
}

static inline void *road_memory(size_t len)
{
	void *p = calloc(1, len);

	if (!p)
		road_check(XT_E_NOMEM, "memory");
	return p;
}

static inline int road_tun_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget)
{
	struct road_tun *road = (struct road_tun *)(void *)tun;
	size_t read = 0;
	int n = 0;

	while (road->left > 0 && read < budget) {
		uint32_t at = road->next, len = road->src[at].len;
		struct xt_pkt *pkt = xt_batch_add(batch, len);

		if (!pkt)
			break;
		memcpy(pkt->data, road->src[at].data, len);
		pkt->len = len;
		pkt->gso = road->src[at].gso;
		xt_batch_trim(batch);
		road->next = at + 1 == road->n_src ? 0 : at + 1;
		road->left--;
		read += len;
		n++;
	}
	return n;
}

static inline uint32_t road_segments(const struct xt_pkt *pkt)
{
	uint32_t payload;

	if (pkt->gso.kind == XT_GSO_NONE || !pkt->gso.size)
		return 1;
	payload = pkt->len - pkt->gso.header_len;
	return (payload + pkt->gso.size - 1) / pkt->gso.size;
}

static inline int road_tun_send(struct xt_tun *tun, struct xt_batch *batch)
{
	struct road_tun *road = (struct road_tun *)(void *)tun;
	int n = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];

		if (pkt->verdict != XT_PASS)
			continue;
		memcpy(road->sink, pkt->data, pkt->len);
		if (road->judge)
			road->judge(pkt);
		road->sunk += road_segments(pkt);
		road->sunk_bytes += pkt->len;
		road->written++;
		n++;
	}
	return n;
}

static inline void road_tun_close(struct xt_tun *tun)
{
	(void)tun;
}

static inline int road_udp_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget)
{
	struct road_udp *road = (struct road_udp *)(void *)udp;
	struct road_wire *wire = &road->other->wire;
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
			*path = road->other->from;
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

static inline int road_udp_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	struct road_wire *wire = &((struct road_udp *)(void *)udp)->wire;

	for (; *next < tx->n_runs; (*next)++) {
		const struct xt_run *run = &tx->runs[*next];

		if (wire->first + wire->n + run->n > ROAD_WIRE_MAX ||
		    wire->used + run->bytes > ROAD_WIRE_BYTES)
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

static inline int road_udp_rebind(struct xt_udp *udp, uint16_t port, uint32_t mark)
{
	(void)mark;
	udp->port = port;
	return 0;
}

static inline void road_udp_close(struct xt_udp *udp)
{
	(void)udp;
}

static const struct xt_tun_ops road_tun_ops = {
    .recv = road_tun_recv, .send = road_tun_send, .close = road_tun_close};
static const struct xt_udp_ops road_udp_ops = {.recv = road_udp_recv,
					       .send = road_udp_send,
					       .rebind = road_udp_rebind,
					       .close = road_udp_close};

static inline void road_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	if (getrandom(buf, n, 0) != (ssize_t)n)
		abort();
}

static inline void road_end_new(struct road_end *end, struct xt_time now, uint8_t octet)
{
	struct xt_env env = {.random = road_random};
	struct xt_report *report;
	struct xt_change change;

	end->tun.tun = (struct xt_tun){.ops = &road_tun_ops, .mtu = 1420};
	end->tun.sink = road_memory(XT_PACKET_MAX);
	end->udp.udp = (struct xt_udp){.ops = &road_udp_ops, .fd = {-1, -1}, .port = 51820};
	end->udp.wire.bytes = road_memory(ROAD_WIRE_BYTES);
	end->udp.from.remote = (struct xt_endpoint){{4, {198, 18, 0, octet}}, 51820, 0};
	road_check(xt_device_new(&end->dev, &env), "device");
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	road_random(NULL, change.private_key.b, sizeof(change.private_key.b));
	road_check(xt_device_apply(end->dev, now, &change), "private key");
	xt_change_clear(&change);
	road_check(xt_device_report(end->dev, now, &report), "report");
	end->key = report->public_key;
	xt_report_free(report);
}

static inline void road_introduce(struct road_end *end, const struct road_end *other,
				  struct xt_time now, uint8_t octet)
{
	struct xt_cidr inner4 = {{4, {10, 7, 0, octet}}, 32};
	struct xt_cidr inner6 = {{6, {0xfd, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, octet}}, 128};
	struct xt_peer_change *peer;
	struct xt_change change;

	xt_change_init(&change);
	peer = xt_change_peer(&change, &other->key);
	if (!peer)
		road_check(XT_E_NOMEM, "peer");
	peer->set = XT_PEER_ENDPOINT;
	peer->endpoint = other->udp.from.remote;
	road_check(xt_change_allowed(peer, &inner4, false), "allowed IP");
	road_check(xt_change_allowed(peer, &inner6, false), "allowed IP");
	road_check(xt_device_apply(end->dev, now, &change), "peer");
	xt_change_clear(&change);
}

/* What the host behind end sends: n_src packets, again and again. The bytes are copied. */
static inline void road_source(struct road_end *end, const void *data, size_t len,
			       const struct xt_gso *gso)
{
	uint32_t i = end->tun.n_src++;

	if (i == ROAD_PACKETS)
		road_check(XT_E_FULL, "source");
	end->tun.src[i].data = road_memory(len);
	memcpy(end->tun.src[i].data, data, len);
	end->tun.src[i].len = (uint32_t)len;
	end->tun.src[i].gso = gso ? *gso : (struct xt_gso){0};
}

static inline void road_source_clear(struct road_end *end)
{
	for (uint32_t i = 0; i < end->tun.n_src; i++)
		free(end->tun.src[i].data);
	end->tun.n_src = end->tun.next = 0;
}

/* super: TUN devices with all offloads. aead and crew (NULL: none) serve both ends. */
static inline void road_new(struct road *road, bool super, struct xt_aead *aead,
			    struct xt_worker_pool *crew)
{
	struct road_end *ends[2] = {&road->a, &road->b};

	memset(road, 0, sizeof(*road));
	road->now = (struct xt_time){1000000000u, UINT64_C(1767225600000000000)};
	road_end_new(&road->a, road->now, 1);
	road_end_new(&road->b, road->now, 2);
	road->a.udp.other = &road->b.udp;
	road->b.udp.other = &road->a.udp;
	road_introduce(&road->a, &road->b, road->now, 2);
	road_introduce(&road->b, &road->a, road->now, 1);
	for (int i = 0; i < 2; i++) {
		const struct xt_pump_parts parts = {.dev = ends[i]->dev,
						    .tun = &ends[i]->tun.tun,
						    .udp = &ends[i]->udp.udp,
						    .aead = aead,
						    .crew = crew};

		if (super)
			ends[i]->tun.tun.tx_offloads = XT_MERGE_TCP | XT_MERGE_UDP;
		road_check(xt_pump_new(&ends[i]->pump, &parts), "pump");
	}
}

static inline void road_free(struct road *road)
{
	struct road_end *ends[2] = {&road->a, &road->b};

	for (int i = 0; i < 2; i++) {
		xt_pump_free(ends[i]->pump);
		xt_device_free(ends[i]->dev);
		road_source_clear(ends[i]);
		free(ends[i]->tun.sink);
		free(ends[i]->udp.wire.bytes);
	}
}

/* One turn outward at from, then inward at to until its wire is empty. The clock of the road stays
 * as it is, so no timer ever comes in between. */
static inline bool road_send(struct road *road, struct road_end *from)
{
	int n = xt_pump_out(from->pump, road->now);

	road_check(n, "out");
	return n > 0;
}

static inline void road_recv(struct road *road, struct road_end *to)
{
	while (to->udp.other->wire.n > 0) {
		int n = xt_pump_in(to->pump, road->now);

		road_check(n, "in");
	}
	if (xt_pump_blocked(to->udp.other == &road->b.udp ? road->b.pump : road->a.pump))
		abort(); /* a turn is larger than the wire */
}

/* All that waits at either end, in both directions: until nobody has anything to say. */
static inline void road_settle(struct road *road)
{
	bool more;

	do {
		more = road_send(road, &road->a);
		road_recv(road, &road->b);
		more |= road_send(road, &road->b);
		road_recv(road, &road->a);
	} while (more || road->a.udp.wire.n > 0 || road->b.udp.wire.n > 0);
}

/* A TCP segment or UDP datagram of f with payload bytes of data; more than one segment's: a
 * super-packet of segments of size bytes (0: plain). */
static inline void road_flow(struct road_end *end, const struct flow *f, uint32_t payload,
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
	road_source(end, packet, len, &gso);
}

#endif
