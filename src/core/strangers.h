/* SPDX-License-Identifier: MIT */
/* What a device has seen that belongs to no peer: callers, and destinations of its host. Small
 * tables of the latest: under a flood each message costs a scan of a few entries, and messages that
 * cost their sender no secret of this device push none out that do. Times are monotonic ns. */
#ifndef XT_CORE_STRANGERS_H
#define XT_CORE_STRANGERS_H

#include <xtunnel/facts.h>

/* Of callers whose key is known, and as many of the others. */
#define XT_STRANGER_SLOTS (XT_STRANGERS / 2)

/* messages, packets  0: free */
struct xt_stranger_slot {
	struct xt_public key;
	struct xt_endpoint from;
	uint64_t messages, at;
};
struct xt_no_route_slot {
	struct xt_ip to;
	uint64_t packets, at;
};

struct xt_strangers {
	struct xt_stranger_slot known[XT_STRANGER_SLOTS]; /* by key */
	struct xt_stranger_slot other[XT_STRANGER_SLOTS]; /* by address: ports change */
	struct xt_no_route_slot no_routes[XT_NO_ROUTES];
};

/* An initiation of that key, which is no peer's. */
void xt_strangers_key(struct xt_strangers *s, uint64_t now, const struct xt_public *key,
		      const struct xt_endpoint *from);
/* A handshake message for another device's key. */
void xt_strangers_other(struct xt_strangers *s, uint64_t now, const struct xt_endpoint *from);
/* A packet that no peer's AllowedIPs cover. */
void xt_strangers_no_route(struct xt_strangers *s, uint64_t now, const struct xt_ip *to);
/* A session with a peer there: what came from that address for another key is explained. */
void xt_strangers_session(struct xt_strangers *s, const struct xt_ip *ip);
/* The device has another key. */
void xt_strangers_forget(struct xt_strangers *s);

/* The latest first. */
void xt_strangers_report(const struct xt_strangers *s, uint64_t now, struct xt_device_facts *out);

#endif
