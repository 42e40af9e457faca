/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Datagrams that adjoin each other in memory, as UDP_GRO returns them, and echo replies to what
 * they carry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/device_impl.h"
#include "device_pair.h"
#include "packet/checksum.h"
#include "packet/echo_responder.h"
#include "packet/room.h"
#include "test_main.h"

#define REQUESTS 20

/* An echo request of len bytes from e to to. */
static void request_write(uint8_t *at, const struct end *e, const struct end *to, uint32_t len)
{
	packet_write(at, e, to, len);
	at[9] = 1;
	memset(at + 20, 0, 8);
	at[20] = 8;
	xt_be16_put(at + 10, xt_checksum(at, 20));
	xt_be16_put(at + 22, xt_checksum(at + 20, len - 20));
}

/* Seal REQUESTS packets of len bytes that are padded to mtu at most; the datagrams, one behind the
 * other, to wire. Returns the length of each. */
static uint32_t requests_send(struct pair *p, uint32_t len, uint32_t mtu, uint8_t *wire)
{
	struct xt_batch *out = p->a.batch;
	uint32_t segment = 0;

	xt_device_set_mtu(p->a.dev, mtu);
	for (int i = 0; i < REQUESTS; i++) {
		struct xt_pkt *pkt = xt_batch_add(out, len);

		request_write(pkt->data, &p->a, &p->b, len);
		pkt->len = len;
	}
	xt_send_plan(p->a.dev, p->now, out, p->a.tx);
	xt_aead_seal(p->aead, out->jobs, out->n_jobs);
	xt_send_finish(p->a.dev, p->now, out, p->a.tx);
	assert_int_equal(p->a.tx->n_vecs, REQUESTS);
	for (int i = 0; i < REQUESTS; i++) {
		const struct xt_vec *v = &p->a.tx->vecs[i];

		segment = (uint32_t)v->len;
		memcpy(wire + (uint32_t)i * segment, v->base, segment);
	}
	xt_tx_reset(p->a.tx);
	xt_batch_reset(out);
	return segment;
}

/* B answers them where they lie, with padding up to mtu, and A gets all replies. Returns how many
 * of the replies were copied. */
static uint32_t requests_answer(struct pair *p, uint32_t segment, uint32_t mtu, uint8_t *wire)
{
	const struct xt_echo_local local = {.cidr = {p->b.inner, 24}};
	struct xt_echo *echo;
	struct xt_batch *in = p->b.batch, *replies;
	uint32_t copied = 0;

	assert_int_equal(xt_batch_new(&replies, REQUESTS, 4 * XT_SLOT_MAX), 0);
	assert_int_equal(
	    xt_echo_new(&echo, &(struct xt_echo_config){.sides = 2, .local = &local, .n_local = 1}),
	    0);
	xt_device_set_mtu(p->b.dev, mtu);
	for (uint32_t i = 0; i < REQUESTS; i++)
		xt_batch_view_bare(in, wire + i * segment, segment)->from = &p->a.path;
	xt_recv_plan(p->b.dev, p->now, in);
	xt_aead_open(p->aead, in->jobs, in->n_jobs);
	xt_recv_finish(p->b.dev, p->now, in);
	xt_echo_process(echo, XT_ECHO_SIDE_PEER, p->now.mono, in, replies, replies);
	assert_int_equal(replies->n, REQUESTS);
	for (uint32_t i = 0; i < REQUESTS; i++)
		copied += replies->pkts[i].data != in->pkts[i].data;
	xt_send_plan(p->b.dev, p->now, replies, p->b.tx);
	xt_aead_seal(p->aead, replies->jobs, replies->n_jobs);
	xt_send_finish(p->b.dev, p->now, replies, p->b.tx);
	p->delivered = 0;
	tx_carry(p, &p->b, &p->a);
	assert_int_equal(p->delivered, REQUESTS);
	assert_int_equal(verdict_count(&p->a, XT_DROP_AUTH), 0);
	xt_batch_free(replies);
	xt_echo_free(echo);
	return copied;
}

static uint32_t exchange(struct pair *p, uint32_t len, uint32_t mtu_a, uint32_t mtu_b)
{
	static uint8_t wire[REQUESTS * 2048];
	uint32_t segment;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	segment = requests_send(p, len, mtu_a, wire);
	return requests_answer(p, segment, mtu_b, wire);
}

static void replies_in_place_leave_the_next_datagram_alone(void **state)
{
	assert_int_equal(exchange(*state, 84, 1420, 1420), 0);
}

static void a_reply_that_is_padded_further_than_its_request_is_copied(void **state)
{
	assert_int_equal(exchange(*state, 1420, 1420, 9000), REQUESTS);
}

/* A peer may leave out the padding: here by an MTU of just the packet's length. */
static void requests_without_padding_are_answered(void **state)
{
	for (uint32_t len = 84; len < 100; len++)
		assert_int_equal(exchange(*state, len, len, 1420), len % 16 ? REQUESTS : 0);
}

static void a_view_says_what_room_it_has(void **state)
{
	struct pair *p = *state;
	struct xt_batch *batch = p->a.batch;
	uint8_t bytes[200];
	struct xt_pkt *pkt = xt_batch_view(batch, bytes + XT_HEADROOM, 100);

	assert_true(xt_pkt_has_room(pkt, 100));
	pkt = xt_batch_alias(p->b.batch, pkt);
	assert_true(xt_pkt_has_room(pkt, 100));
	pkt = xt_batch_view_bare(batch, bytes, 100);
	assert_false(xt_pkt_has_room(pkt, 0));
	pkt->room.head = XT_HEADROOM;
	assert_true(xt_pkt_has_room(pkt, 64));
	assert_false(xt_pkt_has_room(pkt, 65));
	pkt = xt_batch_add(batch, 100);
	assert_true(xt_pkt_has_room(pkt, 100));
	pkt->len = 20;
	xt_batch_trim(batch);
	assert_true(xt_pkt_has_room(pkt, 20));
	pkt = xt_batch_add(batch, XT_PACKET_MAX);
	assert_true(xt_pkt_has_room(pkt, XT_PACKET_MAX));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(T(replies_in_place_leave_the_next_datagram_alone),
	  T(a_reply_that_is_padded_further_than_its_request_is_copied),
	  T(requests_without_padding_are_answered), T(a_view_says_what_room_it_has))
