/* SPDX-License-Identifier: MIT */
/* Two schedulers in memory, for tests of the data path. Their TUNs read and write super-packets;
 * their sockets are full at times. */
#ifndef XT_TESTS_SCHEDULER_ENDS_H
#define XT_TESTS_SCHEDULER_ENDS_H

#include <errno.h>
#include <sodium.h>
#include <xtunnel/xtunnel.h>
#include "base/bytes.h"
#include "device_peers.h"
#include "flows.h"
#include "packets.h"
#include "seed.h"
#include "packet/merge.h"
#include "packet/ping.h"
#include "packet/split.h"
#include "platform/mem/mem.h"
#include "tunnel/scheduler.h"

#define SECOND UINT64_C(1000000000)

/* tun      reads the packet in super, times times; the payload of what is written is appended to
 *          got
 * room     datagrams that the socket takes before it is full; UINT32_MAX: any
 * got_by_then  when the last datagram left
 * sends    calls of the socket's send that had something to send
 * stream   instead: the tun reads bytes given to stream of byte_at, in super-packets and single
 *          packets of random size, and what is written must continue such a stream at got_at; with
 *          echo, pings between them
 */
struct end {
	struct xt_tun tun; /* first */
	struct xt_udp *udp;
	struct xt_device *dev;
	struct xt_scheduler *scheduler;
	struct xt_public pub;
	struct xt_private key;
	struct xt_path path;
	struct end *other;
	uint8_t super[65536];
	uint32_t super_len, times, room, writes, sent, sends;
	uint32_t stream, given, got_at, pings, pongs;
	struct xt_gso gso;
	bool ping_next;		/* behind what times counts */
	uint8_t extra[3][1500]; /* plain packets, behind all that */
	uint32_t extra_len[3], n_extra, fragments;
	bool one_by_one;	   /* the tun reads one packet at a time */
	bool local_gone, refusing; /* the socket's: a pinned source address; all datagrams */
	uint32_t pinned;	   /* sends with a source address */
	bool gone;		   /* and is written to in vain */
	bool acks;		   /* each packet that is written makes the tun read a pure ACK */
	const uint8_t *read_at;	   /* where the last packet was read to */
	uint32_t moves;		   /* packets that were read to another place than the one before */
	uint8_t got[1 << 19];
	uint32_t got_len, got_packets, got_by_then;
};

static struct end ends[2];
static uint64_t seed;
static struct xt_aead *aead;
static struct xt_worker_pool *workers;
static struct xt_echo *echo;
static struct xt_time now;
static size_t pass_bytes; /* 0: the default */
static uint8_t payload[65536];

static inline uint8_t byte_at(uint32_t at)
{
	return (uint8_t)(at * 7 + at / 256);
}

static inline struct xt_gso gso_of(uint16_t size)
{
	return (struct xt_gso){.size = size,
			       .kind = XT_GSO_TCP4,
			       .flags = XT_GSO_NEEDS_CSUM,
			       .csum_start = 20,
			       .csum_offset = 16,
			       .header_len = 52};
}

static inline void ping_next_packet(struct end *e)
{
	struct xt_ip src = {4, {10, 7, 0, (uint8_t)(e - ends + 1)}}, dst = src;

	dst.b[3] = (uint8_t)(3 - src.b[3]);
	e->super_len = (uint32_t)xt_ping_build(e->super, &src, &dst, 1, (uint16_t)e->pings, 0, 64);
	e->gso = (struct xt_gso){0};
	e->pings++;
	e->times = 1;
}

/* The next packet of the stream. */
static inline void stream_next(struct end *e)
{
	static uint8_t data[60000];
	struct flow f = flow_of(4, 6);
	uint32_t n = xt_below(&seed, 4) ? (uint32_t)xt_below(&seed, 1300) + 1
					: (uint32_t)xt_below(&seed, sizeof(data)) + 1;

	n = XT_MIN(n, e->stream - e->given);
	for (uint32_t i = 0; i < n; i++)
		data[i] = byte_at(e->given + i);
	f.from = (uint8_t)(e - ends + 1);
	f.to = (uint8_t)(3 - f.from);
	f.seq = e->given;
	e->super_len = (uint32_t)flow_packet(e->super, &f, data, n);
	e->gso = (struct xt_gso){0};
	if (n > 1300)
		e->gso = gso_of((uint16_t)(600 + xt_below(&seed, 700)));
	e->given += n;
	e->times = 1;
}

static inline int tun_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget)
{
	struct end *e = (struct end *)tun;
	size_t read = 0;
	int n = 0;

	while (read < budget && !(e->one_by_one && n)) {
		struct xt_pkt *pkt;

		if (!e->times && e->given < e->stream) {
			if (echo && xt_below(&seed, 8) == 0)
				ping_next_packet(e);
			else
				stream_next(e);
		}
		if (!e->times && e->ping_next) {
			e->ping_next = false;
			ping_next_packet(e);
		}
		if (!e->times && e->n_extra) {
			e->super_len = e->extra_len[--e->n_extra];
			memcpy(e->super, e->extra[e->n_extra], e->super_len);
			e->gso = (struct xt_gso){0};
			e->times = 1;
		}
		if (!e->times || !(pkt = xt_batch_add(batch, e->super_len)))
			break;
		memcpy(pkt->data, e->super, e->super_len);
		pkt->len = e->super_len;
		pkt->gso = e->gso;
		e->moves += e->read_at && e->read_at != pkt->data;
		e->read_at = pkt->data;
		xt_batch_trim(batch);
		read += e->super_len;
		e->times--;
		n++;
	}
	return n;
}

static inline void got(struct end *e, const uint8_t *data, uint32_t len)
{
	if (!e->other->stream) {
		memcpy(e->got + e->got_len, data, len);
		e->got_len += len;
		return;
	}
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(data[i], byte_at(e->got_at + i));
	e->got_at += len;
}

static inline int tun_send(struct xt_tun *tun, struct xt_batch *batch)
{
	struct end *e = (struct end *)tun;

	if (e->gone)
		return -ENODEV;
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];
		uint32_t headers = 20 + 20 + 12;

		if (pkt->verdict != XT_PASS)
			continue;
		assert_true(pkt->len >= headers);
		if ((pkt->data[6] & 0x3f) || pkt->data[7]) {
			e->fragments++;
			continue;
		}
		if (pkt->data[9] == 1) {
			struct xt_ping_reply reply;

			if (xt_ping_read(&reply, pkt->data, pkt->len))
				e->pongs++;
			else
				assert_null(echo);
			continue;
		}
		if (pkt->gso.kind == XT_GSO_NONE)
			assert_true(flow_right(pkt->data, pkt->len));
		got(e, pkt->data + headers, pkt->len - headers);
		e->times += e->acks;
		e->got_packets += xt_split_count(pkt);
		e->writes++;
	}
	return (int)batch->n;
}

static const struct xt_tun_ops tun_ops = {.recv = tun_recv, .send = tun_send};

static inline int udp_out(void *ctx, const struct xt_path *path, uint8_t ecn, const uint8_t *bytes,
			  size_t len)
{
	struct end *e = ctx;

	e->pinned += path->local.family != 0;
	if (path->local.family && e->local_gone)
		return -EADDRNOTAVAIL;
	if (e->refusing)
		return -EPERM;
	if (e->room == 0)
		return -EAGAIN;
	if (e->room != UINT32_MAX)
		e->room--;
	e->sent++;
	e->got_by_then = e->got_len;
	assert_int_equal(xt_udp_mem_deliver(e->other->udp, &e->path, ecn, bytes, len), 0);
	return 0;
}

static inline void fill_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	randombytes_buf(buf, n);
}

static inline void end_open(struct end *e, uint8_t id)
{
	const struct xt_env env = {.random = fill_random};
	const struct xt_udp_mem_host host = {.ctx = e, .send = udp_out};

	memset(e, 0, sizeof(*e));
	e->tun.ops = &tun_ops;
	e->tun.tx_offloads = XT_MERGE_TCP | XT_MERGE_UDP;
	e->room = UINT32_MAX;
	e->path.remote.ip = (struct xt_ip){.family = 4, .b = {198, 18, 0, id}};
	e->path.remote.port = 51820;
	randombytes_buf(e->key.b, 32);
	crypto_scalarmult_base(e->pub.b, e->key.b);
	assert_int_equal(xt_udp_mem_new(&e->udp, 51820, 8192, &host), 0);
	assert_int_equal(xt_device_new(&e->dev, &env), 0);
	const struct xt_data_path_config config = {.dev = e->dev,
						   .tun = &e->tun,
						   .udp = e->udp,
						   .aead = aead,
						   .workers = workers,
						   .echo = echo,
						   .pass_bytes = pass_bytes};
	assert_int_equal(xt_scheduler_new(&e->scheduler, &config), 0);
}

static inline void end_know(struct end *e, struct end *other, uint8_t id)
{
	const struct xt_cidr cidr = {.ip = {.family = 4, .b = {10, 7, 0, id}}, .bits = 32};

	e->other = other;
	device_configure(e->dev, now, &e->key, &other->pub, &other->path.remote, &cidr);
}

static inline void passes(void)
{
	for (int i = 0; i < 8; i++) {
		assert_true(xt_scheduler_on_tun_readable(ends[i & 1].scheduler, now) >= 0);
		assert_true(xt_scheduler_on_udp_readable(ends[!(i & 1)].scheduler, now) >= 0);
		xt_scheduler_tick(ends[i & 1].scheduler, now);
	}
}

/* Let the TUN of e read a super-packet of len bytes of payload, times times. */
static inline void tun_offer(struct end *e, uint32_t len, uint16_t size, uint32_t times)
{
	struct flow f = flow_of(4, 6);

	f.from = (uint8_t)(e - ends + 1);
	f.to = (uint8_t)(3 - f.from);
	e->super_len = (uint32_t)flow_packet(e->super, &f, payload, len);
	e->gso = gso_of(size);
	e->times = times;
}

static inline void offer(uint32_t len, uint16_t size)
{
	tun_offer(&ends[0], len, size, 1);
}

static inline int begin(void **state)
{
	(void)state;
	now = (struct xt_time){.mono = 1000 * SECOND, .wall = 1700000000 * SECOND};
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	for (uint8_t i = 0; i < 2; i++)
		end_open(&ends[i], (uint8_t)(i + 1));
	end_know(&ends[0], &ends[1], 2);
	end_know(&ends[1], &ends[0], 1);
	offer(10, 100); /* brings the session up */
	passes();
	assert_int_equal(ends[1].got_len, 10);
	ends[0].sent = ends[1].got_len = ends[1].got_packets = ends[1].writes = 0;
	return 0;
}

static inline void echo_open(enum xt_echo_side side)
{
	static const struct xt_cidr all = {.ip = {.family = 4, .b = {10, 7, 0, 0}}, .bits = 24};
	const struct xt_echo_config config = {
	    .sides = 1u << side, .addresses = &all, .n_addresses = 1, .rate = UINT32_MAX};

	assert_int_equal(xt_echo_new(&echo, &config), 0);
}

/* With workers, and with an echo responder, so that nothing is read while the socket is full. */
static inline int begin_with_workers(void **state)
{
	struct xt_aead *workers_aead;

	echo_open(XT_ECHO_SIDE_PEER);
	assert_int_equal(xt_aead_new(&workers_aead, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&workers, workers_aead, 2), 0);
	*state = workers_aead;
	return begin(NULL);
}

static inline int begin_with_echo(void **state)
{
	echo_open(XT_ECHO_SIDE_PEER);
	return begin(state);
}

static inline int begin_with_host_echo(void **state)
{
	echo_open(XT_ECHO_SIDE_HOST);
	return begin(state);
}

static inline int begin_with_long_passes(void **state)
{
	pass_bytes = 512u << 10;
	return begin(state);
}

static inline int end(void **state)
{
	pass_bytes = 0;
	xt_echo_free(echo);
	echo = NULL;
	(void)state;
	for (int i = 0; i < 2; i++) {
		xt_scheduler_free(ends[i].scheduler);
		xt_device_free(ends[i].dev);
		ends[i].udp->ops->close(ends[i].udp);
	}
	xt_aead_free(aead);
	return 0;
}

static inline int end_with_workers(void **state)
{
	xt_worker_pool_free(workers);
	workers = NULL;
	xt_aead_free(*state);
	return end(NULL);
}

static inline uint64_t verdict_count(const struct end *e, enum xt_verdict verdict)
{
	struct xt_report *report;
	uint64_t n;

	assert_int_equal(xt_device_report(e->dev, now, &report), 0);
	n = report->verdicts[verdict];
	xt_report_free(report);
	return n;
}

static int (*socket_send)(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next);

static inline int counted_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	ends[0].sends += *next < tx->n_runs;
	return socket_send(udp, tx, next);
}

/* Calls of the first end's send from now on are counted. */
static inline struct xt_udp_ops count_sends(void)
{
	struct xt_udp_ops ops = *ends[0].udp->ops;

	socket_send = ops.send;
	ops.send = counted_send;
	return ops;
}

/* Draws the seed and fills payload. */
static inline void ends_prepare(void)
{
	seed = xt_seed();
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = byte_at((uint32_t)i);
}

#endif
