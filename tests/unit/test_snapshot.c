/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* A device that goes on as another one, from its snapshot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/apply.h"
#include "core/device_impl.h"
#include "core/mtu_probe.h"
#include "core/snapshot.h"
#include "device_pair.h"
#include "seed.h"

static struct xt_secbuf snapshot_take(const struct pair *p, struct xt_device *dev)
{
	struct xt_secbuf buf = XT_SECBUF_INIT(XT_SECBUF_MAX);

	assert_int_equal(xt_snapshot_encode(dev, p->now, &buf), 0);
	return buf;
}

static int snapshot_read(const struct pair *p, const struct xt_secbuf *buf, struct xt_device **out)
{
	struct xt_env env = {.random = fill_random};

	return xt_snapshot_decode(out, &env, p->now, buf->p, buf->len, NULL);
}

/* e goes on as another device; the one before is returned. */
static struct xt_device *end_replace(struct pair *p, struct end *e)
{
	struct xt_secbuf buf = snapshot_take(p, e->dev);
	struct xt_device *before = e->dev;

	assert_int_equal(snapshot_read(p, &buf, &e->dev), 0);
	xt_secbuf_clear(&buf);
	return before;
}

static void counters_take_back(struct xt_device *dev)
{
	for (struct xt_peer *peer = dev->peers; peer; peer = peer->next) {
		struct xt_keypair *slots[] = {peer->keypairs.current, peer->keypairs.previous,
					      peer->keypairs.next};

		for (size_t i = 0; i < XT_LEN(slots); i++)
			if (slots[i])
				slots[i]->send_counter -= XT_SNAPSHOT_SKIP;
	}
}

static void reports_equal(const struct pair *p, struct xt_device *a, struct xt_device *b)
{
	struct xt_report *r, *s;

	assert_int_equal(xt_device_report(a, p->now, &r), 0);
	assert_int_equal(xt_device_report(b, p->now, &s), 0);
	assert_int_equal(r->n_peers, s->n_peers);
	assert_int_equal(r->n_allowed, s->n_allowed);
	assert_int_equal(r->n_candidates, s->n_candidates);
	assert_int_equal(r->has_key, s->has_key);
	assert_memory_equal(&r->public_key, &s->public_key, sizeof(r->public_key));
	assert_memory_equal(&r->private_key, &s->private_key, sizeof(r->private_key));
	assert_int_equal(r->listen_port, s->listen_port);
	assert_int_equal(r->fwmark, s->fwmark);
	assert_int_equal(r->under_load, s->under_load);
	assert_memory_equal(r->verdicts, s->verdicts, sizeof(r->verdicts));
	assert_memory_equal(&r->facts, &s->facts, sizeof(r->facts));
	/* The items were allocated as zeros or copied whole: padding is equal. */
	assert_memory_equal(r->peers, s->peers, r->n_peers * sizeof(*r->peers));
	for (size_t i = 0; i < r->n_allowed; i++) {
		assert_memory_equal(&r->allowed[i].ip, &s->allowed[i].ip, sizeof(struct xt_ip));
		assert_int_equal(r->allowed[i].bits, s->allowed[i].bits);
	}
	for (size_t i = 0; i < r->n_candidates; i++) {
		assert_int_equal(r->candidates[i].state, s->candidates[i].state);
		assert_int_equal(r->candidates[i].hold_ns, s->candidates[i].hold_ns);
		assert_memory_equal(&r->candidates[i].endpoint, &s->candidates[i].endpoint,
				    sizeof(struct xt_endpoint));
	}
	xt_report_free(r);
	xt_report_free(s);
}

/* For the corpus of tests/fuzz/fuzz_snapshot.c: XT_SNAPSHOT_DIR gets what is checked here. */
static void snapshot_keep(const struct xt_secbuf *buf)
{
	const char *dir = getenv("XT_SNAPSHOT_DIR");
	static unsigned n;
	char path[256];
	FILE *f;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%03u", dir, n++);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(buf->p, 1, buf->len, f), buf->len);
	assert_int_equal(fclose(f), 0);
}

/* What holds of every snapshot: decoded and encoded again it is the same, and so are the reports.
 */
static void snapshot_check(struct pair *p, struct xt_device *dev)
{
	struct xt_secbuf buf = snapshot_take(p, dev), again;
	struct xt_device *copy;

	snapshot_keep(&buf);
	assert_int_equal(snapshot_read(p, &buf, &copy), 0);
	assert_int_equal(xt_device_deadline(copy), xt_device_deadline(dev));
	counters_take_back(copy);
	again = snapshot_take(p, copy);
	assert_int_equal(again.len, buf.len);
	assert_memory_equal(again.p, buf.p, buf.len);
	reports_equal(p, dev, copy);
	xt_secbuf_clear(&buf);
	xt_secbuf_clear(&again);
	xt_device_free(copy);
}

static void session_open(struct pair *p)
{
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
	packet_send(p, &p->b, &p->a, 100);
	assert_int_equal(p->delivered, 2);
}

static uint64_t next_counter(const struct end *e)
{
	return e->dev->peers->keypairs.current->send_counter;
}

static void packets_pass_in_both_directions_without_a_handshake(void **state)
{
	struct pair *p = *state;

	session_open(p);
	xt_device_free(end_replace(p, &p->a));
	assert_int_equal(packet_send(p, &p->a, &p->b, 200), XT_PASS);
	packet_send(p, &p->b, &p->a, 300);
	assert_int_equal(p->delivered, 4);
	xt_device_free(end_replace(p, &p->b));
	packet_send(p, &p->a, &p->b, 200);
	assert_int_equal(packet_send(p, &p->b, &p->a, 300), XT_PASS);
	assert_int_equal(p->delivered, 6);
	pair_run(p);
	assert_int_equal(verdict_count(&p->a, XT_TAKEN_HANDSHAKE), 1);
	assert_int_equal(verdict_count(&p->b, XT_TAKEN_HANDSHAKE), 1);
}

static void no_counter_is_used_by_both_devices(void **state)
{
	struct pair *p = *state;
	struct end old;
	uint64_t before;

	session_open(p);
	before = next_counter(&p->a);
	old = p->a;
	old.dev = end_replace(p, &p->a);
	assert_int_equal(next_counter(&p->a), before + XT_SNAPSHOT_SKIP);
	/* All that a send queue may hold leaves the old one afterwards. */
	for (unsigned i = 0; i < XT_SNAPSHOT_SKIP; i++)
		packet_send(p, &old, &p->b, 60);
	assert_int_equal(next_counter(&old), next_counter(&p->a));
	p->delivered = 0;
	packet_send(p, &p->a, &p->b, 60);
	assert_int_equal(p->delivered, 1);
	assert_int_equal(verdict_count(&p->b, XT_DROP_REPLAY), 0);
	xt_device_free(old.dev);
}

static void what_is_under_way_from_the_old_device_is_accepted_behind_the_new_one(void **state)
{
	struct pair *p = *state;
	struct end old;
	struct xt_pkt *pkt;
	uint8_t late[256];
	size_t len;

	session_open(p);
	pkt = packet_plan(p, &p->a, &p->b, 100);
	packets_seal(p, &p->a);
	assert_int_equal(pkt->verdict, XT_PASS);
	len = p->a.tx->vecs[0].len;
	memcpy(late, p->a.tx->vecs[0].base, len);
	xt_tx_reset(p->a.tx);
	xt_batch_reset(p->a.batch);
	old = p->a;
	old.dev = end_replace(p, &p->a);
	packet_send(p, &p->a, &p->b, 100);
	p->delivered = 0;
	datagram_receive(p, &p->b, &p->a, late, len);
	assert_int_equal(p->delivered, 1);
	xt_device_free(old.dev);
}

static void a_replay_is_refused_by_the_new_device(void **state)
{
	struct pair *p = *state;
	uint8_t copy[256];
	size_t len;

	session_open(p);
	packet_plan(p, &p->b, &p->a, 100);
	packets_seal(p, &p->b);
	len = p->b.tx->vecs[0].len;
	memcpy(copy, p->b.tx->vecs[0].base, len);
	tx_carry(p, &p->b, &p->a);
	assert_int_equal(p->delivered, 3);
	xt_device_free(end_replace(p, &p->a));
	datagram_receive(p, &p->a, &p->b, copy, len);
	assert_int_equal(p->delivered, 3);
	assert_int_equal(verdict_count(&p->a, XT_DROP_REPLAY), 1);
}

static void a_full_replay_window_takes_few_bytes(void **state)
{
	struct pair *p = *state;
	struct xt_secbuf buf;
	size_t before;

	session_open(p);
	buf = snapshot_take(p, p->a.dev);
	before = buf.len;
	xt_secbuf_clear(&buf);
	for (unsigned i = 0; i < 3 * XT_REPLAY_PACKETS; i++)
		packet_send(p, &p->b, &p->a, 60);
	buf = snapshot_take(p, p->a.dev);
	assert_in_range(buf.len, before, before + 40);
	xt_secbuf_clear(&buf);
	snapshot_check(p, p->a.dev);
}

static void an_initiation_under_way_completes(void **state)
{
	struct pair *p = *state;

	packet_plan(p, &p->a, &p->b, 100); /* staged; the initiation lies in the tx */
	assert_int_equal(p->a.tx->n_vecs, 1);
	snapshot_check(p, p->a.dev);
	xt_device_free(end_replace(p, &p->a));
	tx_carry(p, &p->a, &p->b);
	pair_run(p);
	assert_int_equal(p->delivered, 1); /* the staged packet */
	assert_int_equal(p->last_len, 100);
	assert_int_equal(verdict_count(&p->a, XT_TAKEN_HANDSHAKE), 1);
	assert_int_equal(verdict_count(&p->b, XT_TAKEN_HANDSHAKE), 1);
}

static void a_queued_handshake_message_is_answered_by_the_new_device(void **state)
{
	struct pair *p = *state;

	packet_plan(p, &p->a, &p->b, 100);
	tx_carry(p, &p->a, &p->b);
	assert_int_equal(p->b.dev->queue.n, 1);
	snapshot_check(p, p->b.dev);
	xt_device_free(end_replace(p, &p->b));
	pair_run(p);
	assert_int_equal(p->delivered, 1);
}

static void a_session_that_the_initiator_has_not_confirmed_goes_on(void **state)
{
	struct pair *p = *state;

	packet_plan(p, &p->a, &p->b, 100);
	tx_carry(p, &p->a, &p->b);
	xt_device_tick(p->b.dev, p->now, p->b.tx); /* the response */
	assert_non_null(p->b.dev->peers->keypairs.next);
	snapshot_check(p, p->b.dev);
	xt_device_free(end_replace(p, &p->b));
	tx_carry(p, &p->b, &p->a);
	pair_run(p);
	assert_int_equal(p->delivered, 1);
}

static void a_rekey_comes_when_it_would_have_come(void **state)
{
	struct pair *p = *state;
	struct end *e = &p->a;

	session_open(p);
	p->now.mono += 119 * XT_SECOND;
	xt_device_free(end_replace(p, e));
	packet_send(p, e, &p->b, 100);
	pair_run(p);
	assert_int_equal(verdict_count(e, XT_TAKEN_HANDSHAKE), 1);
	p->now.mono += XT_SECOND;
	packet_send(p, e, &p->b, 100);
	pair_run(p);
	assert_int_equal(verdict_count(e, XT_TAKEN_HANDSHAKE), 2);
}

static void timestamps_go_on_growing(void **state)
{
	struct pair *p = *state;
	uint8_t msg[XT_QUEUED_LEN];
	uint64_t least;

	packet_plan(p, &p->a, &p->b, 100);
	assert_int_equal(p->a.tx->vecs[0].len, sizeof(msg));
	memcpy(msg, p->a.tx->vecs[0].base, sizeof(msg));
	tx_carry(p, &p->a, &p->b);
	pair_run(p);
	p->now.mono += XT_SECOND;
	xt_device_free(end_replace(p, &p->b));
	datagram_receive(p, &p->b, &p->a, msg, sizeof(msg)); /* a copy of one that was accepted */
	pair_run(p);
	assert_int_equal(verdict_count(&p->b, XT_DROP_HANDSHAKE_OLD), 1);
	least = p->a.dev->peers->timestamp_next;
	xt_device_free(end_replace(p, &p->a));
	assert_int_equal(p->a.dev->peers->timestamp_next, least);
	assert_int_equal(xt_device_timestamp(p->a.dev), least);
}

/* Configuration of every kind, and the traces of all sorts of traffic. */
static void peer_fill(struct pair *p, struct xt_device *dev)
{
	const struct xt_candidate list[] = {
	    {.endpoint = {.ip = {4, {198, 18, 0, 2}}, .port = 51820}},
	    {.endpoint = {.ip = {6, {0x20, 1}}, .port = 9}, .entry = 1},
	};
	const struct xt_candidate_list endpoints = {
	    .v = list, .n = 2, .hold_ns = 300 * XT_SECOND, .configured = true, .changes = true};
	const struct xt_cidr nets[] = {{{4, {10, 9, 8, 0}}, 22}, {{6, {0xfd}}, 7}, {{6, {0}}, 0}};
	const struct xt_cidr local = {{4, {10, 7, 0, 1}}, 24};
	const struct xt_ip router = {4, {192, 0, 2, 1}};
	struct xt_change change;
	struct xt_peer_change *pc;

	xt_change_init(&change);
	change.set = XT_SET_LISTEN_PORT | XT_SET_FWMARK;
	change.listen_port = 4242;
	change.fwmark = 0xca6c;
	pc = xt_change_peer(&change, &p->b.pub);
	pc->set = XT_PEER_PSK | XT_PEER_KEEPALIVE | XT_PEER_NAME | XT_PEER_PROBE_ADDRESS |
		  XT_PEER_CRITICAL;
	pc->critical = true;
	memset(pc->psk.b, 7, sizeof(pc->psk.b));
	strcpy(pc->name, "Frankfurt");
	pc->keepalive_s = 25;
	pc->probe_address = (struct xt_ip){4, {10, 7, 0, 2}};
	for (size_t i = 0; i < XT_LEN(nets); i++)
		assert_int_equal(xt_change_allowed(pc, &nets[i], false), 0);
	assert_int_equal(xt_device_apply(dev, p->now, &change), 0);
	xt_change_clear(&change);
	assert_int_equal(xt_device_set_endpoints(dev, p->now, &p->b.pub, &endpoints), 0);
	xt_device_search_mtu(dev, &local, 1);
	xt_device_note_icmp(dev, p->now, &dev->peers->path.remote, XT_UNREACHABLE_PORT, &router);
	xt_device_note_send_error(dev, p->now, &dev->peers->path.remote, 101);
	xt_device_network_changed(dev, true);
}

static void every_state_is_kept(void **state)
{
	struct pair *p = *state;

	snapshot_check(p, p->a.dev);
	peer_fill(p, p->a.dev);
	snapshot_check(p, p->a.dev);
	for (unsigned i = 0; i < 40; i++) {
		p->now.mono += 3700 * XT_MS;
		p->now.wall += 3700 * XT_MS;
		packet_send(p, &p->a, &p->b, 80 + i);
		if (i % 3 != 0)
			pair_run(p);
		snapshot_check(p, p->a.dev);
		snapshot_check(p, p->b.dev);
		if (i % 7 == 0)
			xt_device_free(end_replace(p, &p->a));
	}
}

static void another_version_is_named(void **state)
{
	struct pair *p = *state;
	struct xt_secbuf buf = snapshot_take(p, p->a.dev);
	struct xt_env env = {.random = fill_random};
	struct xt_device *dev = NULL;
	uint32_t version;

	buf.p[4] = XT_SNAPSHOT_VERSION + 3;
	assert_int_equal(xt_snapshot_decode(&dev, &env, p->now, buf.p, buf.len, &version),
			 XT_E_UNSUPPORTED);
	assert_int_equal(version, XT_SNAPSHOT_VERSION + 3);
	buf.p[0] = 'y';
	assert_int_equal(xt_snapshot_decode(&dev, &env, p->now, buf.p, buf.len, &version),
			 XT_E_INVALID);
	assert_int_equal(version, 0);
	assert_null(dev);
	xt_secbuf_clear(&buf);
}

static void each_truncation_and_each_longer_one_is_refused(void **state)
{
	struct pair *p = *state;
	struct xt_secbuf buf;
	struct xt_env env = {.random = fill_random};
	struct xt_device *dev = NULL;

	session_open(p);
	peer_fill(p, p->a.dev);
	buf = snapshot_take(p, p->a.dev);
	for (size_t len = 0; len < buf.len; len++) {
		xt_le64 rest = xt_le64_of(len - 16);

		assert_int_not_equal(xt_snapshot_decode(&dev, &env, p->now, buf.p, len, NULL), 0);
		if (len >= 16) /* also when the head says so */
			memcpy(buf.p + 8, rest.b, sizeof(rest.b));
		assert_int_not_equal(xt_snapshot_decode(&dev, &env, p->now, buf.p, len, NULL), 0);
	}
	assert_int_equal(xt_secbuf_append(&buf, "", 1), 0);
	assert_int_not_equal(snapshot_read(p, &buf, &dev), 0);
	xt_secbuf_clear(&buf);
}

/* What is changed is refused, or it is a snapshot as well. */
static void altered_bytes_give_no_device_or_a_consistent_one(void **state)
{
	struct pair *p = *state;
	struct xt_secbuf buf;
	uint64_t rng = xt_seed();

	session_open(p);
	peer_fill(p, p->a.dev);
	buf = snapshot_take(p, p->a.dev);
	for (unsigned i = 0; i < 3000; i++) {
		struct xt_device *dev;
		char *byte;
		char before;

		byte = &buf.p[16 + xt_below(&rng, buf.len - 16)];
		before = *byte;
		*byte = (char)xt_next(&rng);
		if (snapshot_read(p, &buf, &dev) == 0) {
			counters_take_back(dev);
			snapshot_check(p, dev);
			xt_device_free(dev);
		}
		*byte = before;
	}
	xt_secbuf_clear(&buf);
}

static void an_old_snapshot_or_one_from_the_future_is_refused(void **state)
{
	struct pair *p = *state;
	struct xt_secbuf buf;
	struct xt_device *dev;

	session_open(p);
	buf = snapshot_take(p, p->a.dev);
	p->now.mono += XT_SNAPSHOT_AGE + 1;
	assert_int_equal(snapshot_read(p, &buf, &dev), XT_E_INVALID);
	p->now.mono -= XT_SNAPSHOT_AGE + 2;
	assert_int_equal(snapshot_read(p, &buf, &dev), XT_E_INVALID);
	p->now.mono++;
	assert_int_equal(snapshot_read(p, &buf, &dev), 0);
	xt_device_free(dev);
	xt_secbuf_clear(&buf);
}

static void a_change_under_way_is_no_time_for_a_snapshot(void **state)
{
	struct pair *p = *state;
	struct xt_secbuf buf = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_change change;
	struct xt_apply apply;

	xt_change_init(&change);
	xt_apply_begin(&apply, p->a.dev, &change);
	assert_int_equal(xt_snapshot_encode(p->a.dev, p->now, &buf), XT_E_AGAIN);
	assert_int_equal(buf.len, 0);
	while (xt_apply_step(&apply, p->now, 1))
		;
	xt_change_clear(&change);
}

static void a_buffer_that_is_too_small_stays_as_it_was(void **state)
{
	struct pair *p = *state;
	struct xt_secbuf buf = XT_SECBUF_INIT(300);

	assert_int_equal(xt_secbuf_puts(&buf, "before"), 0);
	session_open(p);
	assert_int_equal(xt_snapshot_encode(p->a.dev, p->now, &buf), XT_E_FULL);
	assert_int_equal(buf.len, 6);
	assert_memory_equal(buf.p, "before", 6);
	xt_secbuf_clear(&buf);
}

static void ten_thousand_peers_without_a_session_take_some_hundred_bytes_each(void **state)
{
	enum { N = 10000 };
	struct pair *p = *state;
	struct xt_change change;
	struct xt_secbuf buf;

	xt_change_init(&change);
	for (uint32_t i = 0; i < N; i++) {
		struct xt_public key = {{1, (uint8_t)(i >> 8), (uint8_t)i}};
		struct xt_cidr net = {{4, {10, 8, (uint8_t)(i >> 8), (uint8_t)i}}, 32};
		struct xt_peer_change *pc = xt_change_peer(&change, &key);

		pc->set = XT_PEER_ENDPOINT | XT_PEER_KEEPALIVE;
		pc->endpoint = (struct xt_endpoint){.ip = net.ip, .port = 51820};
		pc->keepalive_s = 25;
		assert_int_equal(xt_change_allowed(pc, &net, false), 0);
	}
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &change), 0);
	xt_change_clear(&change);
	buf = snapshot_take(p, p->a.dev);
	assert_in_range(buf.len / N, 100, 250);
	xt_secbuf_clear(&buf);
	snapshot_check(p, p->a.dev);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(packets_pass_in_both_directions_without_a_handshake),
	    CASE(no_counter_is_used_by_both_devices),
	    CASE(what_is_under_way_from_the_old_device_is_accepted_behind_the_new_one),
	    CASE(a_replay_is_refused_by_the_new_device),
	    CASE(a_full_replay_window_takes_few_bytes),
	    CASE(an_initiation_under_way_completes),
	    CASE(a_queued_handshake_message_is_answered_by_the_new_device),
	    CASE(a_session_that_the_initiator_has_not_confirmed_goes_on),
	    CASE(a_rekey_comes_when_it_would_have_come),
	    CASE(timestamps_go_on_growing),
	    CASE(every_state_is_kept),
	    CASE(another_version_is_named),
	    CASE(each_truncation_and_each_longer_one_is_refused),
	    CASE(altered_bytes_give_no_device_or_a_consistent_one),
	    CASE(an_old_snapshot_or_one_from_the_future_is_refused),
	    CASE(a_change_under_way_is_no_time_for_a_snapshot),
	    CASE(a_buffer_that_is_too_small_stays_as_it_was),
	    CASE(ten_thousand_peers_without_a_session_take_some_hundred_bytes_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
