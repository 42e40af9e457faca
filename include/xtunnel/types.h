/* The nouns that every other header uses: keys, addresses, endpoints, time.
 * Plain data: no pointer, no padding that matters, freely copied (keys: see below). */
#ifndef XTUNNEL_TYPES_H
#define XTUNNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys are distinct structs so that the compiler refuses to mix them up.
 * Whoever holds an xt_private or xt_psk wipes it before the memory is given back. */
struct xt_public {
	uint8_t b[32]; /* Curve25519 public key */
};
struct xt_private {
	uint8_t b[32]; /* Curve25519 scalar, clamped */
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

/* The way to a peer: its endpoint and, once it was heard from, the own address that it used
 * (local.family 0: let the kernel choose) and the interface (0: any). */
struct xt_path {
	struct xt_endpoint remote;
	struct xt_ip local;
	uint32_t ifindex;
};

/* Nanoseconds.  mono counts suspended time and never goes back; wall is since 1970 (UTC).
 * The caller reads both once per turn. */
struct xt_time {
	uint64_t mono;
	uint64_t wall;
};

#define XT_NEVER UINT64_MAX

#endif
