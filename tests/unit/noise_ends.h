/* SPDX-License-Identifier: MIT */
/* Both ends of one handshake with the inputs of tests/vectors/handshake.py, and all checks that a
 * datagram has to pass at each. Included after cmocka. */
#ifndef XT_TESTS_NOISE_ENDS_H
#define XT_TESTS_NOISE_ENDS_H

#include <xtunnel/error.h>

#include "vectors.h"
#include "base/bytes.h"
#include "core/cookie.h"
#include "core/noise.h"
#include "crypto/dh.h"
#include "crypto/init.h"

#define INDEX_I 0x11223344u
#define INDEX_R 0xa1b2c3d4u

struct ends {
	struct xt_noise_local i, r;
	struct xt_noise_peer peer_r, peer_i; /* r as seen by i, i as seen by r */
	struct xt_noise_handshake hs_i, hs_r;
	struct xt_noise_keys keys_i, keys_r;
	struct xt_cookie_maker maker_i, maker_r;
	struct xt_cookie_checker checker_i, checker_r;
	struct xt_private ei, er;
	uint8_t timestamp[XT_TIMESTAMP_LEN];
	struct xt_msg_initiation initiation;
	struct xt_msg_response response;
};

static const uint8_t zero[256];
static const struct xt_endpoint nowhere = {.ip = {.family = 4}};

static inline void vec(const char *name, void *out, size_t len)
{
	vector_get("handshake.txt", name, out, len);
}

static inline void set_up(struct ends *e, const char *psk)
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
	vec("stamp", e->timestamp, sizeof(e->timestamp));
	xt_cookie_maker_init(&e->maker_i, &e->r.public_key);
	xt_cookie_maker_init(&e->maker_r, &e->i.public_key);
	xt_cookie_checker_init(&e->checker_i, &e->i.public_key, NULL, NULL);
	xt_cookie_checker_init(&e->checker_r, &e->r.public_key, NULL, NULL);
}

static inline int send_initiation(struct ends *e)
{
	int err = xt_noise_initiate(&e->hs_i, &e->i, &e->peer_r, &e->ei, e->timestamp, INDEX_I,
				    &e->initiation);

	if (err == 0)
		xt_cookie_add_macs(&e->maker_i, 0, &e->initiation, sizeof(e->initiation));
	return err;
}

/* All checks that an initiation has to pass, as a datagram. */
static inline int receive_initiation(struct ends *e, const void *datagram, size_t len)
{
	struct xt_public remote;
	uint8_t timestamp[XT_TIMESTAMP_LEN];
	int err;

	if (xt_msg_type(datagram, len) != XT_MSG_INITIATION ||
	    xt_cookie_check(&e->checker_r, 0, datagram, len, &nowhere) == XT_COOKIE_WRONG)
		return XT_E_INVALID;
	err = xt_noise_read_initiation(&e->hs_r, &e->r, datagram, &remote);
	if (err != 0)
		return err;
	if (memcmp(&remote, &e->peer_i.remote, 32) != 0)
		return XT_E_NOPEER;
	err = xt_noise_read_timestamp(&e->hs_r, &e->peer_i, datagram, timestamp);
	if (err == 0)
		assert_memory_equal(timestamp, e->timestamp, sizeof(timestamp));
	return err;
}

static inline int send_response(struct ends *e)
{
	int err = xt_noise_respond(&e->hs_r, &e->peer_i, &e->er, INDEX_R, &e->response, &e->keys_r);

	if (err == 0)
		xt_cookie_add_macs(&e->maker_r, 0, &e->response, sizeof(e->response));
	return err;
}

static inline int receive_response(struct ends *e, const void *datagram, size_t len)
{
	if (xt_msg_type(datagram, len) != XT_MSG_RESPONSE ||
	    xt_cookie_check(&e->checker_i, 0, datagram, len, &nowhere) == XT_COOKIE_WRONG)
		return XT_E_INVALID;
	return xt_noise_read_response(&e->hs_i, &e->i, &e->peer_r, datagram, &e->keys_i);
}

static inline void exchange(struct ends *e)
{
	assert_int_equal(send_initiation(e), 0);
	assert_int_equal(receive_initiation(e, &e->initiation, sizeof(e->initiation)), 0);
	assert_int_equal(send_response(e), 0);
}

#endif
