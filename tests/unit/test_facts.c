/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* What a device has seen of the link to a peer: each fact appears in the report, and a link that
 * works, is idle or has healed shows none that accuses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "device_pair.h"
#include "packet/transport.h"
#include "test_main.h"

static unsigned unanswered;

static void on_event(void *ctx, enum xt_event event, const struct xt_public *peer,
		     const struct xt_endpoint *endpoint)
{
	(void)ctx;
	unanswered += event == XT_EVENT_UNANSWERED && peer && endpoint->port;
}

static void time_pass(struct pair *p, uint64_t ns)
{
	p->now.mono += ns;
	p->now.wall += ns;
}

static struct xt_peer_report peer_state(struct pair *p, struct end *e, const struct end *other)
{
	struct xt_peer_report out;
	struct xt_report *r;

	assert_int_equal(xt_device_report_peer(e->dev, p->now, &other->pub, &r), 0);
	assert_int_equal(r->n_peers, 1);
	out = r->peers[0];
	xt_report_free(r);
	return out;
}

static struct xt_peer_facts facts_of(struct pair *p, struct end *e, const struct end *other)
{
	return peer_state(p, e, other).facts;
}

static struct xt_device_facts device_facts(struct pair *p, struct end *e)
{
	struct xt_device_facts out;
	struct xt_report *r;

	assert_int_equal(xt_device_report(e->dev, p->now, &r), 0);
	out = r->facts;
	xt_report_free(r);
	return out;
}

/* What e has to send is lost. */
static void tx_lose(struct end *e)
{
	xt_tx_reset(e->tx);
	xt_batch_reset(e->batch);
}

/* e runs its timers for that long, into the void. */
static void run_alone(struct pair *p, struct end *e, uint64_t ns)
{
	for (uint64_t end = p->now.mono + ns; p->now.mono < end;) {
		uint64_t next = XT_MIN(xt_device_deadline(e->dev), end);

		if (next > p->now.mono)
			time_pass(p, next - p->now.mono);
		xt_device_tick(e->dev, p->now, e->tx);
		tx_lose(e);
	}
}

static void session_begin(struct pair *p)
{
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	assert_int_equal(packet_send(p, &p->b, &p->a, 100), XT_PASS);
}

static void nothing_accuses(struct pair *p, struct end *e, const struct end *other)
{
	struct xt_peer_facts f = facts_of(p, e, other);
	struct xt_device_facts d = device_facts(p, e);

	assert_int_equal(f.initiations, 0);
	assert_true(f.first_initiation == XT_NEVER && f.last_initiation == XT_NEVER);
	assert_true(f.gave_up == XT_NEVER);
	assert_int_equal(f.response_bad, 0);
	assert_int_equal(f.cookies, 0);
	assert_int_equal(f.answered, 0);
	assert_int_equal(f.old, 0);
	assert_int_equal(f.unknown_sessions, 0);
	assert_int_equal(f.source_refused, 0);
	assert_int_equal(f.requests, 0);
	assert_int_equal(f.too_large, 0);
	assert_int_equal(f.icmp_count, 0);
	assert_int_equal(f.send_error, 0);
	assert_int_equal(d.n_strangers, 0);
	assert_int_equal(d.n_no_routes, 0);
	assert_true(d.under_load_age == XT_NEVER);
}

static void change_peer(struct pair *p, struct end *e, const struct end *other,
			const struct xt_peer_change *pc)
{
	struct xt_peer_change change = *pc;
	struct xt_change c = {.peers = &change, .n_peers = 1};

	change.key = other->pub;
	assert_int_equal(xt_device_apply(e->dev, p->now, &c), 0);
}

static void the_report_of_one_peer_has_no_other(void **state)
{
	struct pair *p = *state;
	struct xt_public nobody = {{1}};
	struct xt_peer_change pc = {.key = {{9}}};
	struct xt_change c = {.peers = &pc, .n_peers = 1};
	struct xt_report *r;

	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
	assert_int_equal(xt_device_report_peer(p->a.dev, p->now, &p->b.pub, &r), 0);
	assert_int_equal(r->n_peers, 1);
	assert_memory_equal(r->peers[0].key.b, p->b.pub.b, 32);
	assert_int_equal(r->peers[0].n_allowed, 1);
	assert_true(r->has_key);
	xt_report_free(r);
	assert_int_equal(xt_device_report_peer(p->a.dev, p->now, &nobody, &r), XT_E_INVALID);
}

static void a_link_that_works_or_is_idle_is_not_accused(void **state)
{
	struct pair *p = *state;

	nothing_accuses(p, &p->a, &p->b);
	session_begin(p);
	nothing_accuses(p, &p->a, &p->b);
	nothing_accuses(p, &p->b, &p->a);
	for (int i = 0; i < 400; i++) {
		time_pass(p, XT_SECOND);
		packet_send(p, &p->a, &p->b, 100);
		packet_send(p, &p->b, &p->a, 100);
		pair_run(p);
		nothing_accuses(p, &p->a, &p->b);
		nothing_accuses(p, &p->b, &p->a);
	}
}

static void silence_is_explained_until_the_next_session(void **state)
{
	struct pair *p = *state;
	struct xt_peer_facts f;

	unanswered = 0;
	p->a.dev->env.event = on_event;
	packet_plan(p, &p->a, &p->b, 100);
	tx_lose(&p->a);
	f = facts_of(p, &p->a, &p->b);
	assert_int_equal(f.initiations, 1);
	assert_true(f.first_initiation == 0 && f.last_initiation == 0 && f.gave_up == XT_NEVER);
	run_alone(p, &p->a, 4 * XT_SECOND);
	assert_int_equal(unanswered, 0);
	run_alone(p, &p->a, 2 * XT_SECOND);
	assert_int_equal(unanswered, 1);
	f = facts_of(p, &p->a, &p->b);
	assert_int_equal(f.initiations, 2);
	assert_int_equal(f.initiations_heard, 0);
	assert_true(f.first_initiation == 6 * XT_SECOND && f.last_initiation < XT_SECOND);
	run_alone(p, &p->a, 110 * XT_SECOND);
	assert_false(peer_state(p, &p->a, &p->b).handshaking);
	assert_int_equal(unanswered, 1);
	f = facts_of(p, &p->a, &p->b);
	assert_in_range(f.initiations, 17, 20);
	assert_in_range(f.gave_up, 10 * XT_SECOND, 30 * XT_SECOND);
	assert_true(f.first_initiation == 116 * XT_SECOND);
	assert_int_equal(f.verdicts[XT_PEER_XT_STAGED], 1);
	assert_int_equal(f.verdicts[XT_PEER_XT_DROP_STAGED_LOST], 1);
	/* something to send again */
	packet_plan(p, &p->a, &p->b, 100);
	tx_lose(&p->a);
	f = facts_of(p, &p->a, &p->b);
	assert_int_equal(f.initiations, 1);
	assert_true(f.first_initiation == 0 && f.gave_up != XT_NEVER);
	run_alone(p, &p->a, 6 * XT_SECOND);
	assert_int_equal(unanswered, 2);
	time_pass(p, 6 * XT_SECOND);
	pair_run(p);
	assert_int_equal(packet_send(p, &p->b, &p->a, 100), XT_PASS);
	nothing_accuses(p, &p->a, &p->b);
	nothing_accuses(p, &p->b, &p->a);
}

/* A rekey whose first message is lost, while the peer is heard. */
static void a_lost_message_of_a_working_link_is_no_silence(void **state)
{
	struct pair *p = *state;

	session_begin(p);
	unanswered = 0;
	p->a.dev->env.event = on_event;
	time_pass(p, XT_REKEY_AFTER_TIME);
	packet_plan(p, &p->a, &p->b, 100);
	packets_seal(p, &p->a);
	assert_int_equal(facts_of(p, &p->a, &p->b).initiations, 1);
	tx_lose(&p->a);
	time_pass(p, XT_SECOND);
	packet_send(p, &p->b, &p->a, 100);
	run_alone(p, &p->a, 6 * XT_SECOND);
	assert_int_equal(facts_of(p, &p->a, &p->b).initiations, 2);
	assert_int_equal(facts_of(p, &p->a, &p->b).initiations_heard, 1);
	assert_int_equal(unanswered, 0);
	run_alone(p, &p->a, 6 * XT_SECOND); /* and now it is not heard any more */
	assert_int_equal(unanswered, 1);
}

static void a_wrong_psk_shows_in_responses(void **state)
{
	struct pair *p = *state;
	struct xt_peer_change pc = {.set = XT_PEER_PSK, .psk = {{7}}};
	struct xt_peer_facts f;

	change_peer(p, &p->a, &p->b, &pc);
	for (int i = 0; i < 3; i++) {
		packet_send(p, &p->a, &p->b, 100);
		pair_run(p);
		time_pass(p, 6 * XT_SECOND);
	}
	f = facts_of(p, &p->a, &p->b);
	assert_int_equal(f.response_bad, 3);
	assert_true(f.response_bad_age == 6 * XT_SECOND);
	assert_int_equal(f.initiations, 3);
	assert_int_equal(f.verdicts[XT_PEER_XT_DROP_HANDSHAKE], 3);
	/* seen from the responder: answered, and nothing follows */
	f = facts_of(p, &p->b, &p->a);
	assert_int_equal(f.answered, 3);
	assert_true(f.answered_age == 6 * XT_SECOND);
	assert_int_equal(f.answered_from.port, p->a.path.remote.port);
	assert_memory_equal(f.answered_from.ip.b, p->a.path.remote.ip.b, 4);
	assert_int_equal(f.heard, 6 * XT_SECOND);
	pc.psk = (struct xt_psk){{0}};
	change_peer(p, &p->a, &p->b, &pc);
	assert_int_equal(facts_of(p, &p->a, &p->b).response_bad, 0);
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	packet_send(p, &p->b, &p->a, 100);
	nothing_accuses(p, &p->a, &p->b);
	nothing_accuses(p, &p->b, &p->a);
}

static void responses_that_do_not_arrive_are_counted_by_the_responder(void **state)
{
	struct pair *p = *state;

	packet_send(p, &p->a, &p->b, 100);
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	tx_lose(&p->b);
	time_pass(p, 3 * XT_SECOND);
	assert_int_equal(facts_of(p, &p->b, &p->a).answered, 1);
	assert_true(facts_of(p, &p->b, &p->a).answered_age == 3 * XT_SECOND);
	time_pass(p, 3 * XT_SECOND);
	pair_run(p);
	assert_int_equal(facts_of(p, &p->b, &p->a).answered, 0);
	assert_true(facts_of(p, &p->b, &p->a).answered_age == XT_NEVER);
}

/* Forget a's sessions, as its restart would. */
static void a_restarts(struct pair *p)
{
	struct end *a = &p->a;
	struct xt_env env = {.random = fill_random};

	xt_device_free(a->dev);
	assert_int_equal(xt_device_new(&a->dev, &env), 0);
	end_configure(p, a, &p->b);
}

static void a_clock_that_went_back_shows(void **state)
{
	struct pair *p = *state;
	struct xt_time now;
	struct xt_peer_facts f;

	session_begin(p);
	f = facts_of(p, &p->b, &p->a);
	assert_true(f.has_clock);
	assert_in_range(f.clock_ns + (int64_t)(20 * XT_MS), 0, 20 * XT_MS);
	a_restarts(p);
	time_pass(p, 10 * XT_SECOND);
	now = p->now;
	p->now.wall -= 3600 * XT_SECOND;
	packet_plan(p, &p->a, &p->b, 100);
	p->now = now;
	for (int i = 0; i < 2; i++) { /* once more as a copy: it is as old */
		struct xt_vec *v = &p->a.tx->vecs[0];
		datagram_receive(p, &p->b, &p->a, v->base, v->len);
		xt_device_tick(p->b.dev, p->now, p->b.tx);
		assert_int_equal(p->b.tx->n_vecs, 0);
	}
	tx_lose(&p->a);
	time_pass(p, XT_SECOND);
	f = facts_of(p, &p->b, &p->a);
	assert_int_equal(f.old, 2);
	assert_true(f.old_age == XT_SECOND);
	assert_in_range(f.old_back_ns, 3590 * XT_SECOND - 20 * XT_MS,
			3590 * XT_SECOND + 20 * XT_MS);
	assert_in_range(f.clock_ns + (int64_t)(3600 * XT_SECOND) + (int64_t)(20 * XT_MS), 0,
			40 * XT_MS);
	assert_int_equal(f.verdicts[XT_PEER_XT_DROP_HANDSHAKE_OLD], 2);
	a_restarts(p);
	session_begin(p);
	assert_int_equal(facts_of(p, &p->b, &p->a).old, 0);
}

static void a_replayed_initiation_is_no_clock_that_went_back(void **state)
{
	struct pair *p = *state;
	uint8_t msg[148];

	packet_plan(p, &p->a, &p->b, 100);
	memcpy(msg, p->a.tx->vecs[0].base, sizeof(msg));
	tx_carry(p, &p->a, &p->b);
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	tx_lose(&p->b);
	time_pass(p, XT_SECOND);
	datagram_receive(p, &p->b, &p->a, msg, sizeof(msg));
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	assert_int_equal(p->b.tx->n_vecs, 0);
	assert_int_equal(facts_of(p, &p->b, &p->a).old, 0);
	assert_int_equal(facts_of(p, &p->b, &p->a).verdicts[XT_PEER_XT_DROP_HANDSHAKE_OLD], 1);
}

static void a_session_that_does_not_exist_is_noted_of_its_endpoint(void **state)
{
	struct pair *p = *state;
	struct end stranger = p->b;

	session_begin(p);
	a_restarts(p);
	time_pass(p, 200 * XT_SECOND); /* restart detection is over */
	packet_plan(p, &p->b, &p->a, 100);
	tx_lose(&p->b);
	p->a.dev->restart_until = 0;
	for (int i = 0; i < 3; i++) {
		uint8_t msg[32] = {4, 0, 0, 0, 1, 2, 3, 4};

		datagram_receive(p, &p->a, &p->b, msg, sizeof(msg));
		stranger.path.remote.port = 9;
		datagram_receive(p, &p->a, &stranger, msg, sizeof(msg));
	}
	assert_true(xt_device_deadline(p->a.dev) == XT_NEVER); /* and nothing is sent */
	time_pass(p, XT_SECOND);
	assert_int_equal(facts_of(p, &p->a, &p->b).unknown_sessions, 3);
	assert_true(facts_of(p, &p->a, &p->b).unknown_age == XT_SECOND);
	session_begin(p);
	nothing_accuses(p, &p->a, &p->b);
}

static void a_refused_inner_source_is_named(void **state)
{
	struct pair *p = *state;
	struct xt_allowed_change net = {
	    .cidr = {.ip = {.family = 4, .b = {10, 9, 9, 0}}, .bits = 24}};
	struct xt_peer_change pc = {.allowed = &net, .n_allowed = 1};
	const struct xt_ip inner = p->a.inner;
	struct xt_peer_facts f;

	session_begin(p);
	p->a.inner = (struct xt_ip){.family = 4, .b = {10, 9, 9, 9}};
	packet_send(p, &p->a, &p->b, 100);
	packet_send(p, &p->a, &p->b, 100);
	time_pass(p, XT_SECOND);
	f = facts_of(p, &p->b, &p->a);
	assert_int_equal(f.source_refused, 2);
	assert_true(f.source_age == XT_SECOND);
	assert_memory_equal(&f.source, &p->a.inner, sizeof(f.source));
	assert_int_equal(f.verdicts[XT_PEER_XT_DROP_SOURCE], 2);
	change_peer(p, &p->b, &p->a, &pc); /* healed */
	nothing_accuses(p, &p->b, &p->a);
	packet_send(p, &p->a, &p->b, 100);
	nothing_accuses(p, &p->b, &p->a);
	p->a.inner = inner;
}

static struct xt_pkt *request_plan(struct pair *p, uint8_t protocol, unsigned at, uint8_t value)
{
	struct xt_pkt *pkt = xt_batch_add(p->a.batch, 60);

	time_pass(p, XT_MS); /* on a busy link not each packet is looked at */
	pkt->len = packet_write(pkt->data, &p->a, &p->b, 60);
	pkt->data[9] = protocol;
	memset(pkt->data + 20, 0, 40);
	pkt->data[20 + at] = value;
	xt_send_plan(p->a.dev, p->now, p->a.batch, p->a.tx);
	packets_seal(p, &p->a);
	return pkt;
}

/* Or each small packet of a stream would be looked at. */
static void of_requests_at_the_same_time_one_is_noted(void **state)
{
	struct pair *p = *state;

	session_begin(p);
	request_plan(p, XT_PROTO_ICMP, 0, 8);
	p->now.mono -= XT_MS;
	request_plan(p, XT_PROTO_ICMP, 0, 8);
	tx_lose(&p->a);
	assert_int_equal(facts_of(p, &p->a, &p->b).requests, 1);
}

static void a_packet_that_came_back_is_counted_of_its_peer(void **state)
{
	struct pair *p = *state;
	struct xt_pkt *pkt = xt_batch_add(p->a.batch, 100);
	struct end to = p->b;

	p->a.dev->listen_port = 51820;
	to.inner = p->b.path.remote.ip;
	pkt->len = packet_write(pkt->data, &p->a, &to, 100);
	xt_be16_put(pkt->data + 20, 51820);
	xt_be16_put(pkt->data + 22, p->b.path.remote.port);
	memcpy(pkt->data + 28, (const uint8_t[]){4, 0, 0, 0}, 4);
	xt_send_plan(p->a.dev, p->now, p->a.batch, p->a.tx);
	assert_int_equal(pkt->verdict, XT_DROP_LOOP);
	assert_int_equal(facts_of(p, &p->a, &p->b).verdicts[XT_PEER_XT_DROP_LOOP], 1);
	tx_lose(&p->a);
}

static void requests_without_an_answer_are_counted(void **state)
{
	struct pair *p = *state;
	struct xt_peer_facts f;

	session_begin(p);
	request_plan(p, XT_PROTO_ICMP, 0, 8);
	tx_lose(&p->a);
	time_pass(p, XT_SECOND);
	request_plan(p, XT_PROTO_TCP, XT_TCP_FLAGS, XT_TCP_SYN);
	request_plan(p, XT_PROTO_UDP, 3, 53);
	request_plan(p, XT_PROTO_ICMP, 0, 0);
	request_plan(p, XT_PROTO_TCP, XT_TCP_FLAGS, XT_TCP_SYN | XT_TCP_ACK);
	request_plan(p, XT_PROTO_UDP, 3, 54);
	tx_lose(&p->a);
	f = facts_of(p, &p->a, &p->b);
	assert_int_equal(f.requests, 3);
	assert_true(f.requests_age == XT_SECOND + 5 * XT_MS);
	/* a keepalive is no answer */
	xt_peer_set_tx_ready(p->b.dev, xt_device_peer(p->b.dev, &p->a.pub));
	xt_device_peer(p->b.dev, &p->a.pub)->keepalive_pending = true;
	traffic_send(p, &p->b, &p->a);
	assert_int_equal(facts_of(p, &p->a, &p->b).verdicts[XT_PEER_XT_TAKEN_KEEPALIVE], 1);
	assert_int_equal(facts_of(p, &p->a, &p->b).requests, 3);
	packet_send(p, &p->b, &p->a, 100);
	f = facts_of(p, &p->a, &p->b);
	assert_int_equal(f.requests, 0);
	assert_true(f.requests_age == XT_NEVER);
}

static void what_the_network_says_holds_until_the_peer_is_heard(void **state)
{
	struct pair *p = *state;
	const struct xt_endpoint *remote = &p->b.path.remote, other = {.ip = remote->ip, .port = 9};
	const struct xt_ip router = {.family = 4, .b = {198, 18, 9, 9}};
	struct xt_peer_facts f;
	uint64_t deadline;

	session_begin(p);
	deadline = xt_device_deadline(p->a.dev);
	xt_device_note_icmp(p->a.dev, p->now, remote, XT_UNREACHABLE_HOST, &router);
	xt_device_note_icmp(p->a.dev, p->now, remote, XT_UNREACHABLE_ADMIN, &router);
	xt_device_note_icmp(p->a.dev, p->now, &other, XT_UNREACHABLE_PORT, &router);
	xt_device_note_send_error(p->a.dev, p->now, remote, 101);
	time_pass(p, XT_SECOND);
	f = facts_of(p, &p->a, &p->b);
	assert_int_equal(f.icmp_count, 2);
	assert_int_equal(f.icmp_kind, XT_UNREACHABLE_ADMIN);
	assert_memory_equal(&f.icmp_from, &router, sizeof(router));
	assert_true(f.icmp_age == XT_SECOND && f.send_error_age == XT_SECOND);
	assert_int_equal(f.send_error, 101);
	assert_int_equal(f.send_error_count, 1);
	assert_true(xt_device_deadline(p->a.dev) == deadline); /* only words */
	packet_send(p, &p->b, &p->a, 100);
	nothing_accuses(p, &p->a, &p->b);
	xt_device_note_icmp(p->a.dev, p->now, remote, XT_UNREACHABLE_HOST, &router);
	packet_send(p, &p->b, &p->a, 100);
	nothing_accuses(p, &p->a, &p->b);
}

static void a_send_error_is_over_when_later_datagrams_were_sent(void **state)
{
	struct pair *p = *state;

	session_begin(p);
	xt_device_note_send_error(p->a.dev, p->now, &p->b.path.remote, 101);
	time_pass(p, 3 * XT_SECOND);
	assert_int_equal(facts_of(p, &p->a, &p->b).send_error, 101);
	packet_send(p, &p->a, &p->b, 100);
	assert_int_equal(facts_of(p, &p->a, &p->b).send_error, 0);
	xt_device_note_send_error(p->a.dev, p->now, &p->b.path.remote, 101);
	assert_int_equal(xt_device_start_handshake(p->a.dev, p->now, &p->b.pub), 0);
	run_alone(p, &p->a, XT_SECOND);
	assert_int_equal(facts_of(p, &p->a, &p->b).send_error, 101);
	run_alone(p, &p->a, 7 * XT_SECOND);
	assert_int_equal(facts_of(p, &p->a, &p->b).send_error, 0);
}

static void peers_at_one_endpoint_get_the_same_note(void **state)
{
	struct pair *p = *state;
	const struct xt_ip none = {0};
	struct end other = {.pub = {{5}}};
	struct xt_peer_change pc = {.set = XT_PEER_ENDPOINT, .endpoint = p->b.path.remote};

	change_peer(p, &p->a, &other, &pc);
	xt_device_note_icmp(p->a.dev, p->now, &p->b.path.remote, XT_UNREACHABLE_PORT, &none);
	assert_int_equal(facts_of(p, &p->a, &p->b).icmp_count, 1);
	assert_int_equal(facts_of(p, &p->a, &other).icmp_count, 1);
	pc.endpoint.port++; /* it is somewhere else */
	change_peer(p, &p->a, &other, &pc);
	assert_int_equal(facts_of(p, &p->a, &other).icmp_count, 0);
}

/* An initiation from the i-th of some keys, to b. */
static void stranger_calls(struct pair *p, uint8_t i)
{
	struct end caller;
	struct end *e = &caller;

	end_open(e, i);
	end_configure(p, e, &p->b);
	packet_plan(p, e, &p->b, 100);
	e->path.remote.port = (uint16_t)(1000 + i);
	tx_carry(p, e, &p->b);
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	assert_int_equal(p->b.tx->n_vecs, 0);
	end_close(e);
}

static void callers_that_are_no_peers_are_listed(void **state)
{
	struct pair *p = *state;
	struct xt_device_facts d;
	uint8_t msg[148] = {1};
	struct end e = p->a;
	struct xt_peer_change pc = {.set = 0};

	for (uint8_t i = 0; i < 9; i++) {
		stranger_calls(p, (uint8_t)(20 + i));
		time_pass(p, XT_SECOND);
	}
	/* a flood for another key does not push out those whose key is known */
	for (unsigned i = 0; i < 1000; i++) {
		e.path.remote.ip.b[2] = (uint8_t)i;
		e.path.remote.port = (uint16_t)i;
		time_pass(p, 1);
		datagram_receive(p, &p->b, &e, msg, sizeof(msg));
	}
	for (e.path.remote.port = 7; e.path.remote.port < 10; e.path.remote.port++)
		datagram_receive(p, &p->b, &e, msg, sizeof(msg));
	d = device_facts(p, &p->b);
	assert_int_equal(d.n_strangers, XT_STRANGERS);
	for (size_t i = 1; i < d.n_strangers; i++)
		assert_true(d.strangers[i].age >= d.strangers[i - 1].age);
	for (size_t i = 0; i < d.n_strangers; i++)
		assert_int_equal(d.strangers[i].unknown_key, i >= XT_STRANGERS / 2);
	assert_int_equal(d.strangers[4].from.port, 1028);
	assert_int_equal(d.strangers[4].messages, 1);
	assert_true(d.strangers[4].age == XT_SECOND + 1000);
	assert_true(d.strangers[0].messages + d.strangers[1].messages + d.strangers[2].messages +
			d.strangers[3].messages ==
		    7);
	/* it becomes a peer */
	e.pub = d.strangers[4].key;
	change_peer(p, &p->b, &e, &pc);
	d = device_facts(p, &p->b);
	assert_int_equal(d.n_strangers, XT_STRANGERS - 1);
	assert_int_equal(d.strangers[4].from.port, 1027);
}

/* a has a wrong key of b, and then the right one. */
static void a_caller_for_another_key_is_forgotten_with_a_session(void **state)
{
	struct pair *p = *state;
	struct end wrong = p->b;
	struct xt_device_facts d;

	randombytes_buf(wrong.pub.b, 32);
	crypto_scalarmult_base(wrong.pub.b, wrong.pub.b);
	xt_device_free(p->a.dev);
	assert_int_equal(xt_device_new(&p->a.dev, &(struct xt_env){.random = fill_random}), 0);
	end_configure(p, &p->a, &wrong);
	packet_send(p, &p->a, &p->b, 100);
	time_pass(p, XT_SECOND);
	d = device_facts(p, &p->b);
	assert_int_equal(d.n_strangers, 1);
	assert_false(d.strangers[0].unknown_key);
	assert_int_equal(d.strangers[0].from.port, p->a.path.remote.port);
	assert_true(d.strangers[0].age == XT_SECOND);
	a_restarts(p);
	session_begin(p);
	nothing_accuses(p, &p->b, &p->a);
}

/* b has a wrong key of a, and a begins a session with it. */
static void a_caller_for_another_key_is_forgotten_when_it_answers(void **state)
{
	struct pair *p = *state;
	uint8_t msg[148] = {1};

	datagram_receive(p, &p->a, &p->b, msg, sizeof(msg));
	assert_int_equal(device_facts(p, &p->a).n_strangers, 1);
	session_begin(p);
	nothing_accuses(p, &p->a, &p->b);
}

static void another_identity_forgets_what_the_former_met(void **state)
{
	struct pair *p = *state;
	struct xt_change c = {.set = XT_SET_PRIVATE_KEY};
	uint8_t msg[148] = {1};

	packet_plan(p, &p->a, &p->b, 100);
	tx_lose(&p->a);
	datagram_receive(p, &p->a, &p->b, msg, sizeof(msg));
	stranger_calls(p, 20);
	assert_int_equal(device_facts(p, &p->b).n_strangers, 1);
	randombytes_buf(c.private_key.b, 32);
	assert_int_equal(xt_device_apply(p->a.dev, p->now, &c), 0);
	nothing_accuses(p, &p->a, &p->b);
	assert_int_equal(xt_device_apply(p->b.dev, p->now, &c), 0);
	assert_int_equal(device_facts(p, &p->b).n_strangers, 0);
}

static void another_endpoint_begins_another_attempt(void **state)
{
	struct pair *p = *state;
	struct xt_peer_change pc = {.set = XT_PEER_ENDPOINT, .endpoint = p->b.path.remote};

	packet_plan(p, &p->a, &p->b, 100);
	run_alone(p, &p->a, 20 * XT_SECOND);
	change_peer(p, &p->a, &p->b, &pc); /* the same */
	assert_in_range(facts_of(p, &p->a, &p->b).initiations, 3, 4);
	pc.endpoint.port++;
	change_peer(p, &p->a, &p->b, &pc);
	assert_int_equal(facts_of(p, &p->a, &p->b).initiations, 0);
}

static void destinations_without_a_peer_are_listed(void **state)
{
	struct pair *p = *state;
	struct end to = p->b;
	struct xt_device_facts d;
	struct xt_allowed_change net = {
	    .cidr = {.ip = {.family = 4, .b = {10, 8, 0, 0}}, .bits = 16}};
	struct xt_peer_change pc = {.allowed = &net, .n_allowed = 1};

	for (uint8_t i = 0; i < 7; i++) {
		to.inner = (struct xt_ip){.family = 4, .b = {10, 8, 0, i}};
		packet_plan(p, &p->a, &to, 100);
		packet_plan(p, &p->a, &to, 100);
		tx_lose(&p->a);
		time_pass(p, XT_SECOND);
	}
	to.inner =
	    (struct xt_ip){.family = 4, .b = {224, 0, 0, 1}}; /* no host sends it on purpose */
	packet_plan(p, &p->a, &to, 100);
	tx_lose(&p->a);
	d = device_facts(p, &p->a);
	assert_int_equal(d.n_no_routes, XT_NO_ROUTES);
	for (uint8_t i = 0; i < XT_NO_ROUTES; i++) {
		assert_int_equal(d.no_routes[i].to.b[3], 6 - i);
		assert_int_equal(d.no_routes[i].packets, 2);
		assert_true(d.no_routes[i].age == (i + 1) * XT_SECOND);
	}
	change_peer(p, &p->a, &p->b, &pc);
	assert_int_equal(device_facts(p, &p->a).n_no_routes, 0);
}

static void traffic_is_that_of_the_last_seconds(void **state)
{
	struct pair *p = *state;
	struct xt_traffic t;

	session_begin(p);
	time_pass(p, 100 * XT_SECOND);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(packet_send(p, &p->a, &p->b, 100), XT_PASS);
		if (i % 2)
			packet_send(p, &p->b, &p->a, 100);
		time_pass(p, XT_SECOND);
	}
	t = facts_of(p, &p->a, &p->b).traffic;
	assert_in_range(t.sent_10s, 9, 20);
	assert_in_range(t.received_10s, 4, 10);
	assert_in_range(t.sent_60s, 58, 60);
	assert_in_range(t.received_60s, 28, 30);
	t = facts_of(p, &p->b, &p->a).traffic;
	assert_in_range(t.received_60s, 58, 60);
	assert_in_range(t.sent_60s, 28, 30);
	time_pass(p, 20 * XT_SECOND);
	t = facts_of(p, &p->a, &p->b).traffic;
	assert_int_equal(t.sent_10s + t.received_10s, 0);
	assert_in_range(t.sent_60s, 39, 51);
	time_pass(p, 55 * XT_SECOND);
	t = facts_of(p, &p->a, &p->b).traffic;
	assert_int_equal(t.sent_60s + t.received_60s, 0);
	/* a side that only receives */
	time_pass(p, 100 * XT_SECOND);
	session_begin(p);
	time_pass(p, 50 * XT_SECOND);
	packet_send(p, &p->a, &p->b, 100);
	t = facts_of(p, &p->b, &p->a).traffic;
	assert_int_equal(t.received_10s, 1);
	assert_int_equal(t.received_60s, 2);
	assert_int_equal(t.sent_10s, 0);
	time_pass(p, 100 * XT_SECOND);
	/* the first one after a pause counts */
	session_begin(p);
	t = facts_of(p, &p->a, &p->b).traffic;
	assert_int_equal(t.sent_10s, 1);
	assert_int_equal(t.received_60s, 1);
	assert_true(facts_of(p, &p->a, &p->b).data_sent == 0);
	time_pass(p, XT_SECOND);
	assert_true(facts_of(p, &p->a, &p->b).data_received == XT_SECOND);
	assert_true(facts_of(p, &p->a, &p->b).heard == XT_SECOND);
}

static void messages_that_are_lost_show_by_their_counter(void **state)
{
	struct pair *p = *state;
	struct xt_peer_facts f;

	session_begin(p);
	for (int i = 0; i < 20; i++) {
		packet_plan(p, &p->a, &p->b, 100);
		packets_seal(p, &p->a);
		if (i % 4 == 3)
			tx_carry(p, &p->a, &p->b);
		else
			tx_lose(&p->a);
	}
	f = facts_of(p, &p->b, &p->a);
	assert_int_equal(f.expected, 21);
	assert_int_equal(f.received, 6);
}

static void a_replay_is_counted_of_its_peer(void **state)
{
	struct pair *p = *state;
	uint8_t msg[256];
	size_t len;
	struct xt_peer_facts f;

	session_begin(p);
	packet_plan(p, &p->a, &p->b, 100);
	packets_seal(p, &p->a);
	len = p->a.tx->vecs[0].len;
	memcpy(msg, p->a.tx->vecs[0].base, len);
	tx_carry(p, &p->a, &p->b);
	datagram_receive(p, &p->b, &p->a, msg, len);
	msg[20] ^= 1;
	datagram_receive(p, &p->b, &p->a, msg, len);
	f = facts_of(p, &p->b, &p->a);
	assert_int_equal(f.verdicts[XT_PEER_XT_DROP_REPLAY], 1);
	assert_int_equal(f.verdicts[XT_PEER_XT_DROP_AUTH], 1);
	assert_int_equal(f.verdicts[XT_PEER_XT_TAKEN_HANDSHAKE], 1);
}

static void the_time_of_a_handshake_is_known(void **state)
{
	struct pair *p = *state;

	packet_send(p, &p->a, &p->b, 100);
	time_pass(p, 40 * XT_MS);
	pair_run(p);
	assert_true(facts_of(p, &p->a, &p->b).rtt_ns == 40 * XT_MS);
	assert_true(facts_of(p, &p->b, &p->a).rtt_ns == 0);
}

static void too_large_packets_are_counted_of_their_peer(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = xt_device_peer(p->a.dev, &p->b.pub);
	struct xt_peer_facts f;

	xt_device_note_too_large(p->a.dev, p->now, peer, XT_DROP_MTU, 1400, 3);
	xt_device_note_too_large(p->a.dev, p->now, peer, XT_PASS_MTU, 1380, 1);
	time_pass(p, XT_SECOND);
	f = facts_of(p, &p->a, &p->b);
	assert_int_equal(f.too_large, 4);
	assert_int_equal(f.too_large_len, 1380);
	assert_true(f.too_large_age == XT_SECOND);
	assert_int_equal(f.verdicts[XT_PEER_XT_DROP_MTU], 3);
	assert_int_equal(verdict_count(&p->a, XT_DROP_MTU), 3);
	assert_int_equal(verdict_count(&p->a, XT_PASS_MTU), 1);
	xt_device_search_mtu(p->a.dev, NULL, 0);
	assert_int_equal(facts_of(p, &p->a, &p->b).too_large, 0);
}

static void a_cookie_that_was_received_shows(void **state)
{
	struct pair *p = *state;

	p->b.dev->load.until = XT_NEVER;
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	time_pass(p, XT_SECOND);
	assert_int_equal(facts_of(p, &p->a, &p->b).cookies, 1);
	assert_true(facts_of(p, &p->a, &p->b).cookie_age == XT_SECOND);
	assert_true(device_facts(p, &p->b).under_load_age == 0);
	p->b.dev->load.until = p->now.mono;
	time_pass(p, 5 * XT_SECOND);
	assert_true(device_facts(p, &p->b).under_load_age == 5 * XT_SECOND);
	xt_device_tick(p->a.dev, p->now, p->a.tx); /* the retry, with the cookie */
	tx_carry(p, &p->a, &p->b);
	pair_run(p);
	assert_int_equal(facts_of(p, &p->a, &p->b).cookies, 0);
}

static void a_handshake_is_begun_on_request(void **state)
{
	struct pair *p = *state;
	struct xt_public nobody = {{1}};
	struct xt_peer_change none = {.set = 0};
	struct end other = {.pub = {{5}}};

	assert_int_equal(xt_device_start_handshake(p->a.dev, p->now, &nobody), XT_E_INVALID);
	change_peer(p, &p->a, &other, &none);
	assert_int_equal(xt_device_start_handshake(p->a.dev, p->now, &other.pub), XT_E_AGAIN);
	session_begin(p); /* an initiation went out just now */
	for (int i = 0; i < 3; i++)
		assert_int_equal(xt_device_start_handshake(p->a.dev, p->now, &p->b.pub), 0);
	assert_true(xt_device_deadline(p->a.dev) == p->now.mono + XT_SECOND);
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(p->a.tx->n_vecs, 0);
	time_pass(p, XT_SECOND);
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(p->a.tx->n_vecs, 1);
	assert_int_equal(p->a.tx->vecs[0].len, 148);
	tx_lose(&p->a);
	/* it is in flight */
	time_pass(p, 2 * XT_SECOND);
	assert_int_equal(xt_device_start_handshake(p->a.dev, p->now, &p->b.pub), 0);
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(p->a.tx->n_vecs, 0);
	run_alone(p, &p->a, 3400 * XT_MS);
	assert_int_equal(facts_of(p, &p->a, &p->b).initiations, 2);
	/* given up: the next one goes out at once */
	run_alone(p, &p->a, 120 * XT_SECOND);
	assert_false(peer_state(p, &p->a, &p->b).handshaking);
	assert_int_equal(xt_device_start_handshake(p->a.dev, p->now, &p->b.pub), 0);
	pair_run(p);
	assert_true(peer_state(p, &p->a, &p->b).session);
	nothing_accuses(p, &p->a, &p->b);
}

static void the_interface_of_the_path_is_reported(void **state)
{
	struct pair *p = *state;

	session_begin(p);
	p->b.path.ifindex = 7;
	packet_send(p, &p->b, &p->a, 100);
	assert_int_equal(peer_state(p, &p->a, &p->b).ifindex, 7);
	p->b.path.ifindex = 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(T(the_report_of_one_peer_has_no_other), T(a_link_that_works_or_is_idle_is_not_accused),
	  T(silence_is_explained_until_the_next_session),
	  T(a_lost_message_of_a_working_link_is_no_silence), T(a_wrong_psk_shows_in_responses),
	  T(responses_that_do_not_arrive_are_counted_by_the_responder),
	  T(a_clock_that_went_back_shows), T(a_replayed_initiation_is_no_clock_that_went_back),
	  T(a_session_that_does_not_exist_is_noted_of_its_endpoint),
	  T(a_refused_inner_source_is_named), T(requests_without_an_answer_are_counted),
	  T(of_requests_at_the_same_time_one_is_noted),
	  T(a_packet_that_came_back_is_counted_of_its_peer),
	  T(a_caller_for_another_key_is_forgotten_when_it_answers),
	  T(another_identity_forgets_what_the_former_met),
	  T(another_endpoint_begins_another_attempt),
	  T(what_the_network_says_holds_until_the_peer_is_heard),
	  T(a_send_error_is_over_when_later_datagrams_were_sent),
	  T(peers_at_one_endpoint_get_the_same_note), T(callers_that_are_no_peers_are_listed),
	  T(a_caller_for_another_key_is_forgotten_with_a_session),
	  T(destinations_without_a_peer_are_listed), T(traffic_is_that_of_the_last_seconds),
	  T(messages_that_are_lost_show_by_their_counter), T(a_replay_is_counted_of_its_peer),
	  T(the_time_of_a_handshake_is_known), T(too_large_packets_are_counted_of_their_peer),
	  T(a_cookie_that_was_received_shows), T(a_handshake_is_begun_on_request),
	  T(the_interface_of_the_path_is_reported))
