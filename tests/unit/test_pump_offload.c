/* layers: tunnel platform core crypto packet base */
/* Two pumps in memory whose TUNs give and take super-packets; the sockets are full now and then. */
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
#include "seed.h"
#include "packet/merge.h"
#include "packet/ping.h"
#include "packet/split.h"
#include "platform/mem/mem.h"
#include "tunnel/pump.h"

#define SECOND UINT64_C(1000000000)

/* tun      gives the packet in super, times times, and takes what is written: payload is put behind
 *          got
 * room     datagrams that the socket takes before it is full; UINT32_MAX: any
 * got_by_then  when the last datagram left
 * sends    calls of the socket's send that had something to send
 * stream   instead: the tun gives the bytes of the stream (byte_at) from given to stream, in super-
 *          packets and single ones of random size, and what comes must be such a stream from got_at
 *          on; with echo, pings between them
 */
struct end {
	struct xt_tun tun; /* first */
	struct xt_udp *udp;
	struct xt_device *dev;
	struct xt_pump *pump;
	struct xt_public pub;
	struct xt_private key;
	struct xt_path path;
	struct end *other;
	uint8_t super[65536];
	uint32_t super_len, times, room, writes, sent, sends;
	uint32_t stream, given, got_at, pings, pongs;
	struct xt_gso gso;
	bool ping_next; /* behind what times counts */
	uint8_t got[1 << 18];
	uint32_t got_len, got_packets, got_by_then;
};

static struct end ends[2];
static uint64_t seed;
static struct xt_aead *aead;
static struct xt_worker_pool *crew;
static struct xt_echo *echo;
static struct xt_time now;
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

static void ping_give(struct end *e)
{
	struct xt_ip src = {4, {10, 7, 0, (uint8_t)(e - ends + 1)}}, dst = src;

	dst.b[3] = (uint8_t)(3 - src.b[3]);
	e->super_len = (uint32_t)xt_ping_build(e->super, &src, &dst, 1, (uint16_t)e->pings, 0, 64);
	e->gso = (struct xt_gso){0};
	e->pings++;
	e->times = 1;
}

/* The next packet of the stream. */
static void stream_give(struct end *e)
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

	while (read < budget) {
		struct xt_pkt *pkt;

		if (!e->times && e->given < e->stream) {
			if (echo && xt_below(&seed, 8) == 0)
				ping_give(e);
			else
				stream_give(e);
		}
		if (!e->times && e->ping_next) {
			e->ping_next = false;
			ping_give(e);
		}
		if (!e->times || !(pkt = xt_batch_add(batch, e->super_len)))
			break;
		memcpy(pkt->data, e->super, e->super_len);
		pkt->len = e->super_len;
		pkt->gso = e->gso;
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

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];
		uint32_t headers = 20 + 20 + 12;

		if (pkt->verdict != XT_PASS)
			continue;
		assert_true(pkt->len >= headers);
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
	e->tun.tx_offloads = XT_MERGE_TCP | XT_MERGE_UDP;
	e->room = UINT32_MAX;
	e->path.remote.ip = (struct xt_ip){.family = 4, .b = {198, 18, 0, id}};
	e->path.remote.port = 51820;
	randombytes_buf(e->key.b, 32);
	crypto_scalarmult_base(e->pub.b, e->key.b);
	assert_int_equal(xt_udp_mem_new(&e->udp, 51820, 8192, &host), 0);
	assert_int_equal(xt_device_new(&e->dev, &env), 0);
	const struct xt_pump_parts parts = {
	    .dev = e->dev, .tun = &e->tun, .udp = e->udp, .aead = aead, .crew = crew, .echo = echo};
	assert_int_equal(xt_pump_new(&e->pump, &parts), 0);
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

static void turns(void)
{
	for (int i = 0; i < 8; i++) {
		assert_true(xt_pump_out(ends[i & 1].pump, now) >= 0);
		assert_true(xt_pump_in(ends[!(i & 1)].pump, now) >= 0);
		xt_pump_tick(ends[i & 1].pump, now);
	}
}

/* The TUN of that end has a super-packet of len bytes of payload, times times. */
static void give_more(struct end *e, uint32_t len, uint16_t size, uint32_t times)
{
	struct flow f = flow_of(4, 6);

	f.from = (uint8_t)(e - ends + 1);
	f.to = (uint8_t)(3 - f.from);
	e->super_len = (uint32_t)flow_packet(e->super, &f, payload, len);
	e->gso = gso_of(size);
	e->times = times;
}

static void give(uint32_t len, uint16_t size)
{
	give_more(&ends[0], len, size, 1);
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
	give(10, 100); /* brings the session up */
	turns();
	assert_int_equal(ends[1].got_len, 10);
	ends[0].sent = ends[1].got_len = ends[1].got_packets = ends[1].writes = 0;
	return 0;
}

/* And with an echo endpoint, so that nothing is read while the socket is full. */
static int begin_with_crew(void **state)
{
	static const struct xt_cidr all = {.ip = {.family = 4, .b = {10, 7, 0, 0}}, .bits = 24};
	const struct xt_echo_config config = {.sides = 1 << XT_ECHO_SIDE_PEER,
					      .addresses = &all,
					      .n_addresses = 1,
					      .rate = UINT32_MAX};
	struct xt_aead *own;

	assert_int_equal(xt_echo_new(&echo, &config), 0);

	assert_int_equal(xt_aead_new(&own, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&crew, own, 2), 0);
	*state = own;
	return begin(NULL);
}

static int end(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		xt_pump_free(ends[i].pump);
		xt_device_free(ends[i].dev);
		ends[i].udp->ops->close(ends[i].udp);
	}
	xt_aead_free(aead);
	return 0;
}

static int end_with_crew(void **state)
{
	xt_worker_pool_free(crew);
	crew = NULL;
	xt_echo_free(echo);
	echo = NULL;
	xt_aead_free(*state);
	return end(NULL);
}

static uint64_t fate(const struct end *e, enum xt_verdict verdict)
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
	give(60000, 1368);
	turns();
	assert_int_equal(ends[0].sent, 44);
	assert_int_equal(ends[1].got_len, 60000);
	assert_memory_equal(ends[1].got, payload, 60000);
	assert_int_equal(ends[1].got_packets, 44);
	assert_int_equal(ends[1].writes, 1);
}

static void more_segments_than_a_turn_holds_leave_in_order(void **state)
{
	(void)state;
	give(50000, 11);
	assert_int_equal(xt_pump_out(ends[0].pump, now), 1);
	assert_int_equal(ends[0].sent, 4546);
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_pump_in(ends[1].pump, now) > 0);
	assert_int_equal(ends[1].got_packets, 4546);
	assert_int_equal(ends[1].got_len, 50000);
	assert_memory_equal(ends[1].got, payload, 50000);
}

static void a_full_socket_stops_the_split_and_writable_goes_on_with_it(void **state)
{
	uint32_t stops = 0;

	(void)state;
	give(50000, 11);
	ends[0].room = 100;
	assert_int_equal(xt_pump_out(ends[0].pump, now), 1);
	while (xt_pump_blocked(ends[0].pump)) {
		assert_int_equal(xt_pump_out(ends[0].pump, now), 0); /* reads nothing meanwhile */
		assert_int_equal(ends[0].sent, ++stops * 100);
		ends[0].room = 100;
		xt_pump_writable(ends[0].pump, now);
	}
	assert_int_equal(stops, 45);
	ends[0].room = UINT32_MAX;
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_pump_in(ends[1].pump, now) > 0);
	assert_int_equal(ends[1].got_packets, 4546);
	assert_memory_equal(ends[1].got, payload, 50000);
	give(1000, 1368); /* and the next one starts from its own beginning */
	turns();
	assert_int_equal(ends[1].got_len, 51000);
}

static void a_contradiction_is_counted_once_and_goes_nowhere(void **state)
{
	uint64_t before = fate(&ends[0], XT_DROP_MALFORMED);

	(void)state;
	give(5000, 1368);
	ends[0].gso.kind = XT_GSO_UDP;
	turns();
	assert_int_equal(ends[0].sent, 0);
	assert_int_equal(fate(&ends[0], XT_DROP_MALFORMED), before + 1);
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

static void what_a_turn_has_sealed_leaves_together(void **state)
{
	const struct xt_udp_ops *own = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	(void)state;
	ends[0].udp->ops = &ops;
	give_more(&ends[0], 30000, 1250, 6);
	assert_int_equal(xt_pump_out(ends[0].pump, now), 6);
	ends[0].udp->ops = own;
	assert_int_equal(ends[0].sent, 6 * 24);
	assert_int_equal(ends[0].sends, 1);
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_pump_in(ends[1].pump, now) > 0);
	assert_int_equal(ends[1].got_len, 6 * 30000);
	for (size_t i = 0; i < 6; i++)
		assert_memory_equal(ends[1].got + i * 30000, payload, 30000);
}

static void a_turn_outward_looks_inward_in_between(void **state)
{
	(void)state;
	give_more(&ends[1], 5000, 1250, 1);
	assert_int_equal(xt_pump_out(ends[1].pump, now), 1);
	give_more(&ends[0], 60000, 1250, 4);
	assert_int_equal(ends[0].got_len, 0);
	assert_true(xt_pump_out(ends[0].pump, now) > 0);
	assert_int_equal(ends[0].got_len, 5000);
	assert_int_equal(ends[0].sent, 4 * 48);
}

static void a_turn_inward_looks_outward_in_between(void **state)
{
	uint32_t before;

	(void)state;
	give_more(&ends[1], 60000, 1250, 4);
	assert_true(xt_pump_out(ends[1].pump, now) > 0);
	give_more(&ends[0], 5000, 1250, 1);
	before = ends[0].sent;
	assert_true(xt_pump_in(ends[0].pump, now) > 0);
	assert_int_equal(ends[0].got_len, 4 * 60000);
	assert_int_equal(ends[0].sent - before, 4);
	assert_in_range(ends[0].got_by_then, 1, 4 * 60000 - 1);
}

/* But not those that nobody misses so long. */
static void bare_acknowledgements_wait_for_the_end_of_a_turn_inward(void **state)
{
	const struct xt_udp_ops *own = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	(void)state;
	for (int i = 0; i < 3; i++) {
		bool ping = i == 1;
		uint32_t sent = ends[0].sent, sends = ends[0].sends;

		ends[0].got_len = 0;
		give_more(&ends[1], 60000, 1250, 4);
		assert_true(xt_pump_out(ends[1].pump, now) > 0);
		give_more(&ends[0], 0, 0, 3);
		ends[0].gso = (struct xt_gso){0};
		ends[0].ping_next = ping;
		ends[0].udp->ops = &ops;
		assert_true(xt_pump_in(ends[0].pump, now) > 0);
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

/* Both ends talk at once, packets of all sizes, and the sockets are full again and again. */
static void streams_both_ways_through_full_sockets_come_whole_and_in_order(void **state)
{
	uint32_t blocked = 0, turn = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		ends[i].stream = 8u << 20;
		ends[i].room = 0;
	}
	while (ends[0].got_at < ends[1].stream || ends[1].got_at < ends[0].stream) {
		struct end *e = &ends[turn & 1];

		assert_true(++turn < 1000000);
		e->room = (uint32_t)xt_below(&seed, 4) ? (uint32_t)xt_below(&seed, 150) : 0;
		if (xt_pump_blocked(e->pump)) {
			blocked++;
			xt_pump_writable(e->pump, now);
		}
		/* What the other's socket cannot hold would be lost there. */
		if (xt_udp_mem_waiting(e->other->udp) < 4096)
			assert_true(xt_pump_out(e->pump, now) >= 0);
		assert_true(xt_pump_in(e->pump, now) >= 0);
	}
	assert_true(blocked > 100);
	for (int i = 0; i < 2; i++) {
		ends[i].room = UINT32_MAX;
		if (xt_pump_blocked(ends[i].pump))
			xt_pump_writable(ends[i].pump, now);
	}
	turns();
	for (int i = 0; i < 2; i++)
		assert_int_equal(ends[i].pongs, ends[i].pings);
	assert_true(!echo || ends[0].pings > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_super_packet_crosses_as_datagrams_and_comes_out_as_one, begin, end),
	    cmocka_unit_test_setup_teardown(more_segments_than_a_turn_holds_leave_in_order, begin,
					    end),
	    cmocka_unit_test_setup_teardown(
		a_full_socket_stops_the_split_and_writable_goes_on_with_it, begin, end),
	    cmocka_unit_test_setup_teardown(what_a_turn_has_sealed_leaves_together, begin, end),
	    cmocka_unit_test_setup_teardown(a_turn_outward_looks_inward_in_between, begin, end),
	    cmocka_unit_test_setup_teardown(a_turn_inward_looks_outward_in_between, begin, end),
	    cmocka_unit_test_setup_teardown(bare_acknowledgements_wait_for_the_end_of_a_turn_inward,
					    begin, end),
	    cmocka_unit_test_setup_teardown(
		streams_both_ways_through_full_sockets_come_whole_and_in_order, begin, end),
	    {"the_same_with_a_crew", streams_both_ways_through_full_sockets_come_whole_and_in_order,
	     begin_with_crew, end_with_crew, NULL},
	    {"a_turn_of_a_crew_looks_inward_too", a_turn_outward_looks_inward_in_between,
	     begin_with_crew, end_with_crew, NULL},
	    {"and_outward", a_turn_inward_looks_outward_in_between, begin_with_crew, end_with_crew,
	     NULL},
	    {"where_bare_acknowledgements_wait",
	     bare_acknowledgements_wait_for_the_end_of_a_turn_inward, begin_with_crew,
	     end_with_crew, NULL},
	    cmocka_unit_test_setup_teardown(a_contradiction_is_counted_once_and_goes_nowhere, begin,
					    end),
	};

	seed = xt_seed();
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = byte_at((uint32_t)i);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
