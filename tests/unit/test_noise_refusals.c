/* SPDX-License-Identifier: MIT */
/* layers: core crypto base */
/* The Noise handshake: well-formed messages that must not succeed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <xtunnel/error.h>

#include "unit/noise_ends.h"

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

/* Any sender can put another's static key into an initiation; only its owner can seal the
 * timestamp. */
static void a_forged_static_key_is_refused_at_the_timestamp(void **state)
{
	struct ends e;
	struct xt_private mallory = {{66}};
	struct xt_noise_local liar;
	struct xt_noise_peer as_liar;
	struct xt_public remote;
	uint8_t timestamp[XT_TIMESTAMP_LEN];

	(void)state;
	set_up(&e, "psk_key");
	xt_noise_local_set(&liar, &mallory);
	xt_noise_peer_set(&as_liar, &liar, &e.r.public_key);
	liar.public_key = e.i.public_key;
	assert_int_equal(
	    xt_noise_initiate(&e.hs_i, &liar, &as_liar, &e.ei, e.timestamp, 1, &e.initiation), 0);
	assert_int_equal(xt_noise_read_initiation(&e.hs_r, &e.r, &e.initiation, &remote), 0);
	assert_memory_equal(&remote, &e.i.public_key, 32);
	assert_int_equal(xt_noise_read_timestamp(&e.hs_r, &e.peer_i, &e.initiation, timestamp),
			 XT_E_AUTH);
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

static void points_of_small_order_end_every_handshake(void **state)
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

/* Only static-static is wrong: the peer was set up while the device had no key. */
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

static void calls_out_of_order_are_refused(void **state)
{
	struct ends e;
	uint8_t timestamp[XT_TIMESTAMP_LEN];
	struct xt_public remote;

	(void)state;
	set_up(&e, "psk_key");
	assert_int_equal(send_initiation(&e), 0);
	assert_int_equal(send_response(&e), XT_E_INVALID);
	assert_int_equal(xt_noise_read_timestamp(&e.hs_r, &e.peer_i, &e.initiation, timestamp),
			 XT_E_INVALID);
	assert_int_equal(xt_noise_read_initiation(&e.hs_r, &e.r, &e.initiation, &remote), 0);
	assert_int_equal(send_response(&e), XT_E_INVALID); /* the timestamp was not read */
	assert_int_equal(receive_initiation(&e, &e.initiation, sizeof(e.initiation)), 0);
	assert_int_equal(send_response(&e), 0);
	assert_int_equal(send_response(&e), XT_E_INVALID);
	xt_noise_handshake_clear(&e.hs_i);
	assert_int_equal(receive_response(&e, &e.response, sizeof(e.response)), XT_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wrong_psk_shows_in_the_response),
	    cmocka_unit_test(a_psk_on_one_side_only_is_a_wrong_psk),
	    cmocka_unit_test(a_replayed_response_is_refused),
	    cmocka_unit_test(a_response_to_another_index_is_refused),
	    cmocka_unit_test(an_initiation_for_another_responder_is_refused),
	    cmocka_unit_test(a_forged_static_key_is_refused_at_the_timestamp),
	    cmocka_unit_test(points_of_small_order_end_every_handshake),
	    cmocka_unit_test(a_peer_without_static_static_cannot_shake_hands),
	    cmocka_unit_test(without_a_private_key_nothing_works),
	    cmocka_unit_test(calls_out_of_order_are_refused),
	};

	return xt_crypto_init() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
