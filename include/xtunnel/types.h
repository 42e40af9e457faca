/* SPDX-License-Identifier: MIT */
/* Types that every other header uses: keys, addresses, endpoints, time.
 * Plain data without pointers, freely copied (keys: see below). */
#ifndef XTUNNEL_TYPES_H
#define XTUNNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xtunnel/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Keys are distinct structs so that the compiler refuses to mix them up.
 * The owner of an xt_private or xt_psk wipes it before its memory is released. */
struct xt_public {
	uint8_t b[32]; /* Curve25519 public key */
};
struct xt_private {
	uint8_t b[32]; /* Curve25519 scalar; clamped when it is applied */
};
struct xt_psk {
	uint8_t b[32]; /* all zero: no pre-shared key, WireGuard paper 5.2 */
};

/* family 4: b[0..3] is the address, the rest is zero.  family 6: b[0..15].
 * family 0: no address.  Network byte order; comparable with memcmp. */
struct xt_ip {
	uint8_t family;
	uint8_t b[16];
};

/* bits: 0..32 or 0..128.  Host bits may be set where a header says so. */
struct xt_cidr {
	struct xt_ip ip;
	uint8_t bits;
};

/* scope: interface index of an IPv6 link-local address, else 0.  port: host order. */
struct xt_endpoint {
	struct xt_ip ip;
	uint16_t port;
	uint32_t scope;
};

/* The way to a peer: its endpoint and, once it was heard from, the local address that its datagrams
 * came to (local.family 0: the kernel chooses) and the interface (0: any).  old_port: it was heard
 * from at a socket that is kept only until its peers have followed to another port. */
struct xt_path {
	struct xt_endpoint remote;
	struct xt_ip local;
	bool old_port;
	uint32_t ifindex;
};

/* The ways out of the caller's host.
 * find     a number of the way that datagrams to a path take now: link, source and gateway.  Equal
 *          for equal ways, never 0.  XT_WAY_NONE: there is no route */
#define XT_WAY_NONE 1
struct xt_ways {
	void *ctx;
	uint64_t (*find)(void *ctx, const struct xt_path *path);
};

/* Nanoseconds.  mono counts suspended time and never goes back; wall is since 1970 (UTC).
 * One reading of both serves for all calls on a batch. */
struct xt_time {
	uint64_t mono;
	uint64_t wall;
};

#define XT_NEVER UINT64_MAX

#ifdef __cplusplus
}
#endif

#endif
