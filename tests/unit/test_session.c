/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Sessions in use: the order of packets, jobs, counters, and the early rekey of the receiver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "device_pair.h"
#include "test_main.h"

/* A job that stayed in its batch would be sealed again, two plaintexts under one nonce. */
static void finish_uses_the_jobs_up(void **state)
{
	struct pair *p = *state;
	struct xt_pkt *pkt;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	pkt = packet_plan(p, &p->a, &p->b, 100);
	assert_int_equal(p->a.batch->n_jobs, 1);
	packets_seal(p, &p->a);
	assert_int_equal(p->a.batch->n_jobs, 0);
	pkt = datagram_plan(p, &p->b, &p->a.path, p->a.tx->vecs[0].base, p->a.tx->vecs[0].len);
	assert_int_equal(p->b.batch->n_jobs, 1);
	xt_aead_open(p->aead, p->b.batch->jobs, p->b.batch->n_jobs);
	xt_recv_finish(p->b.dev, p->now, p->b.batch);
	assert_int_equal(pkt->verdict, XT_PASS);
	assert_int_equal(p->b.batch->n_jobs, 0);
	xt_batch_reset(p->a.batch);
	xt_batch_reset(p->b.batch);
	xt_tx_reset(p->a.tx);
}

static void packets_do_not_overtake_staged_ones(void **state)
{
	struct pair *p = *state;

	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED);
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	tx_carry(p, &p->b, &p->a); /* the response */
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_non_null(xt_device_peer(p->a.dev, &p->b.pub)->keypairs.current);
	assert_int_equal(packet_send(p, &p->a, &p->b, 200), XT_STAGED);
	assert_int_equal(p->delivered, 0);
	pair_run(p);
	assert_int_equal(p->delivered, 2);
	assert_int_equal(p->last_len, 200);
	assert_int_equal(packet_send(p, &p->a, &p->b, 300), XT_PASS);
}

/* Or the handshake after one that was given up would be given up at its first retry. */
static void a_new_handshake_has_all_its_attempts(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = xt_device_peer(p->a.dev, &p->b.pub);

	peer->timers.attempts = XT_ATTEMPTS_MAX;
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED);
	assert_int_equal(peer->timers.attempts, 0);
	p->now.mono += XT_REKEY_TIMEOUT + XT_REKEY_JITTER;
	p->now.wall += XT_REKEY_TIMEOUT + XT_REKEY_JITTER;
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(peer->timers.attempts, 1); /* a retry counts */
	xt_tx_reset(p->a.tx);
}

static void a_packet_that_no_datagram_carries_is_refused(void **state)
{
	const uint32_t most = XT_DATAGRAM_MAX - XT_HEADROOM - XT_TAG_LEN;
	struct pair *p = *state;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	assert_int_equal(packet_send(p, &p->a, &p->b, most), XT_PASS);
	assert_int_equal(packet_send(p, &p->a, &p->b, most + 1), XT_DROP_TOO_BIG);
	assert_int_equal(p->last_len, most);
}

/* Paper 6.1: refused by its header alone, before it is opened. */
static void a_counter_beyond_the_last_is_refused(void **state)
{
	struct pair *p = *state;
	struct xt_keypair *kp;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	kp = xt_device_peer(p->b.dev, &p->a.pub)->keypairs.current;
	for (unsigned i = 0; i < 2; i++) {
		struct xt_pkt *pkt = xt_batch_add(p->b.batch, 100);
		struct xt_msg_data head = {.type = xt_le32_of(XT_MSG_DATA),
					   .receiver = xt_le32_of(kp->local_index),
					   .counter = xt_le64_of(XT_REJECT_AFTER_MESSAGES - 1 + i)};

		memset(pkt->data, 0, 48);
		memcpy(pkt->data, &head, sizeof(head));
		pkt->len = 48;
		pkt->from = &p->a.path;
		xt_recv_plan(p->b.dev, p->now, p->b.batch);
		assert_int_equal(pkt->verdict, i ? XT_DROP_EXPIRED : XT_PASS);
		xt_aead_open(p->aead, p->b.batch->jobs, p->b.batch->n_jobs);
		xt_recv_finish(p->b.dev, p->now, p->b.batch);
		assert_int_equal(pkt->verdict, i ? XT_DROP_EXPIRED : XT_DROP_AUTH);
		xt_batch_reset(p->b.batch);
	}
	assert_int_equal(verdict_count(&p->b, XT_DROP_AUTH), 1);
}

/* Paper 6.2: the initiator that only receives rekeys once; what comes in while that handshake is
 * in flight is no reason for another one. */
static void packet_of_responder(struct pair *p)
{
	struct xt_peer *a = xt_device_peer(p->b.dev, &p->a.pub);

	a->timers.last_initiation = p->now.mono; /* it does not rekey itself */
	assert_int_equal(packet_send(p, &p->b, &p->a, 100), XT_PASS);
}

static void a_receiving_initiator_asks_for_one_early_rekey(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = xt_device_peer(p->a.dev, &p->b.pub);
	unsigned before;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	p->now.mono += 166 * XT_SECOND;
	p->now.wall += 166 * XT_SECOND;
	packet_of_responder(p);
	assert_int_equal(peer->timers.start, p->now.mono);
	before = p->datagrams;
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(p->a.tx->n_vecs, 1);
	xt_tx_reset(p->a.tx);	       /* the initiation is lost */
	for (int i = 0; i < 55; i++) { /* 5 s of REKEY_TIMEOUT, and more */
		p->now.mono += 91 * XT_MS;
		p->now.wall += 91 * XT_MS;
		packet_of_responder(p);
		assert_int_equal(peer->timers.start, XT_NEVER);
	}
	assert_int_equal(p->datagrams - before, 55);
	assert_int_equal(peer->timers.attempts, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(T(finish_uses_the_jobs_up), T(packets_do_not_overtake_staged_ones),
	  T(a_new_handshake_has_all_its_attempts), T(a_packet_that_no_datagram_carries_is_refused),
	  T(a_counter_beyond_the_last_is_refused),
	  T(a_receiving_initiator_asks_for_one_early_rekey))
