/* layers: tunnel platform core crypto packet base */
/* Two schedulers in memory. Their TUNs read and write super-packets; their sockets are full at
 * times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sodium.h>
#include <xtunnel/xtunnel.h>

#include "base/bytes.h"
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
	bool one_by_one;	/* the tun reads one packet at a time */
	bool gone;		/* and is written to in vain */
	bool acks;		/* each packet that is written makes the tun read a pure ACK */
	const uint8_t *read_at; /* where the last packet was read to */
	uint32_t moves;		/* packets that were read to another place than the one before */
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

static uint8_t byte_at(uint32_t at)
{
	return (uint8_t)(at * 7 + at / 256);
}

static struct xt_gso gso_of(uint16_t size)
{
	return (struct xt_gso){.size = size,
			       .kind = XT_GSO_TCP4,
			       .flags = XT_GSO_NEEDS_CSUM,
			       .csum_start = 20,
			       .csum_offset = 16,
			       .header_len = 52};
}

static void ping_next_packet(struct end *e)
{
	struct xt_ip src = {4, {10, 7, 0, (uint8_t)(e - ends + 1)}}, dst = src;

	dst.b[3] = (uint8_t)(3 - src.b[3]);
	e->super_len = (uint32_t)xt_ping_build(e->super, &src, &dst, 1, (uint16_t)e->pings, 0, 64);
	e->gso = (struct xt_gso){0};
	e->pings++;
	e->times = 1;
}

/* The next packet of the stream. */
static void stream_next(struct end *e)
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

static int tun_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget)
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

static void got(struct end *e, const uint8_t *data, uint32_t len)
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

static int tun_send(struct xt_tun *tun, struct xt_batch *batch)
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

static int udp_out(void *ctx, const struct xt_path *path, uint8_t ecn, const uint8_t *bytes,
		   size_t len)
{
	struct end *e = ctx;

	(void)path;
	if (e->room == 0)
		return -EAGAIN;
	if (e->room != UINT32_MAX)
		e->room--;
	e->sent++;
	e->got_by_then = e->got_len;
	assert_int_equal(xt_udp_mem_deliver(e->other->udp, &e->path, ecn, bytes, len), 0);
	return 0;
}

static void fill_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	randombytes_buf(buf, n);
}

static void end_open(struct end *e, uint8_t id)
{
	const struct xt_env env = {.random = fill_random};
	const struct xt_udp_mem_host host = {.ctx = e, .send = udp_out};

	memset(e, 0, sizeof(*e));
	e->tun.ops = &tun_ops;
	e->tun.fd = -1;
	e->tun.takes = XT_MERGE_TCP | XT_MERGE_UDP;
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

static void end_know(struct end *e, struct end *other, uint8_t id)
{
	const struct xt_cidr cidr = {.ip = {.family = 4, .b = {10, 7, 0, id}}, .bits = 32};
	struct xt_change change;
	struct xt_peer_change *peer;

	e->other = other;
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	change.private_key = e->key;
	peer = xt_change_peer(&change, &other->pub);
	peer->set = XT_PEER_ENDPOINT;
	peer->endpoint = other->path.remote;
	assert_int_equal(xt_change_allowed(peer, &cidr, false), 0);
	assert_int_equal(xt_device_apply(e->dev, now, &change), 0);
	xt_change_clear(&change);
}

static void passes(void)
{
	for (int i = 0; i < 8; i++) {
		assert_true(xt_scheduler_on_tun_readable(ends[i & 1].scheduler, now) >= 0);
		assert_true(xt_scheduler_on_udp_readable(ends[!(i & 1)].scheduler, now) >= 0);
		xt_scheduler_tick(ends[i & 1].scheduler, now);
	}
}

/* Let the TUN of e read a super-packet of len bytes of payload, times times. */
static void tun_offer(struct end *e, uint32_t len, uint16_t size, uint32_t times)
{
	struct flow f = flow_of(4, 6);

	f.from = (uint8_t)(e - ends + 1);
	f.to = (uint8_t)(3 - f.from);
	e->super_len = (uint32_t)flow_packet(e->super, &f, payload, len);
	e->gso = gso_of(size);
	e->times = times;
}

static void offer(uint32_t len, uint16_t size)
{
	tun_offer(&ends[0], len, size, 1);
}

static int begin(void **state)
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

static void echo_open(enum xt_echo_side side)
{
	static const struct xt_cidr all = {.ip = {.family = 4, .b = {10, 7, 0, 0}}, .bits = 24};
	const struct xt_echo_config config = {
	    .sides = 1u << side, .addresses = &all, .n_addresses = 1, .rate = UINT32_MAX};

	assert_int_equal(xt_echo_new(&echo, &config), 0);
}

/* With workers, and with an echo responder, so that nothing is read while the socket is full. */
static int begin_with_workers(void **state)
{
	struct xt_aead *own;

	echo_open(XT_ECHO_SIDE_PEER);
	assert_int_equal(xt_aead_new(&own, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&workers, own, 2), 0);
	*state = own;
	return begin(NULL);
}

static int begin_with_echo(void **state)
{
	echo_open(XT_ECHO_SIDE_PEER);
	return begin(state);
}

static int begin_with_host_echo(void **state)
{
	echo_open(XT_ECHO_SIDE_HOST);
	return begin(state);
}

static int begin_with_long_passes(void **state)
{
	pass_bytes = 512u << 10;
	return begin(state);
}

static int end(void **state)
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

static int end_with_workers(void **state)
{
	xt_worker_pool_free(workers);
	workers = NULL;
	xt_aead_free(*state);
	return end(NULL);
}

static uint64_t verdict_count(const struct end *e, enum xt_verdict verdict)
{
	struct xt_report *report;
	uint64_t n;

	assert_int_equal(xt_device_report(e->dev, now, &report), 0);
	n = report->verdicts[verdict];
	xt_report_free(report);
	return n;
}

static void a_super_packet_crosses_as_datagrams_and_comes_out_as_one(void **state)
{
	(void)state;
	offer(60000, 1368);
	passes();
	assert_int_equal(ends[0].sent, 44);
	assert_int_equal(ends[1].got_len, 60000);
	assert_memory_equal(ends[1].got, payload, 60000);
	assert_int_equal(ends[1].got_packets, 44);
	assert_int_equal(ends[1].writes, 1);
}

static void more_segments_than_a_batch_holds_leave_in_order(void **state)
{
	(void)state;
	offer(50000, 11);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_int_equal(ends[0].sent, 4546);
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_int_equal(ends[1].got_packets, 4546);
	assert_int_equal(ends[1].got_len, 50000);
	assert_memory_equal(ends[1].got, payload, 50000);
}

static void a_full_socket_stops_the_split_and_writable_resumes_it(void **state)
{
	uint32_t stops = 0;

	(void)state;
	offer(50000, 11);
	ends[0].room = 100;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	while (xt_scheduler_blocked(ends[0].scheduler)) {
		assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now),
				 0); /* reads nothing meanwhile */
		assert_int_equal(ends[0].sent, ++stops * 100);
		ends[0].room = 100;
		xt_scheduler_on_udp_writable(ends[0].scheduler, now);
	}
	assert_int_equal(stops, 45);
	ends[0].room = UINT32_MAX;
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_int_equal(ends[1].got_packets, 4546);
	assert_memory_equal(ends[1].got, payload, 50000);
	offer(1000, 1368); /* and the next one starts from its own beginning */
	passes();
	assert_int_equal(ends[1].got_len, 51000);
}

static void a_writable_socket_takes_all_that_was_read(void **state)
{
	(void)state;
	offer(50000, 11);
	ends[0].room = 100;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	ends[0].room = UINT32_MAX;
	xt_scheduler_on_udp_writable(ends[0].scheduler, now);
	assert_int_equal(ends[0].sent, 4546);
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_memory_equal(ends[1].got, payload, 50000);
}

static void a_contradiction_is_counted_once_and_goes_nowhere(void **state)
{
	uint64_t before = verdict_count(&ends[0], XT_DROP_MALFORMED);

	(void)state;
	offer(5000, 1368);
	ends[0].gso.kind = XT_GSO_UDP;
	passes();
	assert_int_equal(ends[0].sent, 0);
	assert_int_equal(verdict_count(&ends[0], XT_DROP_MALFORMED), before + 1);
}

static int (*socket_send)(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next);

static int counted_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	ends[0].sends += *next < tx->n_runs;
	return socket_send(udp, tx, next);
}

/* Calls of the first end's send from now on are counted. */
static struct xt_udp_ops count_sends(void)
{
	struct xt_udp_ops ops = *ends[0].udp->ops;

	socket_send = ops.send;
	ops.send = counted_send;
	return ops;
}

static void what_a_pass_has_sealed_leaves_in_one_send(void **state)
{
	const struct xt_udp_ops *own = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	(void)state;
	ends[0].udp->ops = &ops;
	tun_offer(&ends[0], 30000, 1250, 6);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 6);
	ends[0].udp->ops = own;
	assert_int_equal(ends[0].sent, 6 * 24);
	assert_int_equal(ends[0].sends, 1);
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_int_equal(ends[1].got_len, 6 * 30000);
	for (size_t i = 0; i < 6; i++)
		assert_memory_equal(ends[1].got + i * 30000, payload, 30000);
}

static void a_tx_pass_polls_rx(void **state)
{
	(void)state;
	tun_offer(&ends[1], 5000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[0], 60000, 1250, 4);
	assert_int_equal(ends[0].got_len, 0);
	assert_true(xt_scheduler_on_tun_readable(ends[0].scheduler, now) > 0);
	assert_int_equal(ends[0].got_len, 5000);
	assert_int_equal(ends[0].sent, 4 * 48);
}

static void an_rx_pass_polls_tx(void **state)
{
	uint32_t before;

	(void)state;
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[0], 5000, 1250, 1);
	before = ends[0].sent;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	assert_int_equal(ends[0].got_len, 4 * 60000);
	assert_int_equal(ends[0].sent - before, 4);
	assert_in_range(ends[0].got_by_then, 1, 4 * 60000 - 1);
}

/* But not pure ACKs, unless another packet is behind them. */
static void bare_acks_wait_for_the_end_of_an_rx_pass(void **state)
{
	const struct xt_udp_ops *own = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	(void)state;
	for (int i = 0; i < 3; i++) {
		bool ping = i == 1;
		uint32_t sent = ends[0].sent, sends = ends[0].sends;

		ends[0].got_len = 0;
		tun_offer(&ends[1], 60000, 1250, 4);
		assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
		tun_offer(&ends[0], 0, 0, 3);
		ends[0].gso = (struct xt_gso){0};
		ends[0].ping_next = ping;
		ends[0].udp->ops = &ops;
		assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
		ends[0].udp->ops = own;
		assert_int_equal(ends[0].sent - sent, 3 + ping);
		assert_int_equal(ends[0].sends - sends, 1);
		assert_int_equal(ends[0].got_len, 4 * 60000);
		if (ping)
			assert_in_range(ends[0].got_by_then, 1, 4 * 60000 - 1);
		else
			assert_int_equal(ends[0].got_by_then, 4 * 60000);
	}
}

static void acks_of_the_last_step_leave_with_those_before(void **state)
{
	const struct xt_udp_ops *own = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	(void)state;
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[0], 0, 0, 1);
	ends[0].gso = (struct xt_gso){0};
	ends[0].acks = true;
	ends[0].udp->ops = &ops;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	ends[0].udp->ops = own;
	assert_true(ends[0].writes > 1);
	assert_int_equal(ends[0].sent, 1 + ends[0].writes);
	assert_int_equal(ends[0].sends, 1);
}

static void a_tick_sends_nothing_while_the_socket_is_full(void **state)
{
	const struct xt_udp_ops *own = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	(void)state;
	ends[0].room = 0;
	offer(1000, 1368);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_true(xt_scheduler_blocked(ends[0].scheduler));
	ends[0].udp->ops = &ops;
	xt_scheduler_tick(ends[0].scheduler, now);
	ends[0].udp->ops = own;
	assert_int_equal(ends[0].sends, 0);
	assert_int_equal(xt_scheduler_deadline(ends[0].scheduler), XT_NEVER);
}

static void timers_that_are_due_run_with_every_pass(void **state)
{
	(void)state;
	for (int tun = 0; tun < 2; tun++) {
		struct xt_scheduler *scheduler = ends[0].scheduler;

		now.mono = xt_scheduler_deadline(scheduler);
		assert_int_not_equal(now.mono, XT_NEVER);
		assert_int_equal(tun ? xt_scheduler_on_tun_readable(scheduler, now)
				     : xt_scheduler_on_udp_readable(scheduler, now),
				 0);
		assert_true(xt_scheduler_deadline(scheduler) > now.mono);
	}
}

static int (*socket_recv)(struct xt_udp *udp, struct xt_batch *batch, size_t budget);

/* As after a coalesced read: the rest stays inside the socket. */
static int recv_little(struct xt_udp *udp, struct xt_batch *batch, size_t budget)
{
	int n = socket_recv(udp, batch, XT_MIN(budget, (size_t)10000));

	udp->pending = xt_udp_mem_waiting(udp) > 0;
	return n;
}

static void datagrams_inside_the_socket_are_read_without_being_asked_for(void **state)
{
	const struct xt_udp_ops *own = ends[0].udp->ops;
	struct xt_udp_ops ops = *own;

	(void)state;
	socket_recv = ops.recv;
	ops.recv = recv_little;
	ends[0].udp->ops = &ops;
	tun_offer(&ends[1], 60000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[0], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[0].scheduler, now) > 0);
	assert_int_equal(ends[0].got_len, 60000);
	ends[1].ping_next = true;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[1], 60000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	ends[0].room = 0;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	assert_true(xt_scheduler_blocked(ends[0].scheduler));
	assert_true(ends[0].got_len < 2 * 60000);
	ends[0].room = UINT32_MAX;
	xt_scheduler_on_udp_writable(ends[0].scheduler, now);
	assert_int_equal(ends[0].got_len, 2 * 60000);
	ends[0].udp->ops = own;
}

/* More ACKs than one read brings must not hide what is behind them. */
static void a_read_full_of_acks_leaves_before_the_end_of_the_pass(void **state)
{
	(void)state;
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[0], 0, 0, 70);
	ends[0].gso = (struct xt_gso){0};
	ends[0].ping_next = true;
	ends[0].got_len = 0;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	assert_int_equal(ends[0].sent, 71);
	assert_int_equal(ends[0].got_len, 8 * 30000 * 2);
	assert_in_range(ends[0].got_by_then, 1, 8 * 30000 * 2 - 1);
}

static void super_packets_are_read_to_the_same_place(void **state)
{
	(void)state;
	ends[0].read_at = NULL;
	ends[0].moves = 0;
	tun_offer(&ends[0], 60000, 1250, 4);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 4);
	assert_int_equal(ends[0].moves, 0);
}

/* The reply finds the socket full: what was read ahead waits, and needs no further datagram. */
static void a_batch_that_was_read_ahead_waits_for_the_socket(void **state)
{
	struct end *e = &ends[0];

	(void)state;
	ends[1].ping_next = true;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 4);
	e->room = 0;
	assert_true(xt_scheduler_on_udp_readable(e->scheduler, now) > 0);
	assert_true(xt_scheduler_blocked(e->scheduler));
	assert_int_equal(xt_udp_mem_waiting(e->udp), 0);
	assert_in_range(e->got_len, 1, 4 * 60000 - 1);
	assert_int_equal(xt_scheduler_on_udp_readable(e->scheduler, now), 0);
	assert_in_range(e->got_len, 1, 4 * 60000 - 1);
	e->room = UINT32_MAX;
	xt_scheduler_on_udp_writable(e->scheduler, now);
	assert_int_equal(e->got_len, 4 * 60000);
	passes();
	assert_int_equal(ends[1].pongs, 1);
}

static void a_host_that_pings_is_answered_by_the_responder(void **state)
{
	(void)state;
	ends[0].ping_next = true;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_int_equal(ends[0].sent, 0);
	assert_int_equal(ends[0].pongs, 1);
	assert_int_equal(verdict_count(&ends[0], XT_TAKEN_ECHO), 1);
}

/* Two fragments of a datagram that is no echo request, between two packets. */
static void fragments_that_are_no_echo_go_on_to_the_peer(void **state)
{
	static uint8_t data[2000], whole[2100];
	struct flow f = flow_of(4, 6);
	size_t len;

	(void)state;
	f.from = 1;
	f.to = 2;
	len = request4(whole, 1, 2, sizeof(data));
	whole[20] = 13; /* ICMP timestamp request */
	ends[0].extra_len[2] = (uint32_t)cut_fragment(ends[0].extra[2], whole, len, 0, 1200, 0);
	ends[0].extra_len[1] =
	    (uint32_t)cut_fragment(ends[0].extra[1], whole, len, 1200, len - 20 - 1200, 0);
	ends[0].extra_len[0] = (uint32_t)flow_packet(ends[0].extra[0], &f, data, 100);
	ends[0].n_extra = 3;
	ends[0].one_by_one = true;
	offer(1000, 1368);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 3);
	assert_int_equal(ends[0].sent, 3); /* nothing overtakes them */
	passes();
	assert_int_equal(ends[0].sent, 4);
	assert_int_equal(ends[1].fragments, 2);
	assert_int_equal(ends[1].got_packets, 2);
}

static void a_pass_ends_at_its_quota(void **state)
{
	(void)state;
	tun_offer(&ends[0], 60000, 1250, 100);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 6);
	assert_int_equal(ends[0].times, 94);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 6);
	ends[0].times = 0;
	assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_in_range(ends[1].got_len, 4 * 60000, 5 * 60000);
	assert_true(xt_udp_mem_waiting(ends[1].udp) > 0);
}

static void a_short_tx_pass_leaves_the_socket_to_the_rx_pass(void **state)
{
	(void)state;
	tun_offer(&ends[1], 5000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[0], 5000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_int_equal(ends[0].got_len, 0);
	assert_int_equal(xt_udp_mem_waiting(ends[0].udp), 4);
}

static void a_tun_that_is_gone_ends_either_pass(void **state)
{
	(void)state;
	offer(1000, 1368);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	ends[1].gone = true;
	assert_int_equal(xt_scheduler_on_udp_readable(ends[1].scheduler, now), -ENODEV);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), -ENODEV);
}

/* Both ends send at once, packets of all sizes, and the sockets are full again and again. */
static void streams_both_ways_through_full_sockets_arrive_whole_and_in_order(void **state)
{
	uint32_t blocked = 0, pass = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		ends[i].stream = 8u << 20;
		ends[i].room = 0;
	}
	while (ends[0].got_at < ends[1].stream || ends[1].got_at < ends[0].stream) {
		struct end *e = &ends[pass & 1];

		assert_true(++pass < 1000000);
		e->room = (uint32_t)xt_below(&seed, 4) ? (uint32_t)xt_below(&seed, 150) : 0;
		if (xt_scheduler_blocked(e->scheduler)) {
			blocked++;
			xt_scheduler_on_udp_writable(e->scheduler, now);
		}
		/* The other's socket drops what it cannot hold. */
		if (xt_udp_mem_waiting(e->other->udp) < 4096)
			assert_true(xt_scheduler_on_tun_readable(e->scheduler, now) >= 0);
		assert_true(xt_scheduler_on_udp_readable(e->scheduler, now) >= 0);
	}
	assert_true(blocked > 100);
	for (int i = 0; i < 2; i++) {
		ends[i].room = UINT32_MAX;
		if (xt_scheduler_blocked(ends[i].scheduler))
			xt_scheduler_on_udp_writable(ends[i].scheduler, now);
	}
	passes();
	for (int i = 0; i < 2; i++)
		assert_int_equal(ends[i].pongs, ends[i].pings);
	assert_true(!echo || ends[0].pings > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_super_packet_crosses_as_datagrams_and_comes_out_as_one, begin, end),
	    cmocka_unit_test_setup_teardown(more_segments_than_a_batch_holds_leave_in_order, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_full_socket_stops_the_split_and_writable_resumes_it,
					    begin, end),
	    cmocka_unit_test_setup_teardown(what_a_pass_has_sealed_leaves_in_one_send, begin, end),
	    cmocka_unit_test_setup_teardown(a_tx_pass_polls_rx, begin, end),
	    cmocka_unit_test_setup_teardown(an_rx_pass_polls_tx, begin, end),
	    cmocka_unit_test_setup_teardown(bare_acks_wait_for_the_end_of_an_rx_pass, begin, end),
	    cmocka_unit_test_setup_teardown(
		streams_both_ways_through_full_sockets_arrive_whole_and_in_order, begin, end),
	    {"with_workers_streams_arrive_whole_and_in_order",
	     streams_both_ways_through_full_sockets_arrive_whole_and_in_order, begin_with_workers,
	     end_with_workers, NULL},
	    {"with_workers_a_tx_pass_polls_rx", a_tx_pass_polls_rx, begin_with_workers,
	     end_with_workers, NULL},
	    {"with_workers_an_rx_pass_polls_tx", an_rx_pass_polls_tx, begin_with_workers,
	     end_with_workers, NULL},
	    {"with_workers_bare_acks_wait", bare_acks_wait_for_the_end_of_an_rx_pass,
	     begin_with_workers, end_with_workers, NULL},
	    cmocka_unit_test_setup_teardown(a_writable_socket_takes_all_that_was_read, begin, end),
	    cmocka_unit_test_setup_teardown(acks_of_the_last_step_leave_with_those_before, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_tick_sends_nothing_while_the_socket_is_full, begin,
					    end),
	    cmocka_unit_test_setup_teardown(timers_that_are_due_run_with_every_pass, begin, end),
	    cmocka_unit_test_setup_teardown(
		datagrams_inside_the_socket_are_read_without_being_asked_for, begin_with_echo, end),
	    cmocka_unit_test_setup_teardown(a_pass_ends_at_its_quota, begin, end),
	    {"with_workers_a_pass_ends_at_its_quota", a_pass_ends_at_its_quota, begin_with_workers,
	     end_with_workers, NULL},
	    cmocka_unit_test_setup_teardown(a_short_tx_pass_leaves_the_socket_to_the_rx_pass, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_tun_that_is_gone_ends_either_pass, begin, end),
	    {"with_workers_a_tun_that_is_gone_ends_either_pass",
	     a_tun_that_is_gone_ends_either_pass, begin_with_workers, end_with_workers, NULL},
	    cmocka_unit_test_setup_teardown(a_read_full_of_acks_leaves_before_the_end_of_the_pass,
					    begin_with_long_passes, end),
	    cmocka_unit_test_setup_teardown(super_packets_are_read_to_the_same_place, begin, end),
	    cmocka_unit_test_setup_teardown(a_batch_that_was_read_ahead_waits_for_the_socket,
					    begin_with_workers, end_with_workers),
	    cmocka_unit_test_setup_teardown(a_host_that_pings_is_answered_by_the_responder,
					    begin_with_host_echo, end),
	    cmocka_unit_test_setup_teardown(fragments_that_are_no_echo_go_on_to_the_peer,
					    begin_with_host_echo, end),
	    cmocka_unit_test_setup_teardown(a_contradiction_is_counted_once_and_goes_nowhere, begin,
					    end),
	};

	seed = xt_seed();
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = byte_at((uint32_t)i);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
