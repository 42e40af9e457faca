/* SPDX-License-Identifier: MIT */
/* Cookies (WireGuard paper 5.3, 5.4.4, 5.4.7): protection against work forced by unauthenticated
 * senders. mac1 proves that the sender knows the device's public key. Under load mac2 is required
 * too: it is keyed by a cookie that was sent to the source address, so it proves that the sender
 * receives there. Times are monotonic nanoseconds and do not go back. */
#ifndef XT_CORE_COOKIE_H
#define XT_CORE_COOKIE_H

#include <xtunnel/types.h>

#include "core/limits.h"
#include "core/message.h"

#define XT_COOKIE_SECRET_AGE (120 * XT_SECOND) /* then the checker draws a new secret */
#define XT_COOKIE_LATENCY    (5 * XT_SECOND) /* the maker stops using a cookie that much earlier */

/* Checks incoming messages: one for each device. */
struct xt_cookie_checker {
	void (*random)(void *ctx, void *buf, size_t n); /* as in xt_env */
	void *ctx;
	uint8_t mac1_key[32], cookie_key[32];
	uint8_t secret[32];
	uint64_t secret_born;
	bool has_secret;
};

enum xt_cookie_result {
	XT_COOKIE_WRONG, /* mac1 is wrong: drop without an answer */
	XT_COOKIE_MAC1,	 /* mac1 is right: enough unless under load */
	XT_COOKIE_MAC2,	 /* mac2 too: the sender receives at its source address */
};

/* local  the public key that senders have to know */
void xt_cookie_checker_init(struct xt_cookie_checker *c, const struct xt_public *local,
			    void (*random)(void *ctx, void *buf, size_t n), void *ctx);
void xt_cookie_checker_clear(struct xt_cookie_checker *c); /* wipes */

/* msg, len  an initiation or a response by xt_msg_type; anything else is XT_COOKIE_WRONG
 * from      source address and port */
enum xt_cookie_result xt_cookie_check(const struct xt_cookie_checker *c, uint64_t now,
				      const void *msg, size_t len, const struct xt_endpoint *from);

/* Make the cookie reply to a message whose mac1 is right. Draws randomness. */
void xt_cookie_reply(struct xt_cookie_checker *c, uint64_t now, const void *msg, size_t len,
		     const struct xt_endpoint *from, struct xt_msg_cookie *out);

/* Completes outgoing messages: one for each peer. */
struct xt_cookie_maker {
	uint8_t mac1_key[32], cookie_key[32];
	uint8_t last_mac1[16];
	uint8_t cookie[XT_COOKIE_LEN];
	uint64_t born; /* of the cookie */
	bool has_cookie;
	bool awaits_reply; /* last_mac1 was sent, and no cookie reply to it came yet */
};

void xt_cookie_maker_init(struct xt_cookie_maker *m, const struct xt_public *peer);
void xt_cookie_maker_clear(struct xt_cookie_maker *m); /* wipes */

/* Fill mac1 and mac2 (zero without a fresh cookie). The last step before msg is sent. */
void xt_cookie_add_macs(struct xt_cookie_maker *m, uint64_t now, void *msg, size_t len);

/* Fill mac2 of the message that the last xt_cookie_add_macs completed, with the newest cookie. */
void xt_cookie_add_mac2(const struct xt_cookie_maker *m, uint64_t now, void *msg, size_t len);

/* true: msg answers the message of the last xt_cookie_add_macs, and is the first to; the cookie is
 * kept for the next one. An accepted reply does not trigger a message and does not authenticate its
 * source address. */
bool xt_cookie_accept(struct xt_cookie_maker *m, uint64_t now, const struct xt_msg_cookie *msg);

#endif
