/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* A change in slices: it ends where the same change in one go ends, and what packets see of it in
 * between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "core/apply.h"
#include "core/device_impl.h"
#include "device_pair.h"
#include "test_main.h"

#define KEYS   12u /* peers that a random change is about */
#define ROUNDS 3000

static uint32_t below(uint32_t n)
{
	return randombytes_uniform(n);
}

static void random_cidr(struct xt_cidr *cidr)
{
	memset(cidr, 0, sizeof(*cidr));
	cidr->ip = (struct xt_ip){.family = 4, .b = {10, 0, (uint8_t)below(4), (uint8_t)below(8)}};
	cidr->bits = (uint8_t)(below(40) ? 24 + below(9) : 33);
}

static void random_entry(struct xt_change *c)
{
	static const uint32_t bits[] = {XT_PEER_REMOVE,		XT_PEER_UPDATE_ONLY, XT_PEER_PSK,
					XT_PEER_ENDPOINT,	XT_PEER_KEEPALIVE,   XT_PEER_NAME,
					XT_PEER_REPLACE_ALLOWED};
	struct xt_public key = {{(uint8_t)below(KEYS), 1}};
	struct xt_peer_change *pc = xt_change_peer(c, &key);
	struct xt_cidr cidr;

	assert_non_null(pc);
	for (size_t i = 0; i < XT_LEN(bits); i++)
		if (below(4) == 0)
			pc->set |= bits[i];
	pc->psk.b[0] = (uint8_t)below(9);
	pc->endpoint.ip = (struct xt_ip){.family = 4, .b = {198, 18, 0, (uint8_t)below(3)}};
	pc->endpoint.port = (uint16_t)(1 + below(2));
	pc->keepalive_s = (uint16_t)below(3);
	snprintf(pc->name, sizeof(pc->name), "n%u", (unsigned)below(3));
	for (uint32_t n = below(3); n; n--) {
		random_cidr(&cidr);
		assert_int_equal(xt_change_allowed(pc, &cidr, below(4) == 0), 0);
	}
}

static void random_change(struct xt_change *c)
{
	xt_change_init(c);
	if (below(8) == 0)
		c->set |= XT_SET_REPLACE_PEERS;
	if (below(8) == 0)
		c->set |= XT_SET_LISTEN_PORT;
	if (below(6) == 0)
		c->set |= XT_SET_PRIVATE_KEY;
	c->listen_port = (uint16_t)below(5);
	c->private_key.b[1] = (uint8_t)below(3);
	for (uint32_t n = below(10); n; n--)
		random_entry(c);
}

static void assert_same_peers(const struct xt_report *a, const struct xt_report *b)
{
	assert_int_equal(a->n_peers, b->n_peers);
	for (size_t i = 0; i < a->n_peers; i++) {
		const struct xt_peer_report *x = &a->peers[i], *y = &b->peers[i];

		assert_memory_equal(&x->key, &y->key, sizeof(x->key));
		assert_memory_equal(&x->endpoint, &y->endpoint, sizeof(x->endpoint));
		assert_memory_equal(&x->psk, &y->psk, sizeof(x->psk));
		assert_string_equal(x->name, y->name);
		assert_int_equal(x->keepalive_s, y->keepalive_s);
		assert_int_equal(x->n_allowed, y->n_allowed);
		for (size_t k = 0; k < x->n_allowed; k++)
			assert_memory_equal(&a->allowed[x->first_allowed + k],
					    &b->allowed[y->first_allowed + k],
					    sizeof(struct xt_cidr));
	}
}

static void assert_same(struct pair *p)
{
	struct xt_report *a, *b;

	assert_int_equal(xt_device_report(p->a.dev, p->now, &a), 0);
	assert_int_equal(xt_device_report(p->b.dev, p->now, &b), 0);
	assert_int_equal(a->has_key, b->has_key);
	assert_memory_equal(&a->public_key, &b->public_key, sizeof(a->public_key));
	assert_int_equal(a->listen_port, b->listen_port);
	assert_same_peers(a, b);
	xt_report_free(a);
	xt_report_free(b);
}

/* What may happen between two slices: a packet to one of the networks, timers, an answer. */
static void traffic_interleave(struct pair *p)
{
	struct xt_candidate to = {.endpoint = {{.family = 4, .b = {198, 18, 0, 1}}, 1, 0}};
	struct xt_candidate_list list = {.v = &to, .n = 1, .hold_ns = 1};
	struct end dst = {.inner = {.family = 4, .b = {10, 0, (uint8_t)below(4), 3}}};
	struct xt_pkt *pkt = xt_batch_add(p->b.batch, 100);
	struct xt_public unknown = {{0xee}};

	pkt->len = packet_write(pkt->data, &p->b, &dst, 100);
	xt_send_plan(p->b.dev, p->now, p->b.batch, p->b.tx);
	xt_send_finish(p->b.dev, p->now, p->b.batch, p->b.tx);
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	assert_int_equal(xt_device_set_endpoints(p->b.dev, p->now, &unknown, &list), 0);
	xt_tx_reset(p->b.tx);
	xt_batch_reset(p->b.batch);
}

static int apply_sliced(struct pair *p, const struct xt_change *c)
{
	struct xt_apply apply;

	xt_apply_begin(&apply, p->b.dev, c);
	while (xt_apply_step(&apply, p->now, 1 + below(3))) {
		assert_int_equal(xt_device_apply(p->b.dev, p->now, c), XT_E_AGAIN);
		if (below(4) == 0)
			traffic_interleave(p);
	}
	assert_null(p->b.dev->applying);
	return apply.error;
}

static void random_changes_in_slices_end_as_in_one_go(void **state)
{
	struct pair *p = *state;
	struct xt_change empty;
	unsigned failed = 0;

	xt_change_init(&empty);
	empty.set = XT_SET_REPLACE_PEERS | XT_SET_PRIVATE_KEY | XT_SET_LISTEN_PORT;
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &empty), 0);
	assert_int_equal(xt_device_apply(p->b.dev, p->now, &empty), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct xt_change c;
		int rc;

		random_change(&c);
		rc = xt_device_apply(p->a.dev, p->now, &c);
		assert_int_equal(apply_sliced(p, &c), rc);
		assert_same(p);
		failed += rc != 0;
		xt_change_clear(&c);
		p->now.mono += XT_SECOND;
		p->now.wall += XT_SECOND;
	}
	assert_in_range(failed, 1, ROUNDS - 1);
}

/* Begin a change of count new peers and prepare all of them. */
static void peers_prepare(struct pair *p, struct xt_apply *apply, struct xt_change *c, uint8_t n)
{
	xt_change_init(c);
	for (uint8_t i = 0; i < n; i++) {
		struct xt_public key = {{i, 7}};
		struct xt_cidr net = {.ip = {.family = 4, .b = {10, 9, 0, i}}, .bits = 32};

		assert_int_equal(xt_change_allowed(xt_change_peer(c, &key), &net, false), 0);
	}
	xt_apply_begin(apply, p->a.dev, c);
	assert_true(xt_apply_step(apply, p->now, n));
}

static unsigned peers_seen(struct pair *p, uint8_t n)
{
	unsigned seen = 0;

	for (uint8_t i = 0; i < n; i++) {
		struct xt_public key = {{i, 7}};
		struct xt_ip ip = {.family = 4, .b = {10, 9, 0, i}};
		bool known = xt_device_peer(p->a.dev, &key) != NULL;

		assert_int_equal(known, xt_device_route(p->a.dev, &ip) != NULL);
		seen += known;
	}
	return seen;
}

static void new_peers_are_seen_one_by_one_and_whole(void **state)
{
	struct pair *p = *state;
	struct xt_apply apply;
	struct xt_change c;
	unsigned seen = 0;

	peers_prepare(p, &apply, &c, 20);
	assert_int_equal(peers_seen(p, 20), 0);
	while (xt_apply_step(&apply, p->now, 1)) {
		assert_in_range(peers_seen(p, 20), seen, seen + 1);
		seen = peers_seen(p, 20);
	}
	assert_int_equal(seen, 20);
	xt_change_clear(&c);
}

static void a_refused_change_is_never_seen(void **state)
{
	struct pair *p = *state;
	struct xt_apply apply;
	struct xt_change c;

	peers_prepare(p, &apply, &c, 20);
	c.peers[19].allowed[0].cidr.bits = 33;
	apply.at = 19; /* as if it had been so from the start */
	while (xt_apply_step(&apply, p->now, 1))
		assert_int_equal(peers_seen(p, 20), 0);
	assert_int_equal(apply.error, XT_E_INVALID);
	assert_int_equal(peers_seen(p, 20), 0);
	assert_int_equal(p->a.dev->n_peers, 1);
	xt_change_clear(&c);
}

/* Step a's change to another key until it is in force, and no further. */
static void key_switch(struct pair *p, struct xt_apply *apply, struct xt_change *c)
{
	xt_change_init(c);
	c->set = XT_SET_PRIVATE_KEY;
	c->private_key = (struct xt_private){{1}};
	xt_apply_begin(apply, p->a.dev, c);
	while (!apply->switched)
		assert_true(xt_apply_step(apply, p->now, 1));
}

static void apply_finish(struct pair *p, struct xt_apply *apply, struct xt_change *c)
{
	while (xt_apply_step(apply, p->now, 1))
		;
	assert_int_equal(apply->error, 0);
	xt_change_clear(c);
}

static void session_make(struct pair *p)
{
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
}

static void a_new_identity_ends_sessions_before_a_peer_is_reached(void **state)
{
	struct pair *p = *state;
	struct xt_apply apply;
	struct xt_change c;

	session_make(p);
	key_switch(p, &apply, &c);
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED);
	assert_int_equal(p->a.dev->keypairs.live, 0);
	assert_int_equal(packet_send(p, &p->b, &p->a, 100), XT_PASS); /* b knows nothing yet */
	assert_int_equal(p->delivered, 1);
	apply_finish(p, &apply, &c);
	assert_int_equal(p->delivered, 1);
}

static void a_message_for_a_session_of_the_former_identity_is_dropped(void **state)
{
	struct pair *p = *state;
	struct xt_apply apply;
	struct xt_change c;
	uint64_t before;

	session_make(p);
	before = verdict_count(&p->a, XT_DROP_INDEX);
	key_switch(p, &apply, &c);
	assert_int_equal(packet_send(p, &p->b, &p->a, 100), XT_PASS);
	assert_int_equal(p->delivered, 1);
	assert_int_equal(verdict_count(&p->a, XT_DROP_INDEX), before + 1);
	apply_finish(p, &apply, &c);
}

/* Between plan and finish, while a worker seals or opens. */
static void packets_under_way_end_with_the_former_identity(void **state)
{
	struct pair *p = *state;
	struct xt_apply apply;
	struct xt_change c;
	struct xt_pkt *out;

	session_make(p);
	packet_plan(p, &p->b, &p->a, 100);
	packets_seal(p, &p->b);
	out = packet_plan(p, &p->a, &p->b, 100);
	assert_int_equal(out->verdict, XT_PASS);
	key_switch(p, &apply, &c);
	packets_seal(p, &p->a);
	assert_int_equal(out->verdict, XT_DROP_EXPIRED);
	assert_int_equal(p->a.tx->n_vecs, 0);
	apply_finish(p, &apply, &c);
	assert_int_equal(p->a.dev->keypairs.live, 0);
	xt_batch_reset(p->a.batch);
}

static void a_received_packet_under_way_ends_with_the_former_identity(void **state)
{
	struct pair *p = *state;
	struct xt_apply apply;
	struct xt_change c;
	struct xt_pkt *pkt;

	session_make(p);
	packet_plan(p, &p->b, &p->a, 100);
	packets_seal(p, &p->b);
	pkt = datagram_plan(p, &p->a, &p->b.path, p->b.tx->vecs[0].base, p->b.tx->vecs[0].len);
	assert_int_equal(pkt->verdict, XT_PASS);
	key_switch(p, &apply, &c);
	xt_aead_open(p->aead, p->a.batch->jobs, p->a.batch->n_jobs);
	xt_recv_finish(p->a.dev, p->now, p->a.batch);
	assert_int_equal(pkt->verdict, XT_DROP_EXPIRED);
	apply_finish(p, &apply, &c);
	xt_batch_reset(p->a.batch);
	xt_batch_reset(p->b.batch);
	xt_tx_reset(p->b.tx);
}

/* Tell b the key that key_switch gives a. */
static void peer_switch(struct pair *p)
{
	const struct xt_private key = {{1}};
	struct xt_public pub;
	struct xt_change c;
	struct xt_peer_change *pc;
	struct xt_cidr net = {.ip = p->a.inner, .bits = 32};

	crypto_scalarmult_base(pub.b, key.b);
	xt_change_init(&c);
	c.set = XT_SET_REPLACE_PEERS;
	pc = xt_change_peer(&c, &pub);
	pc->set = XT_PEER_ENDPOINT;
	pc->endpoint = p->a.path.remote;
	assert_int_equal(xt_change_allowed(pc, &net, false), 0);
	assert_int_equal(xt_device_apply(p->b.dev, p->now, &c), 0);
	xt_change_clear(&c);
}

/* b knows the new key of a already: one of them calls the other, and is answered at once, although
 * the change reaches the peer only after it has a session of the new identity. */
static void new_identity_check(struct pair *p, struct end *from, struct end *to)
{
	struct xt_apply apply;
	struct xt_change c;

	session_make(p);
	key_switch(p, &apply, &c);
	peer_switch(p);
	assert_int_equal(packet_send(p, from, to, 100), XT_STAGED);
	pair_run(p);
	assert_int_equal(p->delivered, 2);
	apply_finish(p, &apply, &c);
	assert_int_equal(packet_send(p, from, to, 100), XT_PASS);
	assert_int_equal(p->delivered, 3);
}

static void a_session_of_the_new_identity_outlives_the_rest_of_the_change(void **state)
{
	struct pair *p = *state;

	new_identity_check(p, &p->a, &p->b);
}

static void an_answer_to_an_initiation_of_the_former_identity_is_dropped(void **state)
{
	struct pair *p = *state;
	struct xt_apply apply;
	struct xt_change c;

	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED); /* b answers in its tick */
	key_switch(p, &apply, &c);
	traffic_send(p, &p->b, &p->a);
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(p->a.dev->keypairs.live, 0);
	xt_tx_reset(p->a.tx);
	apply_finish(p, &apply, &c);
	assert_int_equal(p->delivered, 0);
}

static void an_initiation_to_the_new_identity_is_answered_at_once(void **state)
{
	struct pair *p = *state;

	new_identity_check(p, &p->b, &p->a);
}

/* The timers of the former identity's handshake send nothing, and a packet that waited for it goes
 * with a handshake of the new one. */
static void timers_follow_the_new_identity(void **state)
{
	struct pair *p = *state;
	struct xt_apply apply;
	struct xt_change c;

	peer_switch(p); /* the initiation under the former key is not answered */
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED);
	pair_run(p);
	assert_int_equal(p->delivered, 0);
	key_switch(p, &apply, &c);
	p->now.mono += 6 * XT_SECOND;
	p->now.wall += 6 * XT_SECOND;
	pair_run(p);
	assert_int_equal(p->delivered, 1);
	apply_finish(p, &apply, &c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(T(random_changes_in_slices_end_as_in_one_go), T(new_peers_are_seen_one_by_one_and_whole),
	  T(a_refused_change_is_never_seen),
	  T(a_new_identity_ends_sessions_before_a_peer_is_reached),
	  T(a_message_for_a_session_of_the_former_identity_is_dropped),
	  T(packets_under_way_end_with_the_former_identity),
	  T(a_received_packet_under_way_ends_with_the_former_identity),
	  T(a_session_of_the_new_identity_outlives_the_rest_of_the_change),
	  T(an_answer_to_an_initiation_of_the_former_identity_is_dropped),
	  T(an_initiation_to_the_new_identity_is_answered_at_once),
	  T(timers_follow_the_new_identity))
