/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Probes of the path's MTU between two devices: what they send, what ends here, and what they leave
 * as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_pair.h"

#include "core/mtu_probe.h"
#include "packet/ip.h"
#include "packet/ping.h"
#include "test_main.h"

/* The wire from a to b: datagrams above mtu (IP and UDP headers included) vanish; echo requests
 * that arrive are answered by the host behind b.
 * silent       the host answers nothing
 * answers_out  packets that came out of a */
struct wire {
	struct pair *p;
	uint32_t mtu;
	unsigned probes, initiations, data, answers_out;
	bool silent;
};

/* The host behind e answers the echo request that came last. */
static void host_answer(struct wire *w, struct end *e, struct end *to)
{
	struct pair *p = w->p;
	struct xt_pkt *pkt = xt_batch_add(e->batch, p->last_len);
	unsigned before = p->delivered;
	struct xt_ip_view view;

	assert_true(xt_ip_parse_packet(&view, p->last, p->last_len));
	assert_int_equal(view.len, 48); /* the zeros behind it are gone */
	xt_ip_swap(&view);
	p->last[view.upper] = 0; /* echo reply: its checksum is not looked at */
	memcpy(pkt->data, p->last, view.len);
	pkt->len = view.len;
	xt_send_plan(e->dev, p->now, e->batch, e->tx);
	xt_aead_seal(p->aead, e->batch->jobs, e->batch->n_jobs);
	xt_send_finish(e->dev, p->now, e->batch, e->tx);
	tx_carry(p, e, to);
	w->answers_out += p->delivered - before;
}

static void datagram_carry(struct wire *w, const struct xt_vec *v)
{
	unsigned before = w->p->delivered;
	bool echo;

	w->initiations += v->base[0] == XT_MSG_INITIATION;
	w->data += v->base[0] == XT_MSG_DATA;
	if (v->len + 28 <= w->mtu)
		datagram_receive(w->p, &w->p->b, &w->p->a, v->base, v->len);
	echo = w->p->delivered > before && w->p->last[9] == XT_PROTO_ICMP;
	if (echo && !w->silent)
		host_answer(w, &w->p->b, &w->p->a);
}

/* What a has sent. Copied first: an answer that comes meanwhile resets the batch it lies in. */
static void tx_carry_copied(struct wire *w)
{
	struct xt_tx *tx = w->p->a.tx;
	uint32_t n = tx->n_vecs;
	struct xt_vec *sent = calloc(n, sizeof(*sent));

	assert_non_null(sent);
	for (uint32_t i = 0; i < n; i++) {
		sent[i] = (struct xt_vec){malloc(tx->vecs[i].len), tx->vecs[i].len};
		assert_non_null(sent[i].base);
		memcpy(sent[i].base, tx->vecs[i].base, sent[i].len);
	}
	xt_tx_reset(tx);
	xt_batch_reset(w->p->a.batch);
	for (uint32_t i = 0; i < n; i++) {
		datagram_carry(w, &sent[i]);
		free(sent[i].base);
	}
	free(sent);
}

static void runs_carry(struct wire *w)
{
	struct xt_tx *tx = w->p->a.tx;

	while (tx->n_runs) {
		for (uint32_t r = 0; r < tx->n_runs; r++) {
			const struct xt_run *run = &tx->runs[r];

			w->probes += run->dont_fragment;
			assert_true(!run->dont_fragment || run->n == 1);
		}
		tx_carry_copied(w);
	}
	xt_batch_reset(w->p->a.batch);
}

/* Everything that a sends at this moment. */
static void device_send(struct wire *w)
{
	struct end *a = &w->p->a;

	xt_device_tick(a->dev, w->p->now, a->tx);
	while (xt_send_device_traffic(a->dev, w->p->now, a->batch)) {
		xt_aead_seal(w->p->aead, a->batch->jobs, a->batch->n_jobs);
		xt_send_finish(a->dev, w->p->now, a->batch, a->tx);
		runs_carry(w);
	}
}

static void wire_run(struct wire *w, uint64_t ns)
{
	struct pair *p = w->p;
	uint64_t until = p->now.mono + ns;

	for (;;) {
		uint64_t next;

		device_send(w);
		traffic_send(p, &p->b, &p->a);
		next = XT_MIN(xt_device_deadline(p->a.dev), xt_device_deadline(p->b.dev));
		if (next > until)
			break;
		p->now.mono = XT_MAX(p->now.mono, next);
	}
	p->now.mono = until;
}

static struct xt_peer *peer_of(struct end *e, const struct end *other)
{
	return xt_device_peer(e->dev, &other->pub);
}

static void search_begin(struct pair *p)
{
	struct xt_cidr net = {.ip = p->a.inner, .bits = 24};

	xt_device_search_mtu(p->a.dev, &net, 1);
	xt_mtu_probe_session(p->a.dev, p->now, peer_of(&p->a, &p->b));
}

/* Two devices with a session; the one that began it, a, searches. */
static struct wire wire_open(struct pair *p, uint32_t mtu)
{
	struct wire w = {.p = p, .mtu = mtu};

	packet_send(p, &p->a, &p->b, 64);
	pair_run(p);
	search_begin(p);
	return w;
}

static void timers_are_idle(const struct xt_peer *peer)
{
	assert_int_equal(peer->timers.retransmit, XT_NEVER);
	assert_int_equal(peer->timers.keepalive, XT_NEVER);
	assert_int_equal(peer->timers.new_handshake, XT_NEVER);
	assert_int_equal(peer->timers.persistent, XT_NEVER);
	assert_int_equal(peer->timers.start, XT_NEVER);
}

/* Let what the session's begin left behind run out. */
static void timers_run_out(struct pair *p)
{
	p->now.mono += 11 * XT_SECOND;
	pair_run(p);
	timers_are_idle(peer_of(&p->a, &p->b));
	timers_are_idle(peer_of(&p->b, &p->a));
}

static void the_size_is_found_and_answers_end_here(void **state)
{
	struct wire w = wire_open(*state, 1400);
	struct pair *p = w.p;
	struct xt_report *r;

	wire_run(&w, 3 * XT_SECOND);
	assert_int_equal(xt_peer_mtu(peer_of(&p->a, &p->b)), 1328);
	assert_int_equal(xt_device_report(p->a.dev, p->now, &r), 0);
	assert_int_equal(r->peers[0].path_mtu, 1328);
	assert_int_equal(r->peers[0].path_mtu_source, XT_PATH_MTU_PROBED);
	assert_true(r->peers[0].path_mtu_age_s <= 3);
	xt_report_free(r);
	assert_true(verdict_count(&p->a, XT_TAKEN_PROBE) >= 10);
	assert_int_equal(verdict_count(&p->a, XT_PASS_PROBE), w.probes);
	assert_int_equal(w.answers_out, 0); /* none came out of a */
}

static void probes_are_no_content(void **state)
{
	struct wire w = wire_open(*state, 1400);
	struct pair *p = w.p;
	const struct xt_peer *peer = peer_of(&p->b, &p->a);
	uint64_t before = peer->traffic.received;

	wire_run(&w, 3 * XT_SECOND);
	assert_true(w.probes > 10);
	assert_int_equal(peer->traffic.received, before);
	packet_send(p, &p->a, &p->b, 64);
	assert_int_equal(peer->traffic.received, before + 1);
}

/* Small packets pass: the peer answers the handshake that silence began. */
static void data_that_is_not_answered_for_long_starts_probes(void **state)
{
	struct wire w = wire_open(*state, 1500);
	struct pair *p = w.p;

	wire_run(&w, 3 * XT_SECOND);
	assert_int_equal(xt_peer_mtu(peer_of(&p->a, &p->b)), 0);
	w.mtu = 1300;
	packet_plan(p, &p->a, &p->b, 1400);
	packets_seal(p, &p->a);
	xt_tx_reset(p->a.tx);
	xt_batch_reset(p->a.batch);
	for (int i = 0; i < 20; i++) {
		wire_run(&w, XT_SECOND);
		runs_carry(&w);
	}
	assert_int_equal(w.initiations, 1);
	assert_int_equal(xt_peer_mtu(peer_of(&p->a, &p->b)), 1232);
}

static void probes_leave_timers(struct pair *p, bool silent)
{
	struct wire w = {.p = p, .mtu = 1400, .silent = silent};

	packet_send(p, &p->a, &p->b, 64);
	pair_run(p);
	timers_run_out(p);
	search_begin(p);
	wire_run(&w, 5 * XT_SECOND);
	assert_true(w.probes > 10);
	timers_are_idle(peer_of(&p->a, &p->b));
	/* The keepalive at the end tells b that its answers have arrived. */
	assert_int_equal(peer_of(&p->b, &p->a)->timers.new_handshake, XT_NEVER);
	wire_run(&w, 100 * XT_SECOND);
	assert_int_equal(w.initiations, 0);
}

static void probes_start_no_handshake_and_arm_no_timer(void **state)
{
	probes_leave_timers(*state, false);
}

static void nor_do_probes_that_are_not_answered(void **state)
{
	probes_leave_timers(*state, true);
}

static void nothing_is_sent_without_a_session(void **state)
{
	struct wire w = wire_open(*state, 1500);
	unsigned sent;

	wire_run(&w, 178 * XT_SECOND);
	sent = w.data;
	wire_run(&w, 3600 * XT_SECOND);
	assert_int_equal(w.data, sent);
	assert_int_equal(w.initiations, 0);
}

static void a_silent_peer_is_reported_and_changes_nothing(void **state)
{
	struct wire w = wire_open(*state, 1400);
	struct xt_report *r;

	w.silent = true;
	wire_run(&w, 10 * XT_SECOND);
	assert_int_equal(xt_device_report(w.p->a.dev, w.p->now, &r), 0);
	assert_int_equal(r->peers[0].path_mtu, 0);
	assert_int_equal(r->peers[0].path_mtu_source, XT_PATH_MTU_SILENT);
	xt_report_free(r);
	assert_int_equal(xt_peer_mtu(peer_of(&w.p->a, &w.p->b)), 0);
}

static void answers_to_no_probe_are_for_the_host(void **state)
{
	struct wire w = wire_open(*state, 1500);
	struct pair *p = w.p;

	wire_run(&w, XT_SECOND);
	p->last_len = (uint32_t)xt_ping_build(p->last, &p->a.inner, &p->b.inner, 1, 2, 0, 20);
	host_answer(&w, &p->b, &p->a);
	assert_int_equal(w.answers_out, 1);
}

static void hints_start_probes_at_most_every_two_seconds(void **state)
{
	struct wire w = wire_open(*state, 1500);
	struct pair *p = w.p;
	unsigned before;

	wire_run(&w, XT_SECOND);
	for (int round = 0; round < 3; round++) {
		before = w.probes;
		for (int i = 0; i < 20; i++) {
			xt_device_suspect_mtu(p->a.dev, p->now, &p->b.path.remote);
			wire_run(&w, 50 * XT_MS);
		}
		assert_in_range(w.probes - before, 2, 18);
		wire_run(&w, 1100 * XT_MS);
		assert_int_equal(xt_peer_mtu(peer_of(&p->a, &p->b)), 0);
	}
}

/* A TCP segment of a from port 1000 to 2000, of len bytes. */
static void segment_send(struct wire *w, uint32_t seq, uint32_t len)
{
	struct end *a = &w->p->a;
	struct xt_pkt *pkt = xt_batch_add(a->batch, len);
	uint8_t *tcp = xt_ip_header_put(pkt->data, &a->inner, &w->p->b.inner, XT_PROTO_TCP,
					len - XT_IP4_HEADER);

	memset(tcp, 0, len - XT_IP4_HEADER);
	xt_be16_put(tcp, 1000);
	xt_be16_put(tcp + 2, 2000);
	xt_be32_put(tcp + 4, seq);
	tcp[12] = 0x50;
	pkt->len = len;
	xt_send_plan(a->dev, w->p->now, a->batch, a->tx);
	xt_aead_seal(w->p->aead, a->batch->jobs, a->batch->n_jobs);
	xt_send_finish(a->dev, w->p->now, a->batch, a->tx);
	runs_carry(w);
}

static void acknowledge(struct wire *w, uint32_t ack)
{
	struct end *b = &w->p->b;
	struct xt_pkt *pkt = xt_batch_add(b->batch, 40);
	uint8_t *tcp = xt_ip_header_put(pkt->data, &b->inner, &w->p->a.inner, XT_PROTO_TCP, 20);

	memset(tcp, 0, 20);
	xt_be16_put(tcp, 2000);
	xt_be16_put(tcp + 2, 1000);
	xt_be32_put(tcp + 8, ack);
	tcp[12] = 0x50;
	pkt->len = 40;
	xt_send_plan(b->dev, w->p->now, b->batch, b->tx);
	xt_aead_seal(w->p->aead, b->batch->jobs, b->batch->n_jobs);
	xt_send_finish(b->dev, w->p->now, b->batch, b->tx);
	tx_carry(w->p, b, &w->p->a);
}

static void a_segment_that_is_sent_again_and_again_starts_probes(void **state)
{
	struct wire w = wire_open(*state, 1500);
	unsigned before;

	wire_run(&w, XT_SECOND);
	before = w.probes;
	segment_send(&w, 5000, 1420);
	segment_send(&w, 6380, 1420);
	wire_run(&w, 50 * XT_MS);
	acknowledge(&w, 6380);
	wire_run(&w, 500 * XT_MS);
	assert_int_equal(w.probes, before);
	segment_send(&w, 7760, 1420);
	w.mtu = 1400; /* the path shrinks */
	segment_send(&w, 9140, 1420);
	wire_run(&w, 200 * XT_MS);
	acknowledge(&w, 6380);
	segment_send(&w, 6380, 1420); /* the first one that is missing: followed from now on */
	wire_run(&w, 10 * XT_MS);
	assert_int_equal(w.probes, before);
	wire_run(&w, 390 * XT_MS);
	segment_send(&w, 6380, 1420);
	wire_run(&w, 700 * XT_MS);
	assert_true(w.probes > before);
	assert_int_equal(xt_peer_mtu(peer_of(&w.p->a, &w.p->b)), 1328);
}

static void an_earlier_segment_after_silence_starts_probes(void **state)
{
	struct wire w = wire_open(*state, 1500);
	unsigned before;

	wire_run(&w, XT_SECOND);
	before = w.probes;
	segment_send(&w, 9140, 1420);
	wire_run(&w, 90 * XT_MS);
	segment_send(&w, 6380, 1420); /* too soon */
	segment_send(&w, 9140, 1420);
	wire_run(&w, 20 * XT_MS);
	assert_int_equal(w.probes, before);
	wire_run(&w, 180 * XT_MS);
	segment_send(&w, 5000, 1420);
	wire_run(&w, 20 * XT_MS);
	assert_true(w.probes > before);
}

static void segments_that_are_acknowledged_start_nothing(void **state)
{
	struct wire w = wire_open(*state, 1500);
	unsigned before;

	wire_run(&w, XT_SECOND);
	before = w.probes;
	for (uint32_t i = 0; i < 100; i++) {
		segment_send(&w, i * 1380, 1420);
		wire_run(&w, 50 * XT_MS);
		acknowledge(&w, (i + 1) * 1380);
	}
	assert_int_equal(w.probes, before);
}

static void a_segment_that_stays_unacknowledged_while_others_come_starts_probes(void **state)
{
	struct wire w = wire_open(*state, 1500);
	unsigned before;

	wire_run(&w, XT_SECOND);
	before = w.probes;
	segment_send(&w, 0, 1420);
	wire_run(&w, 250 * XT_MS);
	acknowledge(&w, 0);
	wire_run(&w, 20 * XT_MS);
	assert_int_equal(w.probes, before);
	wire_run(&w, 60 * XT_MS);
	acknowledge(&w, 0);
	wire_run(&w, 20 * XT_MS);
	assert_true(w.probes > before);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(the_size_is_found_and_answers_end_here), CASE(probes_are_no_content),
	  CASE(data_that_is_not_answered_for_long_starts_probes),
	  CASE(probes_start_no_handshake_and_arm_no_timer),
	  CASE(nor_do_probes_that_are_not_answered), CASE(nothing_is_sent_without_a_session),
	  CASE(a_silent_peer_is_reported_and_changes_nothing),
	  CASE(answers_to_no_probe_are_for_the_host),
	  CASE(hints_start_probes_at_most_every_two_seconds),
	  CASE(a_segment_that_is_sent_again_and_again_starts_probes),
	  CASE(an_earlier_segment_after_silence_starts_probes),
	  CASE(segments_that_are_acknowledged_start_nothing),
	  CASE(a_segment_that_stays_unacknowledged_while_others_come_starts_probes))
