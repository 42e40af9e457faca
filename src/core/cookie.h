/* Cookies (WireGuard paper 5.3, 5.4.4, 5.4.7): what keeps strangers from making us compute.
 * mac1 proves that the sender knows our public key. Under load we ask for mac2 too, which proves
 * that he receives at the address he sends from: he gets a cookie there, and macs with it. Times
 * are monotonic nanoseconds and do not go back. */
#ifndef XT_CORE_COOKIE_H
#define XT_CORE_COOKIE_H

#include <xtunnel/types.h>

#include "core/limits.h"
#include "core/message.h"

#define XT_COOKIE_SECRET_AGE (120 * XT_SECOND) /* the checker's secret is then replaced */
#define XT_COOKIE_LATENCY    (5 * XT_SECOND) /* and the maker stops using a cookie so much earlier */

/* Our side of incoming messages. */
struct xt_cookie_checker {
	void (*random)(void *ctx, void *buf, size_t n); /* as in xt_env */
	void *ctx;
	uint8_t mac1_key[32], cookie_key[32];
	uint8_t secret[32];
	uint64_t secret_born;
	bool has_secret;
};

enum xt_cookie_result {
	XT_COOKIE_WRONG, /* mac1: to be met with silence */
	XT_COOKIE_MAC1,	 /* good unless under load */
	XT_COOKIE_MAC2,	 /* good, and he receives at that address */
};

/* own  the public key that senders have to know */
void xt_cookie_checker_init(struct xt_cookie_checker *c, const struct xt_public *own,
			    void (*random)(void *ctx, void *buf, size_t n), void *ctx);
void xt_cookie_checker_clear(struct xt_cookie_checker *c); /* wipes */

/* msg, len  an initiation or a response by xt_msg_type; anything else is XT_COOKIE_WRONG
 * from      address and port that it came from */
enum xt_cookie_result xt_cookie_check(const struct xt_cookie_checker *c, uint64_t now,
				      const void *msg, size_t len, const struct xt_endpoint *from);

/* The answer under load to a message whose mac1 was right. Draws randomness. */
void xt_cookie_reply(struct xt_cookie_checker *c, uint64_t now, const void *msg, size_t len,
		     const struct xt_endpoint *from, struct xt_msg_cookie *out);

/* Our side of outgoing messages: one for each peer. */
struct xt_cookie_maker {
	uint8_t mac1_key[32], cookie_key[32];
	uint8_t last_mac1[16];
	uint8_t cookie[XT_COOKIE_LEN];
	uint64_t born;		/* of the cookie */
	bool has_cookie, asked; /* asked: last_mac1 was sent and no cookie came for it */
};

void xt_cookie_maker_init(struct xt_cookie_maker *m, const struct xt_public *peer);
void xt_cookie_maker_clear(struct xt_cookie_maker *m); /* wipes */

/* The last thing before msg is sent: mac1, and mac2 (zero without a fresh cookie). */
void xt_cookie_add_macs(struct xt_cookie_maker *m, uint64_t now, void *msg, size_t len);

/* true: msg answers the message stamped last, once; the cookie is kept for the next stamp. Never a
 * reason to send at once, nor to believe in msg's source address. */
bool xt_cookie_accept(struct xt_cookie_maker *m, uint64_t now, const struct xt_msg_cookie *msg);

#endif
