/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* A path that carries less than the interface: what leaves fits, TCP completes, and hosts are asked
 * for less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/peer.h"
#include "packet/icmp.h"
#include "scheduler_ends.h"
#include "tunnel/flow_headers.h"

#define M	 1232u
#define OVERHEAD 32u

static const struct xt_udp_ops *socket_ops;
static struct xt_udp_ops watching;
static struct xt_tun_ops capturing;
static size_t longest; /* datagram that left the first end */
static uint8_t written[64][1500];
static uint32_t written_len[64], n_written; /* by both ends, what is no stream */

static int watched_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	for (uint32_t i = 0; i < tx->n_vecs; i++)
		longest = XT_MAX(longest, tx->vecs[i].len);
	return socket_ops->send(udp, tx, next);
}

/* ICMP errors and SYN are kept, all else is the stream. */
static int captured_send(struct xt_tun *tun, struct xt_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];
		bool syn = pkt->data[9] == 6 && (pkt->data[33] & 2);

		if (pkt->verdict != XT_PASS || (pkt->data[9] != 1 && !syn))
			continue;
		assert_true(n_written < 64 && pkt->len <= 1500);
		memcpy(written[n_written], pkt->data, pkt->len);
		written_len[n_written++] = pkt->len;
		if (syn)
			pkt->verdict = XT_TAKEN_ECHO; /* not for the stream */
	}
	return tun_ops.send(tun, batch);
}

/* As the device does when it has found the MTU. */
static void path_set(struct end *e, uint16_t mtu)
{
	struct xt_peer *peer = xt_device_peer(e->dev, &e->other->pub);
	uint16_t before = peer->mtu;

	peer->mtu = mtu;
	xt_scheduler_mtu_changed(e->scheduler, peer, before, mtu);
}

static int begin_watched(void **state)
{
	(void)begin(state);
	socket_ops = ends[0].udp->ops;
	watching = *socket_ops;
	watching.send = watched_send;
	ends[0].udp->ops = &watching;
	capturing = tun_ops;
	capturing.send = captured_send;
	ends[0].tun.ops = ends[1].tun.ops = &capturing;
	longest = 0;
	n_written = 0;
	return 0;
}

static int end_watched(void **state)
{
	ends[0].udp->ops = socket_ops;
	return end(state);
}

/* Let the host behind the first end send a plain packet. */
static size_t plain_offer(struct end *e, const struct flow *f, size_t len)
{
	struct flow g = *f;

	g.from = (uint8_t)(e - ends + 1);
	g.to = (uint8_t)(3 - g.from);
	now.mono += 1000000; /* the headers of each are kept */
	e->super_len = (uint32_t)flow_packet(e->super, &g, payload, len);
	e->gso = (struct xt_gso){0};
	e->times = 1;
	return e->super_len;
}

/* A super-packet of 60,000 bytes leaves, and so many datagrams have then been sent. */
static void offer_sends(uint32_t sent)
{
	offer(60000, 1368);
	passes();
	assert_int_equal(ends[0].sent, sent);
}

static void a_super_packet_is_cut_and_arrives(void **state)
{
	(void)state;
	path_set(&ends[0], M);
	offer(60000, 1368);
	passes();
	assert_int_equal(longest, M + OVERHEAD);
	assert_int_equal(ends[0].sent, 51); /* 60,000 / 1,180 */
	assert_int_equal(ends[1].got_len, 60000);
	assert_memory_equal(ends[1].got, payload, 60000);
}

static void a_stream_in_packets_of_any_size_arrives(void **state)
{
	(void)state;
	path_set(&ends[0], 640);
	ends[0].stream = 400000;
	for (int i = 0; i < 400 && ends[1].got_at < ends[0].stream; i++)
		passes();
	assert_int_equal(ends[1].got_at, ends[0].stream);
	assert_int_equal(longest, 640 + OVERHEAD);
}

static void without_a_known_path_nothing_is_cut(void **state)
{
	(void)state;
	offer_sends(44);
	path_set(&ends[0], M);
	path_set(&ends[0], 0); /* not known any more */
	offer_sends(88);
	assert_int_equal(n_written, 0);
}

static void a_large_path_changes_nothing(void **state)
{
	(void)state;
	path_set(&ends[0], 1440);
	offer_sends(44);
	assert_int_equal(n_written, 0);
}

static void the_sender_of_what_is_cut_is_asked_for_less(void **state)
{
	(void)state;
	path_set(&ends[0], M);
	tun_offer(&ends[0], 20000, 1368, 20);
	passes();
	assert_true(n_written > 0 && n_written <= 10);
	for (uint32_t i = 0; i < n_written; i++) {
		assert_true(slow_right(written[i], written_len[i]));
		assert_int_equal(written_len[i], XT_ICMP4_MAX);
		assert_int_equal(xt_be16_get(written[i] + 20), 0x0304);
		assert_int_equal(xt_be16_get(written[i] + 26), M);
		assert_memory_equal(written[i] + 12, ends[0].super + 16, 4);
		assert_memory_equal(written[i] + 28, ends[0].super, 20);
	}
}

/* A host that sends as little as it can be asked for is not asked again. */
static void no_error_names_what_the_sender_keeps_to(void **state)
{
	(void)state;
	path_set(&ends[0], 544); /* below what IPv4 hosts take */
	offer(30000, 1368);
	passes();
	assert_int_equal(ends[1].got_len, 30000);
	assert_int_equal(longest, 544 + OVERHEAD);
	assert_int_equal(n_written, 0);
}

/* Of its only peer. */
static struct xt_peer_facts facts_of(struct end *e)
{
	struct xt_peer_facts facts;
	struct xt_report *report;

	assert_int_equal(xt_device_report(e->dev, now, &report), 0);
	assert_int_equal(report->n_peers, 1);
	facts = report->peers[0].facts;
	xt_report_free(report);
	return facts;
}

static void datagrams_with_df_are_refused_and_counted(void **state)
{
	struct flow f = flow_of(4, 17);
	uint32_t before = ends[0].sent;

	(void)state;
	path_set(&ends[0], M);
	plain_offer(&ends[0], &f, 1372);
	passes();
	assert_int_equal(ends[0].sent, before);
	assert_int_equal(verdict_count(&ends[0], XT_DROP_MTU), 1);
	assert_int_equal(facts_of(&ends[0]).verdicts[XT_PEER_XT_DROP_MTU], 1);
	assert_int_equal(facts_of(&ends[0]).too_large, 1);
	assert_int_equal(facts_of(&ends[0]).too_large_len, 1372 + 28);
	assert_int_equal(n_written, 1);
	assert_int_equal(xt_be16_get(written[0] + 26), M);
	plain_offer(&ends[0], &f, M - 28);
	passes();
	assert_int_equal(ends[0].sent, before + 1);
	assert_int_equal(longest, M + OVERHEAD);
}

static void errors_have_a_rate(void **state)
{
	struct flow f = flow_of(4, 17);

	(void)state;
	path_set(&ends[0], M);
	plain_offer(&ends[0], &f, 1372);
	ends[0].times = 1000;
	while (ends[0].times)
		passes();
	assert_int_equal(verdict_count(&ends[0], XT_DROP_MTU), 1000);
	assert_int_equal(n_written, XT_ICMP_BURST);
}

static void datagrams_without_df_are_fragmented(void **state)
{
	struct flow f = flow_of(4, 17);

	(void)state;
	f.df = false;
	path_set(&ends[0], M);
	plain_offer(&ends[0], &f, 1372);
	passes();
	assert_int_equal(ends[0].sent, 2);
	assert_int_equal(ends[1].fragments, 2);
	assert_true(longest <= M + OVERHEAD);
	assert_int_equal(n_written, 0);
}

/* Hosts ignore an error that names less than 552: what cannot be asked for goes on, unpadded. */
static void below_what_hosts_accept_packets_go_on_and_are_counted(void **state)
{
	struct flow f = flow_of(4, 17);
	size_t len;

	(void)state;
	path_set(&ends[0], 544);
	len = plain_offer(&ends[0], &f, 1001);
	passes();
	assert_int_equal(ends[0].sent, 1);
	assert_int_equal(longest, len + OVERHEAD);
	assert_int_equal(verdict_count(&ends[0], XT_PASS_MTU), 1);
	assert_int_equal(facts_of(&ends[0]).too_large, 1);
	assert_int_equal(n_written, 0);
}

static void syn_offer(struct end *e, uint8_t flags)
{
	struct flow f = flow_of(4, 6);

	f.flags = flags;
	plain_offer(e, &f, 0);
	memcpy(e->super + 40, (const uint8_t[]){2, 4, 0x05, 0xb4, 1, 1, 1, 1, 1, 1, 1, 0}, 12);
	flow_seal(e->super, e->super_len);
}

static void a_syn_is_lowered_in_both_directions(void **state)
{
	const uint8_t flags[] = {0x02, 0x12};

	(void)state;
	path_set(&ends[0], M);
	for (uint32_t i = 0; i < 4; i++) {
		syn_offer(&ends[i & 1], flags[i / 2]);
		passes();
		assert_int_equal(n_written, i + 1);
		assert_int_equal(xt_be16_get(written[i] + 42), M - 40);
		assert_true(flow_right(written[i], written_len[i]));
	}
	path_set(&ends[0], 0);
	syn_offer(&ends[0], 0x02);
	passes();
	assert_int_equal(xt_be16_get(written[4] + 42), 1460);
}

/* A full-sized packet of each flow leaves; then the path turns out to carry less. */
static void each_flow_is_asked_at_once_when_the_path_shrinks(void **state)
{
	struct flow f = flow_of(4, 6);
	uint32_t seen = 0;

	(void)state;
	path_set(&ends[0], 1408);
	for (uint16_t port = 0; port < 8; port++)
		for (uint32_t n = 0; n < 3; n++) {
			f.sport = (uint16_t)(40000 + port);
			f.seq = 1000 * n + port;
			plain_offer(&ends[0], &f, 1348);
			passes();
		}
	assert_int_equal(n_written, 0);
	path_set(&ends[0], 1360);
	xt_scheduler_tick(ends[0].scheduler, now);
	assert_int_equal(n_written, XT_FLOWS);
	for (uint32_t i = 0; i < n_written; i++) {
		const uint8_t *quote = written[i] + 28;
		uint32_t port = xt_be16_get(quote + 20) - 40000u;

		assert_true(slow_right(written[i], written_len[i]));
		assert_int_equal(xt_be16_get(written[i] + 20), 0x0304);
		assert_int_equal(xt_be16_get(written[i] + 26), 1360);
		assert_memory_equal(written[i] + 12, quote + 16, 4);
		assert_int_equal(xt_be32_get(quote + 24), 2000 + port); /* the newest one */
		seen |= 1u << port;
	}
	assert_int_equal(seen, 0xff);
	xt_scheduler_tick(ends[0].scheduler, now); /* once */
	path_set(&ends[0], 1344);
	xt_scheduler_tick(ends[0].scheduler, now);
	assert_int_equal(n_written, XT_FLOWS);
}

static void flows_of_small_packets_and_a_path_that_grows_need_no_error(void **state)
{
	struct flow f = flow_of(4, 6);

	(void)state;
	path_set(&ends[0], 1360);
	plain_offer(&ends[0], &f, 1150); /* fits the smaller path too */
	passes();
	path_set(&ends[0], M);
	xt_scheduler_tick(ends[0].scheduler, now);
	path_set(&ends[0], 1360);
	xt_scheduler_tick(ends[0].scheduler, now);
	assert_int_equal(n_written, 0);
	f.df = false;
	f.protocol = 17;
	plain_offer(&ends[0], &f, 1300);
	passes();
	path_set(&ends[0], M);
	xt_scheduler_tick(ends[0].scheduler, now);
	assert_int_equal(n_written, 0);
}

static void a_peer_that_goes_takes_its_limit_along(void **state)
{
	struct xt_change change;
	struct xt_peer_change *entry;

	(void)state;
	path_set(&ends[0], M);
	xt_scheduler_forget(ends[0].scheduler, xt_device_peer(ends[0].dev, &ends[1].pub));
	xt_change_init(&change);
	entry = xt_change_peer(&change, &ends[1].pub);
	entry->set = XT_PEER_REMOVE;
	assert_int_equal(xt_device_apply(ends[0].dev, now, &change), 0);
	xt_change_clear(&change);
	now.mono += SECOND; /* the other end takes no second initiation at once */
	now.wall += SECOND;
	end_know(&ends[0], &ends[1], 2);
	path_set(&ends[0], 1360); /* as if it were the first */
	path_set(&ends[0], 0);
	offer(60000, 1368);
	passes();
	assert_int_equal(ends[1].got_len, 60000);
}

static void a_host_that_pings_the_responder_meets_no_path(void **state)
{
	(void)state;
	path_set(&ends[0], M);
	ends[0].super_len = (uint32_t)request4(ends[0].super, 1, 2, 1300);
	ends[0].super[6] = 0x40;
	slow_seal4(ends[0].super);
	ends[0].gso = (struct xt_gso){0};
	ends[0].times = 1;
	passes();
	assert_int_equal(verdict_count(&ends[0], XT_TAKEN_ECHO), 1);
	assert_int_equal(verdict_count(&ends[0], XT_DROP_MTU), 0);
}

static int begin_with_host(void **state)
{
	echo_open(XT_ECHO_SIDE_HOST);
	return begin_watched(state);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin_watched, end_watched)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_super_packet_is_cut_and_arrives),
	    T(a_stream_in_packets_of_any_size_arrives),
	    T(without_a_known_path_nothing_is_cut),
	    T(a_large_path_changes_nothing),
	    T(the_sender_of_what_is_cut_is_asked_for_less),
	    T(no_error_names_what_the_sender_keeps_to),
	    T(datagrams_with_df_are_refused_and_counted),
	    T(errors_have_a_rate),
	    T(datagrams_without_df_are_fragmented),
	    T(below_what_hosts_accept_packets_go_on_and_are_counted),
	    T(a_syn_is_lowered_in_both_directions),
	    T(each_flow_is_asked_at_once_when_the_path_shrinks),
	    T(flows_of_small_packets_and_a_path_that_grows_need_no_error),
	    T(a_peer_that_goes_takes_its_limit_along),
	    cmocka_unit_test_setup_teardown(a_host_that_pings_the_responder_meets_no_path,
					    begin_with_host, end_watched),
	};

	ends_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
