/* SPDX-License-Identifier: MIT */
/* Cookies: the checker of incoming messages and the maker of outgoing ones. */
#include "core/cookie.h"

#include <assert.h>
#include <sodium.h>

#include "base/text.h"
#include "crypto/aead_once.h"
#include "crypto/blake2s.h"

#define LABEL_LEN 8

_Static_assert(sizeof(((struct xt_msg_cookie *)0)->nonce) == XT_XNONCE_LEN, "nonce");
_Static_assert(offsetof(struct xt_msg_initiation, sender) ==
		   offsetof(struct xt_msg_response, sender),
	       "replies read the sender of either");

static void key_derive(uint8_t out[32], const char label[LABEL_LEN + 1],
		       const struct xt_public *key)
{
	const struct xt_piece row[] = {{label, LABEL_LEN}, {key->b, sizeof(key->b)}};

	xt_blake2s(out, row, XT_LEN(row));
}

static void keys_derive(uint8_t mac1_key[32], uint8_t cookie_key[32], const struct xt_public *key)
{
	key_derive(mac1_key, "mac1----", key);
	key_derive(cookie_key, "cookie--", key);
}

static bool message_has_macs(const void *msg, size_t len)
{
	const enum xt_msg_type type = xt_msg_type(msg, len);

	return type == XT_MSG_INITIATION || type == XT_MSG_RESPONSE;
}

static size_t macs_offset(size_t len)
{
	return len - sizeof(struct xt_msg_macs);
}

/* mac1 covers all bytes before it; mac2 covers mac1 too. */
static void mac1_compute(uint8_t out[16], const void *msg, size_t len, const uint8_t key[32])
{
	xt_blake2s_mac(out, 16, key, 32, &(struct xt_piece){msg, macs_offset(len)}, 1);
}

static void mac2_compute(uint8_t out[16], const void *msg, size_t len,
			 const uint8_t cookie[XT_COOKIE_LEN])
{
	const size_t before = macs_offset(len) + offsetof(struct xt_msg_macs, mac2);

	xt_blake2s_mac(out, 16, cookie, XT_COOKIE_LEN, &(struct xt_piece){msg, before}, 1);
}

void xt_cookie_checker_init(struct xt_cookie_checker *c, const struct xt_public *local,
			    void (*random)(void *ctx, void *buf, size_t n), void *ctx)
{
	memset(c, 0, sizeof(*c));
	c->random = random;
	c->ctx = ctx;
	keys_derive(c->mac1_key, c->cookie_key, local);
}

void xt_cookie_checker_clear(struct xt_cookie_checker *c)
{
	xt_wipe(c, sizeof(*c));
}

static bool secret_is_fresh(const struct xt_cookie_checker *c, uint64_t now)
{
	return c->has_secret && now - c->secret_born < XT_COOKIE_SECRET_AGE;
}

/* The cookie of an address is computed each time, so no state is kept for the address. */
static void cookie_compute(uint8_t out[XT_COOKIE_LEN], const struct xt_cookie_checker *c,
			   const struct xt_endpoint *from)
{
	uint8_t port[2];
	const struct xt_piece row[] = {
	    {from->ip.b, from->ip.family == 4 ? 4 : 16},
	    {port, sizeof(port)},
	};

	xt_be16_put(port, from->port);
	xt_blake2s_mac(out, XT_COOKIE_LEN, c->secret, sizeof(c->secret), row, XT_LEN(row));
}

enum xt_cookie_result xt_cookie_check(const struct xt_cookie_checker *c, uint64_t now,
				      const void *msg, size_t len, const struct xt_endpoint *from)
{
	struct xt_msg_macs macs;
	uint8_t want[16], cookie[XT_COOKIE_LEN];
	enum xt_cookie_result result = XT_COOKIE_WRONG;

	if (!message_has_macs(msg, len))
		return XT_COOKIE_WRONG;
	memcpy(&macs, (const uint8_t *)msg + macs_offset(len), sizeof(macs));
	mac1_compute(want, msg, len, c->mac1_key);
	if (sodium_memcmp(want, macs.mac1, sizeof(want)) == 0)
		result = XT_COOKIE_MAC1;
	/* A zero mac2 means none; a valid one is zero once in 2^128 messages. */
	if (result == XT_COOKIE_MAC1 && secret_is_fresh(c, now) &&
	    !sodium_is_zero(macs.mac2, sizeof(macs.mac2))) {
		cookie_compute(cookie, c, from);
		mac2_compute(want, msg, len, cookie);
		if (sodium_memcmp(want, macs.mac2, sizeof(want)) == 0)
			result = XT_COOKIE_MAC2;
		xt_wipe(cookie, sizeof(cookie));
	}
	xt_wipe(want, sizeof(want));
	return result;
}

void xt_cookie_reply(struct xt_cookie_checker *c, uint64_t now, const void *msg, size_t len,
		     const struct xt_endpoint *from, struct xt_msg_cookie *out)
{
	const uint8_t *bytes = msg;
	uint8_t cookie[XT_COOKIE_LEN];

	assert(message_has_macs(msg, len));
	if (!secret_is_fresh(c, now)) {
		c->random(c->ctx, c->secret, sizeof(c->secret));
		c->secret_born = now;
		c->has_secret = true;
	}
	out->type = xt_le32_of(XT_MSG_COOKIE);
	memcpy(&out->receiver, bytes + offsetof(struct xt_msg_initiation, sender),
	       sizeof(out->receiver));
	c->random(c->ctx, out->nonce, sizeof(out->nonce));
	cookie_compute(cookie, c, from);
	xt_xaead_seal(out->cookie, cookie, sizeof(cookie),
		      bytes + macs_offset(len) + offsetof(struct xt_msg_macs, mac1), 16,
		      c->cookie_key, out->nonce);
	xt_wipe(cookie, sizeof(cookie));
}

void xt_cookie_maker_init(struct xt_cookie_maker *m, const struct xt_public *peer)
{
	memset(m, 0, sizeof(*m));
	keys_derive(m->mac1_key, m->cookie_key, peer);
}

void xt_cookie_maker_clear(struct xt_cookie_maker *m)
{
	xt_wipe(m, sizeof(*m));
}

void xt_cookie_add_macs(struct xt_cookie_maker *m, uint64_t now, void *msg, size_t len)
{
	uint8_t *macs = (uint8_t *)msg + macs_offset(len);

	assert(message_has_macs(msg, len));
	mac1_compute(macs, msg, len, m->mac1_key);
	memcpy(m->last_mac1, macs, sizeof(m->last_mac1));
	m->awaits_reply = true;
	xt_cookie_add_mac2(m, now, msg, len);
}

void xt_cookie_add_mac2(const struct xt_cookie_maker *m, uint64_t now, void *msg, size_t len)
{
	uint8_t *mac2 = (uint8_t *)msg + macs_offset(len) + offsetof(struct xt_msg_macs, mac2);

	if (m->has_cookie && now - m->born < XT_COOKIE_SECRET_AGE - XT_COOKIE_LATENCY)
		mac2_compute(mac2, msg, len, m->cookie);
	else
		memset(mac2, 0, 16);
}

bool xt_cookie_accept(struct xt_cookie_maker *m, uint64_t now, const struct xt_msg_cookie *msg)
{
	uint8_t cookie[XT_COOKIE_LEN];
	bool good;

	if (!m->awaits_reply || xt_le32_load(msg->type) != XT_MSG_COOKIE)
		return false;
	good = xt_xaead_open(cookie, msg->cookie, sizeof(cookie), m->last_mac1,
			     sizeof(m->last_mac1), m->cookie_key, msg->nonce);
	if (good) {
		memcpy(m->cookie, cookie, sizeof(cookie));
		m->born = now;
		m->has_cookie = true;
		m->awaits_reply = false;
	}
	xt_wipe(cookie, sizeof(cookie));
	return good;
}
