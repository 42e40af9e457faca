/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Two devices that exchange packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "device_pair.h"
#include "packet/checksum.h"
#include "test_main.h"

static void the_first_packet_travels_with_the_first_handshake(void **state)
{
	struct pair *p = *state;

	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
	assert_int_equal(p->last_len, 100);
	assert_int_equal(p->datagrams, 3); /* initiation, response, the packet */
	assert_int_equal(packet_send(p, &p->b, &p->a, 60), XT_PASS);
	assert_int_equal(p->delivered, 2);
	assert_int_equal(packet_send(p, &p->a, &p->b, 1420), XT_PASS);
	assert_int_equal(p->delivered, 3);
}

static void the_responder_sends_nothing_before_the_initiator_confirms(void **state)
{
	struct pair *p = *state;

	packet_send(p, &p->a, &p->b, 100);
	xt_device_tick(p->b.dev, p->now, p->b.tx); /* the response, held back */
	assert_int_equal(p->b.tx->n_vecs, 1);
	assert_int_equal(packet_send(p, &p->b, &p->a, 60), XT_STAGED);
	pair_run(p);
	assert_int_equal(p->delivered, 2);
}

static void both_may_begin_at_once_and_need_no_timer(void **state)
{
	struct pair *p = *state;

	packet_plan(p, &p->a, &p->b, 100);
	packet_plan(p, &p->b, &p->a, 100);
	tx_carry(p, &p->a, &p->b);
	tx_carry(p, &p->b, &p->a);
	pair_run(p);
	assert_int_equal(p->delivered, 2);
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_PASS);
	assert_int_equal(packet_send(p, &p->b, &p->a, 100), XT_PASS);
	assert_int_equal(p->delivered, 4);
}

static void a_spoofed_inner_source_is_dropped(void **state)
{
	struct pair *p = *state;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	p->a.inner.b[3] = 99;
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_PASS);
	assert_int_equal(p->delivered, 1);
	assert_int_equal(verdict_count(&p->b, XT_DROP_SOURCE), 1);
}

static void a_repeated_or_altered_datagram_is_dropped(void **state)
{
	struct pair *p = *state;
	uint8_t copy[256];
	struct xt_vec v;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	packet_plan(p, &p->a, &p->b, 100);
	packets_seal(p, &p->a);
	v = p->a.tx->vecs[0];
	memcpy(copy, v.base, v.len);
	for (size_t bit = 0; bit < v.len * 8; bit++) {
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		datagram_receive(p, &p->b, &p->a, copy, v.len);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < v.len; len++)
		datagram_receive(p, &p->b, &p->a, copy, len);
	assert_int_equal(p->delivered, 1);
	datagram_receive(p, &p->b, &p->a, copy, v.len);
	assert_int_equal(p->delivered, 2);
	datagram_receive(p, &p->b, &p->a, copy, v.len);
	assert_int_equal(p->delivered, 2);
	assert_int_equal(verdict_count(&p->b, XT_DROP_REPLAY), 1);
	tx_carry(p, &p->a, &p->b);
}

static void a_restarted_side_handshakes_on_data_for_a_lost_session(void **state)
{
	struct pair *p = *state;
	struct xt_env env = {.random = fill_random};

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	xt_device_free(p->b.dev);
	assert_int_equal(xt_device_new(&p->b.dev, &env), 0);
	end_configure(p, &p->b, &p->a);
	p->now.mono += 20 * XT_MS;
	p->now.wall += 20 * XT_MS;
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_PASS); /* lost: the key is gone */
	pair_run(p);
	assert_int_equal(verdict_count(&p->b, XT_DROP_INDEX), 1);
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_PASS);
	assert_int_equal(p->delivered, 2);
}

/* Or what comes in one batch would use up all that restart detection may send. */
static void a_batch_for_a_lost_session_counts_as_one_try(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = xt_device_peer(p->b.dev, &p->a.pub);

	for (int i = 0; i < 5; i++) {
		struct xt_pkt *pkt = xt_batch_add(p->b.batch, 32);

		memset(pkt->data, 0, 32);
		pkt->data[0] = XT_MSG_DATA;
		pkt->data[4] = 77; /* no index of b */
		pkt->len = 32;
		pkt->from = &p->a.path;
	}
	xt_recv_plan(p->b.dev, p->now, p->b.batch);
	assert_int_equal(verdict_count(&p->b, XT_DROP_INDEX), 5);
	assert_int_equal(peer->probes, 1);
	xt_batch_reset(p->b.batch);
}

static void a_bad_change_leaves_the_device_as_it_was(void **state)
{
	struct pair *p = *state;
	struct xt_change c;
	struct xt_peer_change *pc;
	struct xt_cidr good = {.ip = {.family = 4, .b = {10, 9, 0, 0}}, .bits = 16};
	struct xt_cidr bad = {.ip = {.family = 4}, .bits = 33};
	struct xt_report *r;
	struct xt_public other = {{1}};

	xt_change_init(&c);
	c.set = XT_SET_REPLACE_PEERS | XT_SET_LISTEN_PORT;
	c.listen_port = 7;
	pc = xt_change_peer(&c, &other);
	xt_change_allowed(pc, &good, false);
	other.b[0] = 2;
	pc = xt_change_peer(&c, &other);
	xt_change_allowed(pc, &bad, false);
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), XT_E_INVALID);
	xt_change_clear(&c);
	assert_int_equal(xt_device_report(p->a.dev, p->now, &r), 0);
	assert_int_equal(r->n_peers, 1);
	assert_int_equal(r->n_allowed, 1);
	assert_int_equal(r->listen_port, 0);
	assert_memory_equal(&r->peers[0].key, &p->b.pub, 32);
	xt_report_free(r);
}

static void the_public_key_of_the_device_is_no_peer(void **state)
{
	struct pair *p = *state;
	struct xt_change c;
	struct xt_report *r;

	xt_change_init(&c);
	xt_change_peer(&c, &p->a.pub);
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
	/* and a peer with that key is removed */
	c.n_peers = 0;
	c.set = XT_SET_PRIVATE_KEY;
	c.private_key = p->b.key;
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
	xt_change_clear(&c);
	assert_int_equal(xt_device_report(p->a.dev, p->now, &r), 0);
	assert_int_equal(r->n_peers, 0);
	xt_report_free(r);
}

/* Each initiation is newer than the one before; only the time between them differs. */
static void initiations_of_a_peer_are_accepted_20_ms_apart(void **state)
{
	static const unsigned gaps[] = {15, 25, 15};
	static const unsigned old[] = {1, 1, 2};
	struct pair *p = *state;
	struct xt_peer *b = xt_device_peer(p->a.dev, &p->b.pub);

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	for (size_t i = 0; i < 3; i++) {
		p->now.mono += gaps[i] * XT_MS;
		p->now.wall += gaps[i] * XT_MS;
		b->timers.last_initiation = XT_NEVER;
		b->timers.start = p->now.mono;
		xt_peer_mark_dirty(p->a.dev, b);
		pair_run(p);
		assert_int_equal(verdict_count(&p->b, XT_DROP_HANDSHAKE_OLD), old[i]);
	}
}

static void handshake_messages_carry_dscp_af41_and_data_does_not(void **state)
{
	struct pair *p = *state;
	struct xt_pkt *pkt = xt_batch_add(p->a.batch, 100);

	pkt->len = packet_write(pkt->data, &p->a, &p->b, 100);
	pkt->data[1] = 0xb8 | 2; /* EF and ECT(0): only ECN leaves the tunnel */
	xt_send_plan(p->a.dev, p->now, p->a.batch, p->a.tx);
	assert_int_equal(p->a.tx->n_runs, 1);
	assert_int_equal(p->a.tx->runs[0].tos, 0x88);
	tx_carry(p, &p->a, &p->b);
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	assert_int_equal(p->b.tx->n_runs, 1);
	assert_int_equal(p->b.tx->runs[0].tos, 0x88);
	tx_carry(p, &p->b, &p->a);
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(xt_send_device_traffic(p->a.dev, p->now, p->a.batch), 1);
	packets_seal(p, &p->a);
	assert_int_equal(p->a.tx->n_runs, 1);
	assert_int_equal(p->a.tx->runs[0].tos, 2);
	tx_carry(p, &p->a, &p->b);
	assert_int_equal(p->delivered, 1);
}

/* Steps are the entries for one peer: R remove, U update_only, A add, each with a keepalive of its
 * position, counted from 1. Afterwards: the keepalive, or -1 for no such peer. */
static int after(struct pair *p, const char *steps, bool was_there)
{
	struct xt_public key = {{9}};
	struct xt_change c;
	struct xt_report *r;
	int found = -1;

	xt_change_init(&c);
	if (was_there) {
		xt_change_peer(&c, &key)->set = XT_PEER_KEEPALIVE | XT_PEER_PSK;
		c.peers[0].psk.b[0] = 1;
		c.peers[0].keepalive_s = 99;
		assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
		xt_change_clear(&c);
	}
	for (uint16_t i = 0; steps[i]; i++) {
		struct xt_peer_change *pc = xt_change_peer(&c, &key);

		pc->set = steps[i] == 'R' ? XT_PEER_REMOVE : XT_PEER_KEEPALIVE;
		pc->set |= steps[i] == 'U' ? XT_PEER_UPDATE_ONLY : 0;
		pc->keepalive_s = (uint16_t)(i + 1);
	}
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
	xt_change_clear(&c);
	assert_int_equal(xt_device_report(p->a.dev, p->now, &r), 0);
	for (size_t i = 0; i < r->n_peers; i++) {
		if (memcmp(&r->peers[i].key, &key, sizeof(key)) == 0) {
			found = r->peers[i].keepalive_s;
			if (strchr(steps, 'R')) /* recreated: nothing of the old peer is left */
				assert_int_equal(r->peers[i].psk.b[0], 0);
		}
	}
	xt_report_free(r);
	xt_change_peer(&c, &key)->set = XT_PEER_REMOVE;
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
	xt_change_clear(&c);
	return found;
}

static void entries_for_one_peer_apply_in_order(void **state)
{
	static const struct {
		const char *steps;
		int present, absent; /* result if the peer existed before, and if not */
	} cases[] = {{"A", 1, 1},    {"R", -1, -1},   {"U", 1, -1},    {"RA", 2, 2},
		     {"AR", -1, -1}, {"RU", -1, -1},  {"UA", 2, 2},    {"RUA", 3, 3},
		     {"RAU", 3, 3},  {"RAR", -1, -1}, {"RARA", 4, 4},  {"ARA", 3, 3},
		     {"ARAU", 4, 4}, {"UR", -1, -1},  {"URU", -1, -1}, {"RARU", -1, -1}};
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(after(p, cases[i].steps, true), cases[i].present);
		assert_int_equal(after(p, cases[i].steps, false), cases[i].absent);
	}
}

static void timestamps_never_reach_the_bound_nor_go_below_the_floor(void **state)
{
	struct pair *p = *state;

	xt_device_timestamp_limits(p->a.dev, p->now.wall + XT_SECOND, p->now.wall + 2 * XT_SECOND);
	assert_true(xt_device_timestamp(p->a.dev) >= p->now.wall + XT_SECOND);
	packet_send(p, &p->a, &p->b, 100);
	assert_int_equal(p->datagrams, 1);
	assert_true(xt_device_timestamp(p->a.dev) > p->now.wall + XT_SECOND);
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	xt_tx_reset(p->b.tx); /* the response is lost */
	p->now.mono += 6 * XT_SECOND;
	p->now.wall += 6 * XT_SECOND;
	traffic_send(p, &p->a, &p->b);
	assert_int_equal(p->datagrams, 1); /* none is sent at the bound */
	xt_device_timestamp_limits(p->a.dev, 0, XT_NEVER);
	p->now.mono += 6 * XT_SECOND;
	p->now.wall += 6 * XT_SECOND;
	pair_run(p);
	assert_int_equal(p->delivered, 1);
}

static void a_floor_behind_the_last_timestamp_leaves_none(void **state)
{
	struct pair *p = *state;

	xt_device_timestamp_limits(p->a.dev, XT_NEVER, XT_NEVER);
	assert_int_equal(xt_device_timestamp(p->a.dev), XT_NEVER);
	packet_send(p, &p->a, &p->b, 100);
	assert_int_equal(p->datagrams, 0);
}

static void an_idle_device_has_no_deadline(void **state)
{
	struct pair *p = *state;

	assert_int_equal(xt_device_deadline(p->a.dev), XT_NEVER);
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	p->now.mono += 2000 * XT_SECOND;
	for (int i = 0; i < 3; i++) {
		pair_run(p);
		p->now.mono += 2000 * XT_SECOND;
	}
	assert_int_equal(xt_device_deadline(p->a.dev), XT_NEVER);
	assert_int_equal(xt_device_deadline(p->b.dev), XT_NEVER);
}

/* Whatever lay in the slab: it may be of another peer's packet. */
static void padding_is_zero(void **state)
{
	struct pair *p = *state;
	struct end *a = &p->a;

	packet_send(p, a, &p->b, 100);
	pair_run(p);
	for (uint32_t len = 60; len <= 76; len++) {
		struct xt_pkt *pkt = xt_batch_add(a->batch, len);
		const struct xt_job *job;

		pkt->len = packet_write(pkt->data, a, &p->b, len);
		memset(pkt->data + len, 0xaa, XT_TAILROOM);
		xt_send_plan(a->dev, p->now, a->batch, a->tx);
		assert_int_equal(pkt->verdict, XT_PASS);
		job = &a->batch->jobs[pkt->job];
		assert_int_equal(job->len, (len + 15) / 16 * 16);
		for (uint32_t i = len; i < job->len; i++)
			assert_int_equal(job->src[i], 0);
		xt_aead_seal(p->aead, a->batch->jobs, a->batch->n_jobs);
		xt_send_finish(a->dev, p->now, a->batch, a->tx);
		tx_carry(p, a, &p->b);
	}
}

/* A packet of len bytes is sealed as so many, and arrives. */
static void padding_check(struct pair *p, uint32_t len, uint32_t sealed)
{
	packet_plan(p, &p->a, &p->b, len);
	assert_int_equal(p->a.batch->jobs[0].len, sealed);
	packets_seal(p, &p->a);
	assert_true(p->a.tx->vecs[0].len <= 65507);
	tx_carry(p, &p->a, &p->b);
	assert_int_equal(p->last_len, len);
}

static void padding_stays_within_the_mtu(void **state)
{
	struct pair *p = *state;
	static const uint32_t lens[][2] = {
	    {20, 32}, {32, 32}, {1409, 1420}, {1420, 1420}, {1430, 1430}};

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	for (size_t i = 0; i < XT_LEN(lens); i++)
		padding_check(p, lens[i][0], lens[i][1]);
}

/* The path's MTU counts where it is known and below the interface's. */
static void padding_stays_within_what_the_path_carries(void **state)
{
	struct pair *p = *state;
	static const uint32_t cases[][3] = {
	    /* path, packet, sealed */
	    {1232, 1231, 1232}, {1232, 1217, 1232}, {1232, 1232, 1232},
	    {1232, 1233, 1233}, {1232, 1409, 1409}, {1232, 20, 32},
	    {1440, 1409, 1420}, {1440, 1420, 1420}, {0, 1233, 1248}};

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	for (size_t i = 0; i < XT_LEN(cases); i++) {
		xt_device_peer(p->a.dev, &p->b.pub)->mtu = (uint16_t)cases[i][0];
		padding_check(p, cases[i][1], cases[i][2]);
	}
}

static void padding_stays_within_a_datagram_when_the_mtu_does_not(void **state)
{
	struct pair *p = *state;
	static const struct {
		uint32_t len, sealed;
	} cases[] = {{65457, 65472}, {65472, 65472}, {65473, 65475}, {65475, 65475}};

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	xt_device_set_mtu(p->a.dev, 65535);
	for (size_t i = 0; i < XT_LEN(cases); i++)
		padding_check(p, cases[i].len, cases[i].sealed);
}

/* Deliver what both have sent, and all that follows from it. */
static void carry_and_run(struct pair *p)
{
	tx_carry(p, &p->a, &p->b);
	tx_carry(p, &p->b, &p->a);
	pair_run(p);
}

static void a_packet_sent_just_before_the_key_expires_is_not_lost(void **state)
{
	struct pair *p = *state;
	uint64_t derived;

	packet_send(p, &p->a, &p->b, 100); /* an initiation */
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	derived = p->now.mono; /* b's keys are older than a's by the time that the response takes */
	p->now.mono += 5 * XT_MS;
	carry_and_run(p);
	p->now.mono = derived + XT_REJECT_AFTER_TIME - XT_MS;
	packet_plan(p, &p->a, &p->b, 100);
	packets_seal(p, &p->a);
	p->now.mono += 5 * XT_MS;
	carry_and_run(p);
	assert_int_equal(verdict_count(&p->b, XT_DROP_EXPIRED), 0);
	assert_int_equal(p->delivered, 2);
}

/* Received datagrams of from's tx, on to's batch and planned. */
static void plan_received(struct pair *p, struct end *to, const struct end *from)
{
	for (uint32_t i = 0; i < from->tx->n_vecs; i++) {
		const struct xt_vec *v = &from->tx->vecs[i];

		datagram_plan(p, to, &from->path, v->base, v->len);
	}
}

static void a_batch_that_is_planned_again_delivers_each_packet_once(void **state)
{
	struct pair *p = *state;
	struct xt_batch *in = p->b.batch;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	for (int i = 0; i < 3; i++) {
		struct xt_pkt *pkt = xt_batch_add(p->a.batch, 100);

		pkt->len = packet_write(pkt->data, &p->a, &p->b, 100);
	}
	xt_send_plan(p->a.dev, p->now, p->a.batch, p->a.tx);
	xt_send_plan(p->a.dev, p->now, p->a.batch, p->a.tx);
	assert_int_equal(p->a.batch->n_jobs, 3);
	packets_seal(p, &p->a);

	plan_received(p, &p->b,
		      &p->a); /* plans after each datagram, so the first one three times */
	xt_recv_plan(p->b.dev, p->now, in);
	assert_int_equal(in->n_jobs, 3);
	xt_aead_open(p->aead, in->jobs, in->n_jobs);
	xt_recv_finish(p->b.dev, p->now, in);
	xt_recv_finish(p->b.dev, p->now, in);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(in->pkts[i].verdict, XT_PASS);
		assert_int_equal(in->pkts[i].len, 100);
	}
	assert_int_equal(p->b.dev->peers->keypairs.current->pins, 0);
	assert_int_equal(p->a.dev->peers->keypairs.current->pins, 0);
	xt_batch_reset(in);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(T(the_first_packet_travels_with_the_first_handshake),
	  T(the_responder_sends_nothing_before_the_initiator_confirms),
	  T(both_may_begin_at_once_and_need_no_timer), T(a_spoofed_inner_source_is_dropped),
	  T(a_repeated_or_altered_datagram_is_dropped),
	  T(a_restarted_side_handshakes_on_data_for_a_lost_session),
	  T(a_batch_for_a_lost_session_counts_as_one_try),
	  T(a_bad_change_leaves_the_device_as_it_was), T(the_public_key_of_the_device_is_no_peer),
	  T(initiations_of_a_peer_are_accepted_20_ms_apart),
	  T(handshake_messages_carry_dscp_af41_and_data_does_not),
	  T(entries_for_one_peer_apply_in_order),
	  T(timestamps_never_reach_the_bound_nor_go_below_the_floor),
	  T(a_floor_behind_the_last_timestamp_leaves_none), T(an_idle_device_has_no_deadline),
	  T(padding_is_zero), T(padding_stays_within_the_mtu),
	  T(padding_stays_within_what_the_path_carries),
	  T(padding_stays_within_a_datagram_when_the_mtu_does_not),
	  T(a_packet_sent_just_before_the_key_expires_is_not_lost),
	  T(a_batch_that_is_planned_again_delivers_each_packet_once))
