/* SPDX-License-Identifier: MIT */
/* layers: core crypto base */
/* Cookies: known replies, and how long they are valid for which source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "vectors.h"
#include "base/bytes.h"
#include "core/cookie.h"
#include "crypto/init.h"

#define LEN sizeof(struct xt_msg_initiation)
#define T0  (1000 * XT_SECOND)

static const uint8_t zero[64];
static const struct xt_endpoint v4 = {.ip = {4, {192, 0, 2, 7}}, .port = 51820};
static const struct xt_endpoint v6 = {
    .ip = {6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}}, .port = 51820};

/* Randomness of the vector: first the secret, then nonces; later secrets differ. */
static unsigned secrets_drawn;
static void drawn(void *ctx, void *buf, size_t n)
{
	assert_ptr_equal(ctx, &secrets_drawn);
	if (n == 32) {
		vector_get("handshake.txt", "cookie_secret", buf, n);
		((uint8_t *)buf)[0] ^= (uint8_t)secrets_drawn++;
	} else {
		vector_get("handshake.txt", "cookie_nonce", buf, n);
	}
}

struct pair {
	struct xt_cookie_checker checker;
	struct xt_cookie_maker maker;
	struct xt_msg_initiation msg;
	struct xt_msg_cookie reply;
};

/* msg: the initiation of the vector, with macs of the maker at T0. */
static void set_up(struct pair *p)
{
	struct xt_public responder;

	secrets_drawn = 0;
	vector_get("handshake.txt", "sr_public", responder.b, 32);
	vector_get("handshake.txt", "psk_initiation", &p->msg, LEN);
	memset(&p->msg.macs, 0xff, sizeof(p->msg.macs));
	xt_cookie_checker_init(&p->checker, &responder, drawn, &secrets_drawn);
	xt_cookie_maker_init(&p->maker, &responder);
	xt_cookie_add_macs(&p->maker, T0, &p->msg, LEN);
}

static enum xt_cookie_result check(struct pair *p, uint64_t now, const struct xt_endpoint *from)
{
	return xt_cookie_check(&p->checker, now, &p->msg, LEN, from);
}

static void take_cookie(struct pair *p, const struct xt_endpoint *from)
{
	xt_cookie_reply(&p->checker, T0, &p->msg, LEN, from, &p->reply);
	assert_true(xt_cookie_accept(&p->maker, T0, &p->reply));
}

static void without_a_cookie_mac1_is_right_and_mac2_zero(void **state)
{
	struct pair p;

	(void)state;
	set_up(&p);
	vector_expect("handshake.txt", "psk_initiation", &p.msg, LEN);
	assert_int_equal(check(&p, T0, &v4), XT_COOKIE_MAC1);
	assert_int_equal(secrets_drawn, 0);
}

static void reply_and_second_try_are_the_known_ones(void **state)
{
	static const struct {
		const struct xt_endpoint *from;
		const char *reply, *initiation;
	} rows[] = {{&v4, "cookie_v4_reply", "cookie_v4_initiation"},
		    {&v6, "cookie_v6_reply", "cookie_v6_initiation"}};
	struct pair p;

	(void)state;
	for (size_t i = 0; i < XT_LEN(rows); i++) {
		set_up(&p);
		take_cookie(&p, rows[i].from);
		vector_expect("handshake.txt", rows[i].reply, &p.reply, sizeof(p.reply));
		xt_cookie_add_macs(&p.maker, T0, &p.msg, LEN);
		vector_expect("handshake.txt", rows[i].initiation, &p.msg, LEN);
		assert_int_equal(check(&p, T0, rows[i].from), XT_COOKIE_MAC2);
	}
}

static void a_response_gets_macs_and_a_reply_like_an_initiation(void **state)
{
	struct pair p;
	struct xt_msg_response msg;

	(void)state;
	set_up(&p);
	vector_get("handshake.txt", "psk_response", &msg, sizeof(msg));
	xt_cookie_add_macs(&p.maker, T0, &msg, sizeof(msg));
	assert_int_equal(xt_cookie_check(&p.checker, T0, &msg, sizeof(msg), &v4), XT_COOKIE_MAC1);
	xt_cookie_reply(&p.checker, T0, &msg, sizeof(msg), &v4, &p.reply);
	assert_int_equal(xt_le32_load(p.reply.receiver), xt_le32_load(msg.sender));
	assert_true(xt_cookie_accept(&p.maker, T0, &p.reply));
	xt_cookie_add_macs(&p.maker, T0, &msg, sizeof(msg));
	assert_int_equal(xt_cookie_check(&p.checker, T0, &msg, sizeof(msg), &v4), XT_COOKIE_MAC2);
}

static void a_flipped_bit_costs_mac1_or_only_mac2(void **state)
{
	struct pair p;
	uint8_t *bytes = (uint8_t *)&p.msg;

	(void)state;
	set_up(&p);
	take_cookie(&p, &v4);
	xt_cookie_add_macs(&p.maker, T0, &p.msg, LEN);
	for (size_t bit = 0; bit < 8 * LEN; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(check(&p, T0, &v4),
				 bit / 8 < LEN - 16 ? XT_COOKIE_WRONG : XT_COOKIE_MAC1);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(check(&p, T0, &v4), XT_COOKIE_MAC2);
}

static void what_is_no_handshake_message_is_wrong(void **state)
{
	struct pair p;

	(void)state;
	set_up(&p);
	for (size_t len = 0; len < LEN; len++)
		assert_int_equal(xt_cookie_check(&p.checker, T0, &p.msg, len, &v4),
				 XT_COOKIE_WRONG);
	assert_int_equal(xt_cookie_check(&p.checker, T0, zero, sizeof(zero), &v4), XT_COOKIE_WRONG);
}

static void a_message_for_another_key_is_wrong(void **state)
{
	struct pair p;
	struct xt_public other = {{1, 2, 3}};

	(void)state;
	set_up(&p);
	xt_cookie_checker_init(&p.checker, &other, drawn, &secrets_drawn);
	assert_int_equal(check(&p, T0, &v4), XT_COOKIE_WRONG);
}

static void a_cookie_is_worth_nothing_from_another_address_or_port(void **state)
{
	struct pair p;
	struct xt_endpoint other = v4;

	(void)state;
	set_up(&p);
	take_cookie(&p, &v4);
	xt_cookie_add_macs(&p.maker, T0, &p.msg, LEN);
	other.port++;
	assert_int_equal(check(&p, T0, &other), XT_COOKIE_MAC1);
	other = v4;
	other.ip.b[3]++;
	assert_int_equal(check(&p, T0, &other), XT_COOKIE_MAC1);
	assert_int_equal(check(&p, T0, &v6), XT_COOKIE_MAC1);
}

static void the_checkers_secret_lives_for_120_seconds(void **state)
{
	struct pair p;

	(void)state;
	set_up(&p);
	take_cookie(&p, &v4);
	xt_cookie_add_macs(&p.maker, T0, &p.msg, LEN);
	assert_int_equal(check(&p, T0 + 120 * XT_SECOND - 1, &v4), XT_COOKIE_MAC2);
	assert_int_equal(check(&p, T0 + 120 * XT_SECOND, &v4), XT_COOKIE_MAC1);

	xt_cookie_reply(&p.checker, T0 + 120 * XT_SECOND - 1, &p.msg, LEN, &v4, &p.reply);
	assert_int_equal(secrets_drawn, 1);
	xt_cookie_reply(&p.checker, T0 + 120 * XT_SECOND, &p.msg, LEN, &v4, &p.reply);
	assert_int_equal(secrets_drawn, 2);
	/* Made under the new secret, so the old cookie fails even at the new one's first moment. */
	assert_int_equal(check(&p, T0 + 120 * XT_SECOND, &v4), XT_COOKIE_MAC1);
}

static void the_maker_uses_a_cookie_for_115_seconds(void **state)
{
	struct pair p;

	(void)state;
	set_up(&p);
	take_cookie(&p, &v4);
	xt_cookie_add_macs(&p.maker, T0 + 115 * XT_SECOND - 1, &p.msg, LEN);
	assert_memory_not_equal(p.msg.macs.mac2, zero, 16);
	xt_cookie_add_macs(&p.maker, T0 + 115 * XT_SECOND, &p.msg, LEN);
	assert_memory_equal(p.msg.macs.mac2, zero, 16);
	assert_int_equal(check(&p, T0 + 115 * XT_SECOND, &v4), XT_COOKIE_MAC1);
}

static void a_reply_with_any_bit_flipped_is_refused(void **state)
{
	struct pair p;
	uint8_t bad[sizeof(struct xt_msg_cookie)];
	const size_t receiver = offsetof(struct xt_msg_cookie, receiver);

	(void)state;
	set_up(&p);
	xt_cookie_reply(&p.checker, T0, &p.msg, LEN, &v4, &p.reply);
	for (size_t bit = 0; bit < 8 * sizeof(bad); bit++) {
		if (bit / 8 >= receiver && bit / 8 < receiver + 4)
			continue; /* by which the caller found this maker */
		memcpy(bad, &p.reply, sizeof(bad));
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(xt_cookie_accept(&p.maker, T0, (struct xt_msg_cookie *)bad));
		assert_false(p.maker.has_cookie);
	}
	assert_true(xt_cookie_accept(&p.maker, T0, &p.reply));
}

static void a_reply_is_accepted_once_and_only_for_the_last_mac1(void **state)
{
	struct pair p;

	(void)state;
	set_up(&p);
	xt_cookie_reply(&p.checker, T0, &p.msg, LEN, &v4, &p.reply);
	assert_true(xt_cookie_accept(&p.maker, T0, &p.reply));
	assert_false(xt_cookie_accept(&p.maker, T0 + 1, &p.reply));
	assert_true(p.maker.born == T0);

	p.msg.sender.b[0] ^= 1;
	xt_cookie_add_macs(&p.maker, T0, &p.msg, LEN);
	assert_false(xt_cookie_accept(&p.maker, T0, &p.reply));
}

static void a_maker_that_sent_nothing_accepts_nothing(void **state)
{
	struct pair p;
	struct xt_public responder;

	(void)state;
	set_up(&p);
	/* A reply to 16 zero bytes would otherwise fit the empty memory of mac1. */
	memset(&p.msg.macs, 0, sizeof(p.msg.macs));
	xt_cookie_reply(&p.checker, T0, &p.msg, LEN, &v4, &p.reply);
	vector_get("handshake.txt", "sr_public", responder.b, 32);
	xt_cookie_maker_init(&p.maker, &responder);
	assert_false(xt_cookie_accept(&p.maker, T0, &p.reply));
}

static void clearing_leaves_nothing(void **state)
{
	struct pair p;
	static const uint8_t none[sizeof(p)];

	(void)state;
	set_up(&p);
	take_cookie(&p, &v4);
	xt_cookie_checker_clear(&p.checker);
	xt_cookie_maker_clear(&p.maker);
	assert_memory_equal(&p.checker, none, sizeof(p.checker));
	assert_memory_equal(&p.maker, none, sizeof(p.maker));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_cookie_mac1_is_right_and_mac2_zero),
	    cmocka_unit_test(reply_and_second_try_are_the_known_ones),
	    cmocka_unit_test(a_response_gets_macs_and_a_reply_like_an_initiation),
	    cmocka_unit_test(a_flipped_bit_costs_mac1_or_only_mac2),
	    cmocka_unit_test(what_is_no_handshake_message_is_wrong),
	    cmocka_unit_test(a_message_for_another_key_is_wrong),
	    cmocka_unit_test(a_cookie_is_worth_nothing_from_another_address_or_port),
	    cmocka_unit_test(the_checkers_secret_lives_for_120_seconds),
	    cmocka_unit_test(the_maker_uses_a_cookie_for_115_seconds),
	    cmocka_unit_test(a_reply_with_any_bit_flipped_is_refused),
	    cmocka_unit_test(a_reply_is_accepted_once_and_only_for_the_last_mac1),
	    cmocka_unit_test(a_maker_that_sent_nothing_accepts_nothing),
	    cmocka_unit_test(clearing_leaves_nothing),
	};

	return xt_crypto_init() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
