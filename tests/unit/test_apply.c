/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Changes to a running device: identity and peers, with sessions and packets under way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "core/handshake.h"
#include "device_pair.h"
#include "test_main.h"

static void key_set(struct pair *p, struct end *e, const struct xt_private *key)
{
	struct xt_change c;

	xt_change_init(&c);
	c.set = XT_SET_PRIVATE_KEY;
	c.private_key = *key;
	assert_int_equal(xt_device_apply(e->dev, p->now, &c), 0);
	xt_change_clear(&c);
}

static struct xt_peer_report only_peer(struct pair *p, struct end *e)
{
	struct xt_peer_report peer;
	struct xt_report *r;

	assert_int_equal(xt_device_report(e->dev, p->now, &r), 0);
	assert_int_equal(r->n_peers, 1);
	peer = r->peers[0];
	xt_report_free(r);
	return peer;
}

/* How a session of a ends while its packets are between plan and finish. */
enum ending { END_KEY, END_REMOVED, END_RECREATED, ENDINGS };

static void session_end(struct pair *p, enum ending how)
{
	struct xt_private other = {{1}};
	struct xt_change c;

	if (how == END_KEY) {
		key_set(p, &p->a, &other);
		return;
	}
	xt_change_init(&c);
	xt_change_peer(&c, &p->b.pub)->set = XT_PEER_REMOVE;
	if (how == END_RECREATED)
		xt_change_peer(&c, &p->b.pub);
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
	xt_change_clear(&c);
}

static void session_begin(struct pair *p)
{
	end_configure(p, &p->a, &p->b);
	p->now.mono += XT_SECOND;
	p->now.wall += XT_SECOND;
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	assert_true(only_peer(p, &p->a).session);
}

/* What a message of the ended session must not have touched. */
static void assert_untouched(struct pair *p, const struct xt_report *before)
{
	struct xt_report *after;

	assert_int_equal(xt_device_report(p->a.dev, p->now, &after), 0);
	assert_int_equal(after->n_peers, before->n_peers);
	if (after->n_peers) {
		const struct xt_peer_report *x = &before->peers[0], *y = &after->peers[0];

		assert_int_equal(x->rx_bytes, y->rx_bytes);
		assert_int_equal(x->tx_bytes, y->tx_bytes);
		assert_int_equal(x->session, y->session);
		assert_memory_equal(&x->endpoint, &y->endpoint, sizeof(x->endpoint));
	}
	assert_int_equal(after->verdicts[XT_DROP_EXPIRED], before->verdicts[XT_DROP_EXPIRED] + 1);
	assert_int_equal(after->verdicts[XT_PASS], before->verdicts[XT_PASS]);
	xt_report_free(after);
}

static void a_session_that_ends_between_plan_and_finish_delivers_nothing(void **state)
{
	struct pair *p = *state;
	struct xt_path elsewhere = p->b.path;
	struct xt_report *before;

	elsewhere.remote.port++; /* nor may it move the endpoint */
	for (enum ending how = 0; how < ENDINGS; how++) {
		struct xt_pkt *in;
		uint64_t deadline;

		session_begin(p);
		packet_plan(p, &p->b, &p->a, 100);
		packets_seal(p, &p->b);
		in = datagram_plan(p, &p->a, &elsewhere, p->b.tx->vecs[0].base,
				   p->b.tx->vecs[0].len);
		assert_int_equal(in->verdict, XT_PASS);
		session_end(p, how);
		assert_int_equal(xt_device_report(p->a.dev, p->now, &before), 0);
		deadline = xt_device_deadline(p->a.dev);
		xt_aead_open(p->aead, p->a.batch->jobs, p->a.batch->n_jobs);
		assert_true(p->a.batch->jobs[0].ok);
		xt_recv_finish(p->a.dev, p->now, p->a.batch);
		assert_int_equal(in->verdict, XT_DROP_EXPIRED);
		assert_null(in->keypair);
		assert_untouched(p, before);
		assert_int_equal(xt_device_deadline(p->a.dev), deadline);
		assert_int_equal(p->a.dev->keypairs.live, 0);
		xt_report_free(before);
		xt_batch_reset(p->a.batch);
		xt_batch_reset(p->b.batch);
		xt_tx_reset(p->b.tx);
	}
}

static void a_session_that_ends_between_plan_and_finish_sends_nothing(void **state)
{
	struct pair *p = *state;
	struct xt_report *before;

	for (enum ending how = 0; how < ENDINGS; how++) {
		struct xt_pkt *pkt;
		uint64_t deadline;

		session_begin(p);
		pkt = packet_plan(p, &p->a, &p->b, 100);
		assert_int_equal(pkt->verdict, XT_PASS);
		session_end(p, how);
		assert_int_equal(xt_device_report(p->a.dev, p->now, &before), 0);
		deadline = xt_device_deadline(p->a.dev);
		packets_seal(p, &p->a);
		assert_int_equal(pkt->verdict, XT_DROP_EXPIRED);
		assert_int_equal(p->a.tx->n_vecs, 0);
		assert_untouched(p, before);
		assert_int_equal(xt_device_deadline(p->a.dev), deadline);
		assert_int_equal(p->a.dev->keypairs.live, 0);
		xt_report_free(before);
		xt_batch_reset(p->a.batch);
	}
}

static unsigned removals;

static void on_removed(void *ctx, const struct xt_peer *peer)
{
	(void)ctx;
	assert_int_equal(xt_peer_key(peer).b[0], 9);
	removals++;
}

/* Apply one or two entries for the peer with the key 9. */
static void entries_apply(struct pair *p, struct xt_device *dev, uint32_t set, uint32_t first,
			  bool again)
{
	struct xt_public key = {{9}};
	struct xt_change c;

	xt_change_init(&c);
	c.set = set;
	xt_change_peer(&c, &key)->set = first;
	if (again)
		xt_change_peer(&c, &key);
	assert_int_equal(xt_device_apply(dev, p->now, &c), 0);
	xt_change_clear(&c);
}

static void each_end_of_a_peer_is_reported(void **state)
{
	struct xt_env env = {.random = fill_random, .removed = on_removed};
	struct pair *p = *state;
	struct xt_device *dev;

	removals = 0;
	assert_int_equal(xt_device_new(&dev, &env), 0);
	entries_apply(p, dev, 0, 0, false);
	entries_apply(p, dev, 0, 0, false);
	assert_int_equal(removals, 0);
	entries_apply(p, dev, 0, XT_PEER_REMOVE, true);
	assert_int_equal(removals, 1);
	entries_apply(p, dev, XT_SET_REPLACE_PEERS, 0, false);
	assert_int_equal(removals, 2);
	entries_apply(p, dev, 0, XT_PEER_REMOVE, false);
	assert_int_equal(removals, 3);
	entries_apply(p, dev, 0, 0, false);
	xt_device_free(dev);
	assert_int_equal(removals, 4);
}

static void a_changed_key_lets_waiting_packets_go_at_once(void **state)
{
	struct pair *p = *state;
	struct xt_private other = {{1}};

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
	key_set(p, &p->a, &other); /* b does not know it */
	assert_false(only_peer(p, &p->a).session);
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
	p->now.mono += 100 * XT_MS; /* far less than REKEY_TIMEOUT */
	p->now.wall += 100 * XT_MS;
	key_set(p, &p->a, &p->a.key);
	pair_run(p);
	assert_int_equal(p->delivered, 2);
	assert_int_equal(only_peer(p, &p->a).staged, 0);
}

/* The order of `wg set`: peer, then key. Between them the keepalive comes due and is not sent. */
static void a_keepalive_waits_for_key_and_endpoint(void **state)
{
	struct pair *p = *state;
	struct xt_private none = {{0}}, other = {{1}};
	unsigned before;
	struct xt_change c;
	struct xt_peer_change *pc;

	key_set(p, &p->a, &none);
	xt_change_init(&c);
	pc = xt_change_peer(&c, &p->b.pub);
	pc->set = XT_PEER_KEEPALIVE;
	pc->keepalive_s = 25;
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
	xt_change_clear(&c);
	pair_run(p);
	assert_int_equal(xt_device_deadline(p->a.dev), XT_NEVER);
	p->now.mono += 3600 * XT_SECOND;
	p->now.wall += 3600 * XT_SECOND;
	key_set(p, &p->a, &p->a.key);
	pair_run(p);
	assert_true(only_peer(p, &p->a).session);
	assert_true(xt_device_deadline(p->a.dev) < XT_NEVER);
	p->now.mono += 26 * XT_SECOND;
	p->now.wall += 26 * XT_SECOND;
	pair_run(p);
	assert_int_equal(verdict_count(&p->b, XT_TAKEN_KEEPALIVE), 2);
	before = p->datagrams;
	key_set(p, &p->a, &other); /* another identity does not wait for the interval */
	pair_run(p);
	assert_int_equal(p->datagrams, before + 1);
}

/* A response to an initiation of the old identity finds nothing. */
static void a_changed_key_ends_the_open_handshake(void **state)
{
	static const struct xt_noise_handshake none;
	struct pair *p = *state;
	struct xt_private other = {{1}};
	struct xt_peer *peer = xt_device_peer(p->a.dev, &p->b.pub);

	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED);
	xt_device_tick(p->b.dev, p->now, p->b.tx); /* the response, on its way */
	assert_int_not_equal(peer->handshake_index, 0);
	key_set(p, &p->a, &other);
	assert_int_equal(peer->handshake_index, 0);
	assert_memory_equal(&peer->secret->handshake, &none, sizeof(none));
	tx_carry(p, &p->b, &p->a);
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(verdict_count(&p->a, XT_DROP_INDEX), 1);
	assert_false(only_peer(p, &p->a).session);
	xt_tx_reset(p->a.tx);
}

/* Keys are erased 540 s after the last session: an initiation that is open then is younger. */
static void erased_keys_keep_the_open_handshake_and_end_one_that_was_given_up(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = xt_device_peer(p->a.dev, &p->b.pub);

	for (int given_up = 0; given_up < 2; given_up++) {
		p->now.mono += 10 * XT_SECOND;
		p->now.wall += 10 * XT_SECOND;
		xt_handshake_start(p->a.dev, p->now, peer, false, p->a.tx);
		xt_tx_reset(p->a.tx);
		assert_int_not_equal(peer->handshake_index, 0);
		peer->timers.erase = p->now.mono;
		if (given_up)
			peer->timers.retransmit = XT_NEVER;
		xt_peer_mark_dirty(p->a.dev, peer);
		xt_peers_update_deadlines(p->a.dev);
		xt_device_tick(p->a.dev, p->now, p->a.tx);
		xt_tx_reset(p->a.tx);
		assert_int_equal(peer->handshake_index == 0, given_up);
	}
}

/* A keepalive of the old identity is no reason to call with the new one. */
static void a_changed_key_ends_a_keepalive_that_waits(void **state)
{
	struct pair *p = *state;
	struct xt_private other = {{1}};
	struct xt_peer *peer = xt_device_peer(p->a.dev, &p->b.pub);
	unsigned before;

	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	peer->keepalive_pending = true;
	xt_peer_set_tx_ready(p->a.dev, peer);
	key_set(p, &p->a, &other);
	before = p->datagrams;
	pair_run(p);
	assert_int_equal(p->datagrams, before);
	assert_int_equal(xt_device_deadline(p->a.dev), XT_NEVER);
}

/* Silence may mean that the local address no longer works: the next attempt lets the kernel
 * choose, a first one and a keepalive do not. */
static void a_repeated_initiation_lets_the_kernel_choose_the_source(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = xt_device_peer(p->a.dev, &p->b.pub);

	peer->path.local = p->a.path.remote.ip;
	peer->path.ifindex = 7;
	assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_STAGED);
	assert_int_equal(peer->path.ifindex, 7);
	xt_tx_reset(p->b.tx);
	p->now.mono += XT_REKEY_TIMEOUT + XT_REKEY_JITTER;
	p->now.wall += XT_REKEY_TIMEOUT + XT_REKEY_JITTER;
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(p->a.tx->n_runs, 1);
	assert_int_equal(p->a.tx->runs[0].path.local.family, 0);
	assert_int_equal(p->a.tx->runs[0].path.ifindex, 0);
	xt_tx_reset(p->a.tx);
}

static void more_entries_than_memory_can_have_change_nothing(void **state)
{
	static const size_t many[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, UINT32_MAX};
	struct pair *p = *state;
	struct xt_change c;

	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++) {
		xt_change_init(&c);
		c.set = XT_SET_REPLACE_PEERS;
		c.n_peers = many[i]; /* none of them is looked at */
		assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), XT_E_NOMEM);
	}
	assert_non_null(xt_device_peer(p->a.dev, &p->b.pub));
	key_set(p, &p->a, &p->a.key); /* changes go on */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(T(a_session_that_ends_between_plan_and_finish_delivers_nothing),
	  T(a_session_that_ends_between_plan_and_finish_sends_nothing),
	  T(each_end_of_a_peer_is_reported), T(a_changed_key_lets_waiting_packets_go_at_once),
	  T(a_keepalive_waits_for_key_and_endpoint), T(a_changed_key_ends_the_open_handshake),
	  T(erased_keys_keep_the_open_handshake_and_end_one_that_was_given_up),
	  T(a_changed_key_ends_a_keepalive_that_waits),
	  T(a_repeated_initiation_lets_the_kernel_choose_the_source),
	  T(more_entries_than_memory_can_have_change_nothing))
