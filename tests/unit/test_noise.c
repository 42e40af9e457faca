/* SPDX-License-Identifier: MIT */
/* layers: core crypto base */
/* The Noise handshake: byte by byte against a known one, then with any bit altered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <xtunnel/error.h>

#include "unit/noise_ends.h"

static void protocol_constants_match_other_implementations(void **state)
{
	uint8_t chaining[32], hash[32];

	(void)state;
	xt_noise_start(chaining, hash);
	vector_expect("handshake.txt", "start_chaining", chaining, 32);
	vector_expect("handshake.txt", "start_hash", hash, 32);
	assert_int_equal(chaining[0] << 8 | chaining[31], 0x6036);
	assert_int_equal(hash[0] << 8 | hash[31], 0x22f3);
}

static void whole_handshake(const char *prefix)
{
	struct ends e;
	char name[64];
#define NAMED(what) (snprintf(name, sizeof(name), "%s_" what, prefix), name)

	set_up(&e, NAMED("key"));
	assert_int_equal(send_initiation(&e), 0);
	vector_expect("handshake.txt", NAMED("initiation"), &e.initiation, sizeof(e.initiation));
	vector_expect("handshake.txt", NAMED("initiation_chaining"), e.hs_i.chaining, 32);
	vector_expect("handshake.txt", NAMED("initiation_hash"), e.hs_i.hash, 32);

	assert_int_equal(receive_initiation(&e, &e.initiation, sizeof(e.initiation)), 0);
	assert_int_equal(e.hs_r.remote_index, INDEX_I);
	assert_memory_equal(e.hs_r.chaining, e.hs_i.chaining, 32);
	assert_memory_equal(e.hs_r.hash, e.hs_i.hash, 32);

	assert_int_equal(send_response(&e), 0);
	vector_expect("handshake.txt", NAMED("response"), &e.response, sizeof(e.response));
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), 0);

	vector_expect("handshake.txt", NAMED("initiator_send"), e.keys_i.send, 32);
	vector_expect("handshake.txt", NAMED("initiator_recv"), e.keys_i.recv, 32);
	assert_memory_equal(e.keys_i.send, e.keys_r.recv, 32);
	assert_memory_equal(e.keys_i.recv, e.keys_r.send, 32);
#undef NAMED
}

static void handshake_with_a_psk_is_the_known_one_byte_by_byte(void **state)
{
	(void)state;
	whole_handshake("psk");
}

static void handshake_without_a_psk_is_the_known_one_byte_by_byte(void **state)
{
	(void)state;
	whole_handshake("nopsk");
}

static void both_ends_forget_their_secrets_but_keep_their_indices(void **state)
{
	struct ends e;
	struct xt_noise_handshake *both[] = {&e.hs_i, &e.hs_r};

	(void)state;
	set_up(&e, "psk_key");
	exchange(&e);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), 0);
	assert_int_equal(e.hs_i.local_index, INDEX_I);
	assert_int_equal(e.hs_i.remote_index, INDEX_R);
	assert_int_equal(e.hs_r.local_index, INDEX_R);
	assert_int_equal(e.hs_r.remote_index, INDEX_I);
	for (size_t i = 0; i < XT_LEN(both); i++) {
		both[i]->local_index = both[i]->remote_index = 0;
		assert_memory_equal(both[i], zero, sizeof(*both[i]));
	}
}

/* mac2 is not checked outside of load (test_cookie.c); every other bit is. */
static bool in_mac2(size_t bit, size_t len)
{
	return bit / 8 >= len - 16;
}

static void an_initiation_with_any_bit_flipped_is_refused(void **state)
{
	struct ends e;
	uint8_t bad[sizeof(e.initiation)];

	(void)state;
	set_up(&e, "psk_key");
	assert_int_equal(send_initiation(&e), 0);
	for (size_t bit = 0; bit < 8 * sizeof(bad); bit++) {
		memcpy(bad, &e.initiation, sizeof(bad));
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (in_mac2(bit, sizeof(bad)))
			assert_int_equal(receive_initiation(&e, bad, sizeof(bad)), 0);
		else
			assert_int_not_equal(receive_initiation(&e, bad, sizeof(bad)), 0);
	}
}

/* The same with macs recomputed by a sender that knows the public key: then only the sender's
 * index, which is not authenticated, may change. */
static void an_initiation_altered_under_a_right_mac_is_refused(void **state)
{
	struct ends e;
	struct xt_msg_initiation bad;
	struct xt_cookie_maker stranger;
	const size_t sender = offsetof(struct xt_msg_initiation, sender);

	(void)state;
	set_up(&e, "psk_key");
	assert_int_equal(send_initiation(&e), 0);
	xt_cookie_maker_init(&stranger, &e.r.public_key);
	for (size_t bit = 32; bit < 8 * offsetof(struct xt_msg_initiation, macs); bit++) {
		bad = e.initiation;
		((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		xt_cookie_add_macs(&stranger, 0, &bad, sizeof(bad));
		if (bit / 8 >= sender && bit / 8 < sender + 4) {
			assert_int_equal(receive_initiation(&e, &bad, sizeof(bad)), 0);
		} else {
			assert_int_not_equal(receive_initiation(&e, &bad, sizeof(bad)), 0);
			assert_memory_equal(&e.hs_r, zero, sizeof(e.hs_r));
		}
	}
}

static void a_response_with_any_bit_flipped_is_refused_and_the_right_one_still_taken(void **state)
{
	struct ends e;
	struct xt_noise_handshake before;
	uint8_t bad[sizeof(e.response)];

	(void)state;
	set_up(&e, "psk_key");
	exchange(&e);
	before = e.hs_i;
	for (size_t bit = 0; bit < 8 * (sizeof(bad) - 16); bit++) {
		memcpy(bad, &e.response, sizeof(bad));
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(receive_response(&e, bad, sizeof(bad)), 0);
		assert_memory_equal(&e.hs_i, &before, sizeof(before));
	}
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), 0);
	assert_memory_equal(e.keys_i.send, e.keys_r.recv, 32);
}

static void a_response_altered_under_a_right_mac_is_refused(void **state)
{
	struct ends e;
	struct xt_noise_handshake before;
	struct xt_msg_response bad;
	struct xt_cookie_maker stranger;
	const size_t sender = offsetof(struct xt_msg_response, sender);

	(void)state;
	set_up(&e, "psk_key");
	exchange(&e);
	before = e.hs_i;
	xt_cookie_maker_init(&stranger, &e.i.public_key);
	for (size_t bit = 32; bit < 8 * offsetof(struct xt_msg_response, macs); bit++) {
		if (bit / 8 >= sender && bit / 8 < sender + 4)
			continue;
		bad = e.response;
		((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		xt_cookie_add_macs(&stranger, 0, &bad, sizeof(bad));
		memset(&e.keys_i, 0xa5, sizeof(e.keys_i));
		assert_int_not_equal(receive_response(&e, &bad, sizeof(bad)), 0);
		assert_memory_equal(&e.hs_i, &before, sizeof(before));
		assert_memory_equal(&e.keys_i, zero, sizeof(e.keys_i));
	}
}

static void messages_of_any_other_length_are_refused(void **state)
{
	struct ends e;
	uint8_t buf[256] = {0};

	(void)state;
	set_up(&e, "psk_key");
	exchange(&e);
	memcpy(buf, &e.initiation, sizeof(e.initiation));
	for (size_t len = 0; len <= sizeof(buf); len++) {
		if (len != sizeof(e.initiation))
			assert_int_not_equal(receive_initiation(&e, buf, len), 0);
	}
	memcpy(buf, &e.response, sizeof(e.response));
	for (size_t len = 0; len <= sizeof(buf); len++) {
		if (len != sizeof(e.response))
			assert_int_not_equal(receive_response(&e, buf, len), 0);
	}
}

static void a_datagram_has_the_type_that_its_length_and_zero_bytes_allow(void **state)
{
	static const size_t lens[] = {[XT_MSG_INITIATION] = 148,
				      [XT_MSG_RESPONSE] = 92,
				      [XT_MSG_COOKIE] = 64,
				      [XT_MSG_DATA] = 32};
	uint8_t buf[256] = {0};

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		buf[0] = (uint8_t)type;
		for (size_t len = 0; len <= sizeof(buf); len++) {
			const bool known =
			    type >= 1 && type <= 4 &&
			    (type == XT_MSG_DATA ? len >= lens[type] : len == lens[type]);

			assert_int_equal(xt_msg_type(buf, len), known ? type : XT_MSG_NONE);
			for (size_t reserved = 1; reserved < 4; reserved++) {
				buf[reserved] = 1;
				assert_int_equal(xt_msg_type(buf, len), XT_MSG_NONE);
				buf[reserved] = 0;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(protocol_constants_match_other_implementations),
	    cmocka_unit_test(handshake_with_a_psk_is_the_known_one_byte_by_byte),
	    cmocka_unit_test(handshake_without_a_psk_is_the_known_one_byte_by_byte),
	    cmocka_unit_test(both_ends_forget_their_secrets_but_keep_their_indices),
	    cmocka_unit_test(an_initiation_with_any_bit_flipped_is_refused),
	    cmocka_unit_test(an_initiation_altered_under_a_right_mac_is_refused),
	    cmocka_unit_test(
		a_response_with_any_bit_flipped_is_refused_and_the_right_one_still_taken),
	    cmocka_unit_test(a_response_altered_under_a_right_mac_is_refused),
	    cmocka_unit_test(messages_of_any_other_length_are_refused),
	    cmocka_unit_test(a_datagram_has_the_type_that_its_length_and_zero_bytes_allow),
	};

	return xt_crypto_init() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
