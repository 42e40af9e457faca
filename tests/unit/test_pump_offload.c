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
#include "packet/merge.h"
#include "packet/split.h"
#include "platform/mem/mem.h"
#include "tunnel/pump.h"

#define SECOND UINT64_C(1000000000)

/* tun      gives the packet in super once, and takes what is written: payload is put behind got
 * room     datagrams that the socket takes before it is full; UINT32_MAX: any */
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
	uint32_t super_len, room, writes, sent;
	struct xt_gso gso;
	uint8_t got[1 << 17];
	uint32_t got_len, got_packets;
};

static struct end ends[2];
static struct xt_aead *aead;
static struct xt_time now;
static uint8_t payload[65536];

static int tun_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget)
{
	struct end *e = (struct end *)tun;
	struct xt_pkt *pkt;

	(void)budget;
	if (!e->super_len)
		return 0;
	pkt = xt_batch_add(batch, e->super_len);
	assert_non_null(pkt);
	memcpy(pkt->data, e->super, e->super_len);
	pkt->len = e->super_len;
	pkt->gso = e->gso;
	xt_batch_trim(batch);
	e->super_len = 0;
	return 1;
}

static int tun_send(struct xt_tun *tun, struct xt_batch *batch)
{
	struct end *e = (struct end *)tun;

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];
		size_t headers = 20 + 20 + 12;

		if (pkt->verdict != XT_PASS)
			continue;
		assert_true(pkt->len >= headers);
		if (pkt->gso.kind == XT_GSO_NONE)
			assert_true(flow_right(pkt->data, pkt->len));
		memcpy(e->got + e->got_len, pkt->data + headers, pkt->len - headers);
		e->got_len += pkt->len - (uint32_t)headers;
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
	const struct xt_pump_parts parts = {
	    .dev = e->dev, .tun = &e->tun, .udp = e->udp, .aead = aead};
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

/* The TUN of the first end has a super-packet of len bytes of payload. */
static void give(uint32_t len, uint16_t size)
{
	const struct flow f = flow_of(4, 6);
	struct end *e = &ends[0];

	e->super_len = (uint32_t)flow_packet(e->super, &f, payload, len);
	e->gso = (struct xt_gso){.size = size,
				 .kind = XT_GSO_TCP4,
				 .flags = XT_GSO_NEEDS_CSUM,
				 .csum_start = 20,
				 .csum_offset = 16,
				 .header_len = 52};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_super_packet_crosses_as_datagrams_and_comes_out_as_one, begin, end),
	    cmocka_unit_test_setup_teardown(more_segments_than_a_turn_holds_leave_in_order, begin,
					    end),
	    cmocka_unit_test_setup_teardown(
		a_full_socket_stops_the_split_and_writable_goes_on_with_it, begin, end),
	    cmocka_unit_test_setup_teardown(a_contradiction_is_counted_once_and_goes_nowhere, begin,
					    end),
	};

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
