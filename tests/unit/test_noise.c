/* layers: core crypto base */
/* The Noise handshake: byte by byte against a known one, then everything that must not succeed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <xtunnel/error.h>

#include "vectors.h"
#include "base/bytes.h"
#include "core/cookie.h"
#include "core/noise.h"
#include "crypto/dh.h"
#include "crypto/init.h"

#define INDEX_I 0x11223344u
#define INDEX_R 0xa1b2c3d4u

/* Both ends of one handshake with the inputs of tests/vectors/handshake.py. */
struct ends {
	struct xt_noise_local i, r;
	struct xt_noise_peer peer_r, peer_i; /* as i sees r, as r sees i */
	struct xt_noise_handshake hs_i, hs_r;
	struct xt_noise_keys keys_i, keys_r;
	struct xt_cookie_maker maker_i, maker_r;
	struct xt_cookie_checker checker_i, checker_r;
	struct xt_private ei, er;
	uint8_t stamp[XT_STAMP_LEN];
	struct xt_msg_initiation initiation;
	struct xt_msg_response response;
};

static const uint8_t zero[256];
static const struct xt_endpoint nowhere = {.ip = {.family = 4}};

static void vec(const char *name, void *out, size_t len)
{
	vector_get("handshake.txt", name, out, len);
}

static void set_up(struct ends *e, const char *psk)
{
	struct xt_private key;

	memset(e, 0, sizeof(*e));
	vec("si", key.b, 32);
	xt_noise_local_set(&e->i, &key);
	vec("sr", key.b, 32);
	xt_noise_local_set(&e->r, &key);
	xt_noise_peer_set(&e->peer_r, &e->i, &e->r.public_key);
	xt_noise_peer_set(&e->peer_i, &e->r, &e->i.public_key);
	vec(psk, e->peer_r.psk.b, 32);
	vec(psk, e->peer_i.psk.b, 32);
	vec("ei", e->ei.b, 32);
	vec("er", e->er.b, 32);
	vec("stamp", e->stamp, sizeof(e->stamp));
	xt_cookie_maker_init(&e->maker_i, &e->r.public_key);
	xt_cookie_maker_init(&e->maker_r, &e->i.public_key);
	xt_cookie_checker_init(&e->checker_i, &e->i.public_key, NULL, NULL);
	xt_cookie_checker_init(&e->checker_r, &e->r.public_key, NULL, NULL);
}

static int send_initiation(struct ends *e)
{
	int err = xt_noise_initiate(&e->hs_i, &e->i, &e->peer_r, &e->ei, e->stamp, INDEX_I,
				    &e->initiation);

	if (err == 0)
		xt_cookie_stamp(&e->maker_i, 0, &e->initiation, sizeof(e->initiation));
	return err;
}

/* The whole gate that an initiation has to pass, as a datagram. */
static int receive_initiation(struct ends *e, const void *datagram, size_t len)
{
	struct xt_public remote;
	uint8_t stamp[XT_STAMP_LEN];
	int err;

	if (xt_msg_type(datagram, len) != XT_MSG_INITIATION ||
	    xt_cookie_check(&e->checker_r, 0, datagram, len, &nowhere) == XT_COOKIE_WRONG)
		return XT_E_INVALID;
	err = xt_noise_read_initiation(&e->hs_r, &e->r, datagram, &remote);
	if (err != 0)
		return err;
	if (memcmp(&remote, &e->peer_i.remote, 32) != 0)
		return XT_E_NOPEER;
	err = xt_noise_read_stamp(&e->hs_r, &e->peer_i, datagram, stamp);
	if (err == 0)
		assert_memory_equal(stamp, e->stamp, sizeof(stamp));
	return err;
}

static int send_response(struct ends *e)
{
	int err = xt_noise_respond(&e->hs_r, &e->peer_i, &e->er, INDEX_R, &e->response, &e->keys_r);

	if (err == 0)
		xt_cookie_stamp(&e->maker_r, 0, &e->response, sizeof(e->response));
	return err;
}

static int receive_response(struct ends *e, const void *datagram, size_t len)
{
	if (xt_msg_type(datagram, len) != XT_MSG_RESPONSE ||
	    xt_cookie_check(&e->checker_i, 0, datagram, len, &nowhere) == XT_COOKIE_WRONG)
		return XT_E_INVALID;
	return xt_noise_read_response(&e->hs_i, &e->i, &e->peer_r, datagram, &e->keys_i);
}

static void exchange(struct ends *e)
{
	assert_int_equal(send_initiation(e), 0);
	assert_int_equal(receive_initiation(e, &e->initiation, sizeof(e->initiation)), 0);
	assert_int_equal(send_response(e), 0);
}

static void constants_of_the_protocol_are_those_of_the_field(void **state)
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

/* mac2 alone is nobody's business outside of load (test_cookie.c); all else has to be right. */
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

/* The same with macs made anew by someone who knows the public key: only the sender's index, which
 * is a name and no promise, may then change. */
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
		xt_cookie_stamp(&stranger, 0, &bad, sizeof(bad));
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
		xt_cookie_stamp(&stranger, 0, &bad, sizeof(bad));
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

static void a_wrong_psk_shows_in_the_response(void **state)
{
	struct ends e;

	(void)state;
	set_up(&e, "psk_key");
	e.peer_i.psk.b[31] ^= 1;
	exchange(&e);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), XT_E_AUTH);
	assert_int_equal(e.hs_i.state, XT_NOISE_INITIATION_SENT);
}

static void a_psk_on_one_side_only_is_a_wrong_psk(void **state)
{
	struct ends e;

	(void)state;
	set_up(&e, "psk_key");
	memset(&e.peer_r.psk, 0, sizeof(e.peer_r.psk));
	exchange(&e);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), XT_E_AUTH);
}

static void a_replayed_response_is_refused(void **state)
{
	struct ends e;

	(void)state;
	set_up(&e, "psk_key");
	exchange(&e);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), 0);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), XT_E_INVALID);
	assert_memory_equal(&e.keys_i, zero, sizeof(e.keys_i));

	/* Nor does it fit the next handshake, even under the same index. */
	e.ei.b[5] ^= 1;
	assert_int_equal(send_initiation(&e), 0);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), XT_E_AUTH);
}

static void a_response_to_another_index_is_refused(void **state)
{
	struct ends e;

	(void)state;
	set_up(&e, "psk_key");
	exchange(&e);
	e.hs_i.local_index++;
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), XT_E_INVALID);
}

static void an_initiation_for_another_responder_is_refused(void **state)
{
	struct ends e;
	struct xt_private other = {{42}};
	struct xt_public remote;

	(void)state;
	set_up(&e, "psk_key");
	assert_int_equal(send_initiation(&e), 0);
	xt_noise_local_set(&e.r, &other);
	memset(&remote, 0xa5, sizeof(remote));
	assert_int_equal(xt_noise_read_initiation(&e.hs_r, &e.r, &e.initiation, &remote),
			 XT_E_AUTH);
	assert_memory_equal(&remote, zero, sizeof(remote));
}

/* Anyone can write another's static key into an initiation; only its owner has the stamp's key. */
static void a_stranger_who_names_a_peer_is_refused_at_the_stamp(void **state)
{
	struct ends e;
	struct xt_private mallory = {{66}};
	struct xt_noise_local liar;
	struct xt_noise_peer as_liar;
	struct xt_public remote;
	uint8_t stamp[XT_STAMP_LEN];

	(void)state;
	set_up(&e, "psk_key");
	xt_noise_local_set(&liar, &mallory);
	xt_noise_peer_set(&as_liar, &liar, &e.r.public_key);
	liar.public_key = e.i.public_key;
	assert_int_equal(
	    xt_noise_initiate(&e.hs_i, &liar, &as_liar, &e.ei, e.stamp, 1, &e.initiation), 0);
	assert_int_equal(xt_noise_read_initiation(&e.hs_r, &e.r, &e.initiation, &remote), 0);
	assert_memory_equal(&remote, &e.i.public_key, 32);
	assert_int_equal(xt_noise_read_stamp(&e.hs_r, &e.peer_i, &e.initiation, stamp), XT_E_AUTH);
	assert_memory_equal(&e.hs_r, zero, sizeof(e.hs_r));
	assert_int_equal(send_response(&e), XT_E_INVALID);
}

static const struct xt_public small_order[] = {
    {{0}},
    {{1}},
    {{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
      0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
      0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00}},
    {{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
};

static void points_of_small_order_end_every_verb(void **state)
{
	struct ends e;
	struct xt_public remote;

	(void)state;
	for (size_t i = 0; i < XT_LEN(small_order); i++) {
		set_up(&e, "psk_key");
		exchange(&e);
		e.response.ephemeral = small_order[i];
		assert_int_equal(
		    xt_noise_read_response(&e.hs_i, &e.i, &e.peer_r, &e.response, &e.keys_i),
		    XT_E_AUTH);
		e.initiation.ephemeral = small_order[i];
		assert_int_equal(xt_noise_read_initiation(&e.hs_r, &e.r, &e.initiation, &remote),
				 XT_E_AUTH);

		assert_int_equal(send_initiation(&e), 0);
		assert_int_equal(receive_initiation(&e, &e.initiation, sizeof(e.initiation)), 0);
		e.hs_r.remote_ephemeral = small_order[i];
		assert_int_equal(send_response(&e), XT_E_AUTH);
		assert_memory_equal(&e.keys_r, zero, sizeof(e.keys_r));

		xt_noise_peer_set(&e.peer_r, &e.i, &small_order[i]);
		assert_int_equal(send_initiation(&e), XT_E_AUTH);
		assert_memory_equal(&e.hs_i, zero, sizeof(e.hs_i));
		assert_memory_equal(&e.initiation, zero, sizeof(e.initiation));
	}
}

/* Static-static alone at fault: a peer set up while we had no key. */
static void a_peer_without_static_static_cannot_shake_hands(void **state)
{
	struct ends e;
	struct xt_noise_local none = {0};

	(void)state;
	set_up(&e, "psk_key");
	xt_noise_peer_set(&e.peer_r, &none, &e.r.public_key);
	assert_int_equal(send_initiation(&e), XT_E_AUTH);
	assert_memory_equal(&e.hs_i, zero, sizeof(e.hs_i));

	set_up(&e, "psk_key");
	assert_int_equal(send_initiation(&e), 0);
	xt_noise_peer_set(&e.peer_i, &none, &e.i.public_key);
	assert_int_equal(receive_initiation(&e, &e.initiation, sizeof(e.initiation)), XT_E_AUTH);
}

static void without_a_private_key_nothing_works(void **state)
{
	struct ends e;
	const struct xt_private no_key = {{0}};
	struct xt_public remote;

	(void)state;
	set_up(&e, "psk_key");
	exchange(&e);
	xt_noise_local_set(&e.i, &no_key);
	assert_false(e.i.has_key);
	assert_memory_equal(&e.i.private_key, zero, 32);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), XT_E_NOKEY);
	assert_int_equal(send_initiation(&e), XT_E_NOKEY);
	assert_int_equal(xt_noise_read_initiation(&e.hs_i, &e.i, &e.initiation, &remote),
			 XT_E_NOKEY);
}

static void verbs_out_of_order_are_refused(void **state)
{
	struct ends e;
	uint8_t stamp[XT_STAMP_LEN];
	struct xt_public remote;

	(void)state;
	set_up(&e, "psk_key");
	assert_int_equal(send_initiation(&e), 0);
	assert_int_equal(send_response(&e), XT_E_INVALID);
	assert_int_equal(xt_noise_read_stamp(&e.hs_r, &e.peer_i, &e.initiation, stamp),
			 XT_E_INVALID);
	assert_int_equal(xt_noise_read_initiation(&e.hs_r, &e.r, &e.initiation, &remote), 0);
	assert_int_equal(send_response(&e), XT_E_INVALID); /* the stamp was not read */
	assert_int_equal(receive_initiation(&e, &e.initiation, sizeof(e.initiation)), 0);
	assert_int_equal(send_response(&e), 0);
	assert_int_equal(send_response(&e), XT_E_INVALID);
	xt_noise_handshake_clear(&e.hs_i);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), XT_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(constants_of_the_protocol_are_those_of_the_field),
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
	    cmocka_unit_test(a_wrong_psk_shows_in_the_response),
	    cmocka_unit_test(a_psk_on_one_side_only_is_a_wrong_psk),
	    cmocka_unit_test(a_replayed_response_is_refused),
	    cmocka_unit_test(a_response_to_another_index_is_refused),
	    cmocka_unit_test(an_initiation_for_another_responder_is_refused),
	    cmocka_unit_test(a_stranger_who_names_a_peer_is_refused_at_the_stamp),
	    cmocka_unit_test(points_of_small_order_end_every_verb),
	    cmocka_unit_test(a_peer_without_static_static_cannot_shake_hands),
	    cmocka_unit_test(without_a_private_key_nothing_works),
	    cmocka_unit_test(verbs_out_of_order_are_refused),
	};

	return xt_crypto_init() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
