/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Findings of an audit of another implementation in 2026, each as a test of this one; the table is
 * in docs/audit.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "device_pair.h"
#include "test_main.h"

static void session_open(struct pair *p)
{
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	p->delivered = 0;
}

static void time_pass(struct pair *p, uint64_t ns)
{
	p->now.mono += ns;
	p->now.wall += ns;
}

static struct xt_peer *peer_of(const struct end *at, const struct end *other)
{
	return xt_device_peer(at->dev, &other->pub);
}

static struct xt_keypair *session_of(const struct end *at, const struct end *other)
{
	return peer_of(at, other)->keypairs.current;
}

/* The same end, whose datagrams seem to come from somewhere else. */
static struct end thief_of(const struct end *e)
{
	struct end thief = *e;

	thief.path.remote.ip.b[3] = 99;
	thief.path.remote.port = 999;
	return thief;
}

static bool endpoint_is(const struct end *at, const struct end *other, const struct end *where)
{
	return memcmp(&peer_of(at, other)->path.remote, &where->path.remote,
		      sizeof(where->path.remote)) == 0;
}

/* One datagram that e sends: a packet of len bytes for to. */
static size_t datagram_seal(struct pair *p, struct end *e, struct end *to, uint32_t len,
			    uint8_t *out)
{
	size_t n;

	assert_int_equal(packet_plan(p, e, to, len)->verdict, XT_PASS);
	packets_seal(p, e);
	n = e->tx->vecs[0].len;
	memcpy(out, e->tx->vecs[0].base, n);
	xt_tx_reset(e->tx);
	xt_batch_reset(e->batch);
	return n;
}

/* 64 indices in a row: each bit is now set and now not, and no difference comes twice. */
static void audit_session_indices_are_unpredictable(void **state)
{
	struct pair *p = *state;
	uint32_t index[2][64], any[2] = {0, 0}, all[2] = {UINT32_MAX, UINT32_MAX};

	for (size_t i = 0; i < 64; i++) {
		session_open(p);
		index[0][i] = session_of(&p->a, &p->b)->local_index;
		index[1][i] = session_of(&p->b, &p->a)->local_index;
		time_pass(p, 200 * XT_SECOND);
	}
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < 64; i++) {
			any[side] |= index[side][i];
			all[side] &= index[side][i];
			for (size_t j = i + 1; j < 63; j++)
				assert_int_not_equal(index[side][j + 1] - index[side][j],
						     index[side][i + 1] - index[side][i]);
		}
		assert_int_equal(any[side], UINT32_MAX);
		assert_int_equal(all[side], 0);
	}
}

static void audit_packets_are_padded_to_16(void **state)
{
	struct pair *p = *state;
	uint8_t datagram[2048];

	session_open(p);
	for (uint32_t len = 20; len <= 1420; len++) {
		size_t padded = (len + 15) / 16 * 16;

		if (padded > 1420)
			padded = 1420; /* the MTU */
		assert_int_equal(datagram_seal(p, &p->a, &p->b, len, datagram), padded + 32);
	}
}

static void audit_only_authenticated_messages_move_the_endpoint(void **state)
{
	struct pair *p = *state;
	struct end thief = thief_of(&p->a);
	uint8_t first[256], data[256];
	size_t first_len, len;

	packet_plan(p, &p->a, &p->b, 100);
	first_len = p->a.tx->vecs[0].len; /* the initiation */
	memcpy(first, p->a.tx->vecs[0].base, first_len);
	tx_carry(p, &p->a, &p->b);
	pair_run(p);
	datagram_receive(p, &p->b, &thief, first, first_len); /* replayed */
	assert_true(endpoint_is(&p->b, &p->a, &p->a));
	len = datagram_seal(p, &p->a, &p->b, 100, data);
	for (size_t at = 0; at < len; at++) {
		data[at] ^= 1;
		datagram_receive(p, &p->b, &thief, data, len);
		data[at] ^= 1;
		assert_true(endpoint_is(&p->b, &p->a, &p->a));
	}
	datagram_receive(p, &p->b, &p->a, data, len);
	datagram_receive(p, &p->b, &thief, data, len); /* replayed */
	assert_true(endpoint_is(&p->b, &p->a, &p->a));
	len = datagram_seal(p, &p->a, &p->b, 100, data);
	datagram_receive(p, &p->b, &thief, data, len); /* genuine: a has moved */
	assert_true(endpoint_is(&p->b, &p->a, &thief));
}

/* The flags that Linux shows of the mapping that at lies in. */
static void mapping_flags(const void *at, char *flags, size_t len)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	bool inside = false;
	char line[512];

	flags[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		uintptr_t from, to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			inside = (uintptr_t)at >= from && (uintptr_t)at < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, len, "%.*s", (int)len - 1, line + 8);
	}
	if (f)
		fclose(f);
}

/* Left out of core dumps, and locked where this process may lock memory. */
static void memory_is_guarded(const void *at)
{
	static char page[8192] __attribute__((aligned(4096)));
	char probe[256], flags[256];
	bool locks = mlock(page, 4096) == 0;

	mapping_flags(page, probe, sizeof(probe));
	mapping_flags(at, flags, sizeof(flags));
	(void)munlock(page, 4096);
	if (!*flags)
		skip();
	assert_non_null(strstr(flags, " dd"));
	if (locks && strstr(probe, " lo"))
		assert_non_null(strstr(flags, " lo"));
}

static void audit_keys_are_locked_and_wiped(void **state)
{
	struct pair *p = *state;
	struct xt_keypair *kp;
	uint8_t send_key[32], recv_key[32];

	session_open(p);
	kp = session_of(&p->a, &p->b);
	memory_is_guarded(kp);
	memory_is_guarded(p->a.dev->local);
	memory_is_guarded(peer_of(&p->a, &p->b)->secret);
	memcpy(send_key, kp->send_key, 32);
	memcpy(recv_key, kp->recv_key, 32);
	time_pass(p, XT_ERASE_AFTER + XT_SECOND);
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_null(session_of(&p->a, &p->b));
	assert_memory_not_equal(kp->send_key, send_key, 32); /* the pool still has the memory */
	assert_memory_not_equal(kp->recv_key, recv_key, 32);
}

/* A forged message leaves no plaintext, changes no counter, and costs no place in the window. */
static void audit_nothing_is_used_before_it_is_authenticated(void **state)
{
	struct pair *p = *state;
	uint8_t datagram[256], packet[100], forged[256];
	struct xt_pkt *pkt;
	size_t len;

	session_open(p);
	packet_write(packet, &p->a, &p->b, sizeof(packet));
	len = datagram_seal(p, &p->a, &p->b, sizeof(packet), datagram);
	memcpy(forged, datagram, len);
	forged[len - 1] ^= 1;
	pkt = datagram_plan(p, &p->b, &p->a.path, forged, len);
	xt_aead_open(p->aead, p->b.batch->jobs, p->b.batch->n_jobs);
	xt_recv_finish(p->b.dev, p->now, p->b.batch);
	assert_int_equal(pkt->verdict, XT_DROP_AUTH);
	for (size_t i = 0; i + 16 <= sizeof(packet); i++)
		assert_null(memmem(pkt->data, pkt->len, packet + i, 16));
	xt_batch_reset(p->b.batch);
	memcpy(forged, datagram, len);
	memset(forged + 12, 0x7f, 4); /* a counter far ahead */
	datagram_receive(p, &p->b, &p->a, forged, len);
	assert_int_equal(verdict_count(&p->b, XT_DROP_AUTH), 2);
	assert_int_equal(p->delivered, 0);
	datagram_receive(p, &p->b, &p->a, datagram, len);
	assert_int_equal(p->delivered, 1);
}

static uint64_t counter_of(const uint8_t *datagram)
{
	return xt_le64_load(((const struct xt_msg_data *)(const void *)datagram)->counter);
}

static void audit_nonces_do_not_wrap_at_32_bits(void **state)
{
	struct pair *p = *state;
	uint8_t low[256], high[256];
	struct xt_keypair *kp;
	size_t len;

	session_open(p);
	kp = session_of(&p->a, &p->b);
	kp->send_counter = 5;
	len = datagram_seal(p, &p->a, &p->b, 100, low);
	kp->send_counter = (1ull << 32) + 5;
	datagram_seal(p, &p->a, &p->b, 100, high);
	assert_int_equal(counter_of(high), (1ull << 32) + 5);
	assert_memory_not_equal(low + 16, high + 16, len - 16);
	kp->send_counter = UINT32_MAX;
	for (uint64_t i = 0; i < 3; i++) {
		datagram_seal(p, &p->a, &p->b, 100, high);
		assert_int_equal(counter_of(high), UINT32_MAX + i);
		datagram_receive(p, &p->b, &p->a, high, len);
		assert_int_equal(p->delivered, i + 1);
	}
	/* What was sent long ago, with an equal low half, lies behind the window. */
	datagram_receive(p, &p->b, &p->a, low, len);
	assert_int_equal(p->delivered, 3);
}

static void audit_a_session_ends_at_its_last_counter(void **state)
{
	struct pair *p = *state;
	struct xt_keypair *kp;
	uint32_t index;

	session_open(p);
	kp = session_of(&p->a, &p->b);
	index = kp->local_index;
	kp->send_counter = XT_REJECT_AFTER_MESSAGES - 1;
	assert_int_equal(packet_plan(p, &p->a, &p->b, 100)->verdict, XT_PASS);
	assert_int_equal(packet_plan(p, &p->a, &p->b, 100)->verdict, XT_STAGED);
	assert_int_equal(kp->send_counter, XT_REJECT_AFTER_MESSAGES);
	packets_seal(p, &p->a);
	tx_carry(p, &p->a, &p->b);
	time_pass(p, 6 * XT_SECOND); /* REKEY_TIMEOUT after the handshake of the session */
	pair_run(p);
	assert_int_equal(p->delivered, 2); /* the staged one by a new session */
	assert_int_not_equal(session_of(&p->a, &p->b)->local_index, index);
}

/* Of a's initiation to b, as b makes it when it is under load. */
static struct xt_msg_cookie cookie_make(struct pair *p, struct xt_cookie_checker *checker,
					struct xt_msg_initiation *initiation)
{
	struct xt_msg_cookie reply;

	packet_plan(p, &p->a, &p->b, 100);
	assert_int_equal(p->a.tx->vecs[0].len, sizeof(*initiation));
	memcpy(initiation, p->a.tx->vecs[0].base, sizeof(*initiation));
	xt_tx_reset(p->a.tx);
	xt_batch_reset(p->a.batch);
	xt_cookie_checker_init(checker, &p->b.pub, fill_random, NULL);
	xt_cookie_reply(checker, p->now.mono, initiation, sizeof(*initiation), &p->a.path.remote,
			&reply);
	return reply;
}

/* The next initiation of a, with the cookie. */
static void initiation_repeat(struct pair *p, struct xt_msg_initiation *out)
{
	time_pass(p, 6 * XT_SECOND);
	xt_device_tick(p->a.dev, p->now, p->a.tx);
	assert_int_equal(p->a.tx->n_vecs, 1);
	memcpy(out, p->a.tx->vecs[0].base, sizeof(*out));
	xt_tx_reset(p->a.tx);
}

static void audit_a_cookie_covers_address_and_port(void **state)
{
	struct pair *p = *state;
	struct xt_cookie_checker checker;
	struct xt_msg_initiation initiation;
	struct xt_msg_cookie reply = cookie_make(p, &checker, &initiation);
	struct xt_endpoint from = p->a.path.remote;

	datagram_receive(p, &p->a, &p->b, (const uint8_t *)&reply, sizeof(reply));
	initiation_repeat(p, &initiation);
	assert_int_equal(
	    xt_cookie_check(&checker, p->now.mono, &initiation, sizeof(initiation), &from),
	    XT_COOKIE_MAC2);
	for (unsigned bit = 0; bit < 16; bit++) {
		from.port ^= (uint16_t)(1u << bit);
		assert_int_equal(
		    xt_cookie_check(&checker, p->now.mono, &initiation, sizeof(initiation), &from),
		    XT_COOKIE_MAC1);
		from.port ^= (uint16_t)(1u << bit);
	}
	from.ip.b[3] ^= 1;
	assert_int_equal(
	    xt_cookie_check(&checker, p->now.mono, &initiation, sizeof(initiation), &from),
	    XT_COOKIE_MAC1);
	xt_cookie_checker_clear(&checker);
}

static void audit_a_cookie_reply_moves_no_endpoint(void **state)
{
	struct pair *p = *state;
	struct end thief = thief_of(&p->b);
	struct xt_cookie_checker checker;
	struct xt_msg_initiation initiation;
	struct xt_msg_cookie reply = cookie_make(p, &checker, &initiation);

	datagram_receive(p, &p->a, &thief, (const uint8_t *)&reply, sizeof(reply));
	assert_true(endpoint_is(&p->a, &p->b, &p->b));
	initiation_repeat(p, &initiation); /* the cookie was taken nevertheless */
	assert_false(sodium_is_zero(initiation.macs.mac2, sizeof(initiation.macs.mac2)));
	xt_cookie_checker_clear(&checker);
}

/* a has 10.7.0.1/32, c the network around it, which b allows each of them. */
static void audit_an_inner_source_of_an_overlapping_peer_is_dropped(void **state)
{
	struct pair *p = *state;
	struct end c;
	struct xt_cidr around = {.ip = {.family = 4, .b = {10, 7, 0, 0}}, .bits = 24};
	struct xt_ip own;

	end_open(&c, 3);
	end_configure(p, &c, &p->b);
	device_configure(p->b.dev, p->now, &p->b.key, &c.pub, &c.path.remote, &around);
	session_open(p);
	packet_send(p, &c, &p->b, 100);
	for (int i = 0; i < 4; i++) {
		traffic_send(p, &p->b, &c);
		traffic_send(p, &c, &p->b);
	}
	assert_int_equal(p->delivered, 1);
	own = c.inner;
	c.inner = p->a.inner; /* inside of c's network, but a's */
	assert_int_equal(packet_send(p, &c, &p->b, 100), XT_PASS);
	assert_int_equal(p->delivered, 1);
	assert_int_equal(verdict_count(&p->b, XT_DROP_SOURCE), 1);
	c.inner = own;
	packet_send(p, &c, &p->b, 100);
	assert_int_equal(p->delivered, 2);
	end_close(&c);
}

/* More than any session carries, up to what UDP carries, of each type. */
static void audit_oversized_datagrams_do_not_end_reception(void **state)
{
	static uint8_t large[65507];
	struct pair *p = *state;
	uint8_t datagram[256];
	size_t len;

	session_open(p);
	for (uint8_t type = 0; type <= 5; type++) {
		large[0] = type;
		datagram_receive(p, &p->b, &p->a, large, sizeof(large));
		datagram_receive(p, &p->b, &p->a, large, 2049);
	}
	len = datagram_seal(p, &p->a, &p->b, 100, datagram);
	memcpy(large, datagram, len); /* of the session, with a tail */
	datagram_receive(p, &p->b, &p->a, large, sizeof(large));
	assert_int_equal(p->delivered, 0);
	datagram_receive(p, &p->b, &p->a, datagram, len);
	assert_int_equal(p->delivered, 1);
}

static void psk_set(struct pair *p, struct end *at, const struct end *other, uint8_t fill)
{
	struct xt_peer_change *peer;
	struct xt_change change;

	xt_change_init(&change);
	peer = xt_change_peer(&change, &other->pub);
	peer->set = XT_PEER_PSK;
	memset(peer->psk.b, fill, sizeof(peer->psk));
	assert_int_equal(xt_device_apply(at->dev, p->now, &change), 0);
	xt_change_clear(&change);
}

/* Packets of a that arrive, with a handshake of its own for each. */
static unsigned handshakes_succeed(struct pair *p)
{
	/* Whatever was begun before is given up meanwhile: its datagrams are lost. */
	for (unsigned i = 0; i < 600; i++) {
		time_pass(p, XT_SECOND);
		xt_device_tick(p->a.dev, p->now, p->a.tx);
		xt_device_tick(p->b.dev, p->now, p->b.tx);
		xt_tx_reset(p->a.tx);
		xt_tx_reset(p->b.tx);
	}
	assert_null(session_of(&p->a, &p->b));
	p->delivered = 0;
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	return p->delivered;
}

static void audit_a_changed_psk_is_used_by_the_next_handshake(void **state)
{
	struct pair *p = *state;

	session_open(p);
	psk_set(p, &p->a, &p->b, 1);
	assert_int_equal(handshakes_succeed(p), 0);
	psk_set(p, &p->b, &p->a, 1);
	assert_true(handshakes_succeed(p) > 0);
	psk_set(p, &p->b, &p->a, 2);
	assert_int_equal(handshakes_succeed(p), 0);
	psk_set(p, &p->a, &p->b, 2);
	assert_true(handshakes_succeed(p) > 0);
	psk_set(p, &p->a, &p->b, 0);
	assert_int_equal(handshakes_succeed(p), 0);
	psk_set(p, &p->b, &p->a, 0);
	assert_true(handshakes_succeed(p) > 0);
}

/* Until then the initiation may be a replay, and the keys those of nobody. */
static void audit_a_responder_sends_no_data_before_the_initiator_confirms(void **state)
{
	struct pair *p = *state;

	packet_send(p, &p->a, &p->b, 100);
	assert_int_equal(packet_plan(p, &p->b, &p->a, 60)->verdict, XT_STAGED);
	packets_seal(p, &p->b);
	xt_device_tick(p->b.dev, p->now, p->b.tx);
	assert_false(xt_send_device_traffic(p->b.dev, p->now, p->b.batch));
	assert_true(p->b.tx->n_vecs > 0);
	for (uint32_t i = 0; i < p->b.tx->n_vecs; i++)
		assert_int_not_equal(*(const uint8_t *)p->b.tx->vecs[i].base, XT_MSG_DATA);
	tx_carry(p, &p->b, &p->a);
	assert_int_equal(p->delivered, 0);
	pair_run(p);
	assert_int_equal(p->delivered, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(T(audit_session_indices_are_unpredictable), T(audit_packets_are_padded_to_16),
	  T(audit_only_authenticated_messages_move_the_endpoint),
	  T(audit_keys_are_locked_and_wiped), T(audit_nothing_is_used_before_it_is_authenticated),
	  T(audit_nonces_do_not_wrap_at_32_bits), T(audit_a_session_ends_at_its_last_counter),
	  T(audit_a_cookie_covers_address_and_port), T(audit_a_cookie_reply_moves_no_endpoint),
	  T(audit_an_inner_source_of_an_overlapping_peer_is_dropped),
	  T(audit_oversized_datagrams_do_not_end_reception),
	  T(audit_a_changed_psk_is_used_by_the_next_handshake),
	  T(audit_a_responder_sends_no_data_before_the_initiator_confirms))
